package broker

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// handshake agrees on everything up to an open virtual host.
func (c *connection) handshake() error {
	if err := c.protocol(); err != nil {
		return err
	}
	user, err := c.logIn()
	if err != nil {
		return err
	}
	if err := c.tune(); err != nil {
		return err
	}
	return c.open(user)
}

// protocol agrees on the version. RabbitMQ takes the headers of 0-8 and 0-9, too.
func (c *connection) protocol() error {
	header, err := c.frames.ProtocolHeader()
	if err != nil {
		return err
	}
	switch string(header[:]) {
	case wire.ProtocolHeader, "AMQP\x01\x01\x00\x09", "AMQP\x01\x01\x08\x00", "AMQP\x01\x01\x09\x01":
		return nil
	}
	return fmt.Errorf("%w: %q", errProtocol, header)
}

// logIn returns the user's name.
func (c *connection) logIn() (string, error) {
	c.send(0, &wire.ConnectionStart{
		VersionMajor: 0, VersionMinor: 9, ServerProperties: c.broker.properties, Mechanisms: "PLAIN AMQPLAIN", Locales: "en_US",
	})
	var ok wire.ConnectionStartOk
	if err := c.expect(&ok); err != nil {
		return "", err
	}
	c.client.properties = ok.ClientProperties
	capabilities, _ := ok.ClientProperties.Get("capabilities")
	c.client.capabilities, _ = capabilities.(wire.Table)
	name, password, err := credentials(ok.Mechanism, ok.Response)
	if err != nil {
		return "", err
	}
	if c.broker.Authenticate(name, password, isLoopback(c.socket.RemoteAddr())) {
		return name, nil
	}
	c.log.Warn("login refused: unknown user, wrong password, or a user who may log in from this machine only", "user", name)
	if !c.client.can("authentication_failure_close") {
		return "", errors.New("login refused")
	}
	return "", wire.Errorf(wire.AccessRefused,
		"Login was refused using authentication mechanism %s. For details see the broker logfile.", ok.Mechanism)
}

// credentials reads the response of PLAIN (RFC 4616) or of AMQPLAIN, which is a
// field table without its length.
func credentials(mechanism, response string) (name, password string, err error) {
	switch mechanism {
	case "PLAIN":
		if parts := strings.Split(response, "\x00"); len(parts) == 3 && parts[0] == "" {
			return parts[1], parts[2], nil
		}
	case "AMQPLAIN":
		t, _ := wire.ParseTable([]byte(response))
		user, _ := t.Get("LOGIN")
		secret, _ := t.Get("PASSWORD")
		name, ok1 := user.(string)
		password, ok2 := secret.(string)
		if ok1 && ok2 {
			return name, password, nil
		}
	default:
		return "", "", fmt.Errorf("mechanism %q is not offered", mechanism)
	}
	return "", "", fmt.Errorf("response of %s is malformed", mechanism)
}

// isLoopback is true of connections within the process, too.
func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

func (c *connection) tune() error {
	c.send(0, &wire.ConnectionTune{ChannelMax: channelMax, FrameMax: frameMax, Heartbeat: heartbeatSeconds})
	var ok wire.ConnectionTuneOk
	if err := c.expect(&ok); err != nil {
		return err
	}
	if ok.FrameMax < frameMin || ok.FrameMax > frameMax {
		return fmt.Errorf("negotiated frame_max %d is not from %d to %d", ok.FrameMax, frameMin, frameMax)
	}
	if ok.ChannelMax < 1 || ok.ChannelMax > channelMax {
		return fmt.Errorf("negotiated channel_max %d is not from 1 to %d", ok.ChannelMax, channelMax)
	}
	c.channelMax, c.frameMax = int(ok.ChannelMax), int(ok.FrameMax)
	c.frames.Limit(c.frameMax)
	c.heartbeat.Store(int64(ok.Heartbeat))
	return nil
}

func (c *connection) open(user string) error {
	var open wire.ConnectionOpen
	if err := c.expect(&open); err != nil {
		return err
	}
	v := c.broker.vhost(open.VirtualHost)
	if v != nil {
		c.session = v.Open(c)
	}
	if c.session == nil {
		return fault(wire.NotAllowed, open.ID(), fmt.Sprintf("vhost %s not found", open.VirtualHost))
	}
	c.login.Store(&login{user, open.VirtualHost, c.session})
	c.send(0, &wire.ConnectionOpenOk{})
	c.log.Debug("connection opened", "user", user, "vhost", open.VirtualHost)
	return nil
}

// expect reads the next step of the handshake. Like RabbitMQ, it hangs up on
// another one without a word.
func (c *connection) expect(m wire.Method) error {
	for {
		f, err := c.frames.Next()
		if err != nil {
			return err
		}
		if f.Type == wire.FrameHeartbeat && len(f.Payload) == 0 {
			continue
		}
		if f.Channel != 0 || f.Type != wire.FrameMethod {
			return wire.Errorf(wire.UnexpectedFrame, "%v", f)
		}
		id, err := wire.ReadMethodID(f.Payload)
		if err != nil {
			return err
		}
		if id != m.ID() {
			return fmt.Errorf("method %v came where %v is due", id, m.ID())
		}
		return wire.Decode(f.Payload, m)
	}
}

func serverProperties(version string) wire.Table {
	var capabilities wire.Table
	for _, name := range []string{
		"publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked",
		"consumer_priorities", "authentication_failure_close", "per_consumer_qos", "direct_reply_to",
	} {
		capabilities = append(capabilities, wire.Field{Name: name, Value: true})
	}
	return wire.Table{
		{Name: "capabilities", Value: capabilities},
		{Name: "cluster_name", Value: ClusterName},
		{Name: "copyright", Value: "The kazoolab authors, Apache-2.0"},
		{Name: "information", Value: "In memory: nothing survives the process."},
		{Name: "platform", Value: "Go"},
		{Name: "product", Value: Product},
		{Name: "version", Value: version},
	}
}

// ClusterName is the name of the cluster, and of its only node.
const ClusterName = "kazoolab@localhost"

// Follows is the version of RabbitMQ whose behaviour is followed. Tools look there
// for what they can ask for.
const Follows = "3.10.8"

// Product is what the broker calls itself.
const Product = "kazoolab broker"

package contract_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// patience bounds every wait for something that must come. RabbitMQ waits 3
// seconds before it drops a client that it refused without a word.
const patience = 10 * time.Second

// Types of frames.
const (
	methodFrame    = 1
	headerFrame    = 2
	bodyFrame      = 3
	heartbeatFrame = 8
)

// wire is a connection that sends and shows frames as they are. It knows nothing
// of any client's or broker's code.
type wire struct {
	layouts

	t        testing.TB
	conn     net.Conn
	incoming *bufio.Reader
	account  *url.Userinfo
	vhost    string
	frameMax int
}

// frame is one that was read; method frames are decoded.
type frame struct {
	kind    uint8
	channel uint16
	payload []byte
	name    string // of a method
	args    args   // of a method
	end     string // why there is no frame: "closed", "nothing"
}

// dial connects and says nothing.
func dial(t testing.TB, b *brokertest.Broker) *wire {
	t.Helper()
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &wire{
		layouts: readGrammar(), t: t, conn: conn, incoming: bufio.NewReader(conn),
		account: u.User, vhost: strings.TrimPrefix(u.Path, "/"),
	}
}

// tuning is what a client answers in the handshake; zero takes what is offered,
// and no heartbeats.
type tuning struct {
	channelMax, frameMax, heartbeat int
	capabilities                    []string // nil is all of those that a client can have
}

// open connects, shakes hands and opens channel 1.
func open(t testing.TB, b *brokertest.Broker) *wire {
	t.Helper()
	w := openTuned(t, b, tuning{})
	w.call(1, "channel.open", nil, "channel.open-ok")
	return w
}

// openTuned opens no channel.
func openTuned(t testing.TB, b *brokertest.Broker, own tuning) *wire {
	t.Helper()
	w := dial(t, b)
	w.greet()
	w.login(own.capabilities)
	tune := w.want(0, "connection.tune")
	value := func(own int, name string) int {
		if own != 0 {
			return own
		}
		return tune[name].(int)
	}
	w.frameMax = value(own.frameMax, "frame-max")
	w.send(0, "connection.tune-ok", args{
		"channel-max": value(own.channelMax, "channel-max"), "frame-max": w.frameMax, "heartbeat": own.heartbeat,
	})
	w.call(0, "connection.open", args{"virtual-host": w.vhost}, "connection.open-ok")
	return w
}

// in has a test within fail for itself, on the connection of the one around it.
func (w *wire) in(t testing.TB) *wire {
	t.Helper()
	w.t = t
	return w
}

// greet sends the protocol header and takes connection.start.
func (w *wire) greet() args {
	w.t.Helper()
	w.write([]byte("AMQP\x00\x00\x09\x01"))
	return w.want(0, "connection.start")
}

// login answers connection.start in mechanism PLAIN.
func (w *wire) login(capabilities []string) {
	w.t.Helper()
	password, _ := w.account.Password()
	w.loginWith("PLAIN", "\x00"+w.account.Username()+"\x00"+password, capabilities)
}

func (w *wire) loginWith(mechanism, response string, capabilities []string) {
	w.t.Helper()
	if capabilities == nil {
		capabilities = []string{
			"authentication_failure_close", "basic.nack", "connection.blocked",
			"consumer_cancel_notify", "publisher_confirms",
		}
	}
	able := table{}
	for _, name := range capabilities {
		able = append(able, entry{name, true})
	}
	w.send(0, "connection.start-ok", args{
		"client-properties": pairs("capabilities", able),
		"mechanism":         mechanism, "response": response, "locale": "en_US",
	})
}

func (w *wire) write(octets []byte) {
	w.t.Helper()
	if err := w.conn.SetWriteDeadline(clock.System().Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.conn.Write(octets); err != nil {
		w.t.Fatalf("writing to the broker: %v", err)
	}
}

func encodeFrame(kind uint8, channel int, payload []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte{kind}, uint16(channel))
	return append(encodeLong(out, payload), 0xCE)
}

// method returns a method frame.
func (w *wire) method(channel int, name string, given args) []byte {
	return encodeFrame(methodFrame, channel, w.encode(name, given))
}

// send writes a method.
func (w *wire) send(channel int, name string, given args) {
	w.t.Helper()
	w.write(w.method(channel, name, given))
}

// call writes a method and wants an answer.
func (w *wire) call(channel int, name string, given args, answer string) args {
	w.t.Helper()
	w.send(channel, name, given)
	return w.want(channel, answer)
}

// want reads the next frame, which has to be that method. Heartbeats may come
// at any time and are passed over.
func (w *wire) want(channel int, name string) args {
	w.t.Helper()
	f := w.next()
	for f.kind == heartbeatFrame {
		f = w.next()
	}
	if f.name != name || int(f.channel) != channel {
		w.t.Fatalf("wanted %s on channel %d, got %s on channel %d", name, channel, w.show(f), f.channel)
	}
	return f.args
}

// next reads a frame, or finds that the broker closed the connection.
func (w *wire) next() frame { return w.within(patience) }

// within reads a frame that comes in that time.
func (w *wire) within(limit time.Duration) frame {
	w.t.Helper()
	if err := w.conn.SetReadDeadline(clock.System().Now().Add(limit)); err != nil {
		w.t.Fatal(err)
	}
	var head [7]byte
	if n, err := io.ReadFull(w.incoming, head[:]); err != nil {
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() && n == 0 { //nolint:errorlint // net.Conn returns it bare
			return frame{end: "nothing"}
		}
		return frame{end: "closed"}
	}
	f := frame{kind: head[0], channel: binary.BigEndian.Uint16(head[1:])}
	rest := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
	if _, err := io.ReadFull(w.incoming, rest); err != nil {
		w.t.Fatalf("the broker sent half a frame: %v", err)
	}
	f.payload = rest[:len(rest)-1]
	if rest[len(rest)-1] != 0xCE {
		w.t.Fatalf("the broker's frame ends with %x", rest[len(rest)-1])
	}
	if w.frameMax > 0 && len(f.payload)+8 > w.frameMax {
		w.t.Fatalf("the broker's frame has %d octets; %d were agreed", len(f.payload)+8, w.frameMax)
	}
	if f.kind == methodFrame {
		f.name, f.args = w.decode(f.payload)
	}
	return f
}

// answer shows the next frame: a method by its name, a close by all it says.
func (w *wire) answer() string {
	w.t.Helper()
	return w.show(w.next())
}

// show writes "V" for the test's virtual host.
func (w *wire) show(f frame) string {
	switch {
	case f.end != "":
		return f.end
	case f.name == "channel.close" || f.name == "connection.close":
		reason := strings.ReplaceAll(f.args["reply-text"].(string), w.vhost, "V")
		return fmt.Sprintf("%s %d (%d,%d) %s",
			f.name, f.args["reply-code"], f.args["class"], f.args["method"], reason)
	case f.kind == methodFrame:
		return f.name
	case f.kind == headerFrame:
		return "header"
	case f.kind == bodyFrame:
		return "body"
	case f.kind == heartbeatFrame:
		return "heartbeat"
	}
	return fmt.Sprintf("frame of type %d", f.kind)
}

// quiet has the broker answer a harmless method on channel 1, and returns what
// comes before the answer, on any channel; nothing may.
func (w *wire) quiet() string {
	w.t.Helper()
	w.send(1, "basic.qos", nil)
	if answer := w.answer(); answer != "basic.qos-ok" {
		return answer
	}
	return ""
}

// reopen opens channel 1 again, which the broker closed.
func (w *wire) reopen() {
	w.t.Helper()
	w.send(1, "channel.close-ok", nil)
	w.call(1, "channel.open", nil, "channel.open-ok")
}

// credentials puts the test's account in the place of {user} and {password},
// and with :S as values of a table.
func (w *wire) credentials(response string) string {
	user := w.account.Username()
	password, _ := w.account.Password()
	return strings.NewReplacer(
		"{user}", user, "{password}", password,
		"{user:S}", string(encodeValue(nil, user)), "{password:S}", string(encodeValue(nil, password)),
	).Replace(response)
}

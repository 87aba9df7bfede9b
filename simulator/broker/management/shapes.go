package management

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// The shapes are RabbitMQ's, with the members that this broker has something to
// say about.

type overviewJSON struct {
	ManagementVersion string      `json:"management_version"`
	ProductName       string      `json:"product_name"`
	ProductVersion    string      `json:"product_version"`
	RabbitMQVersion   string      `json:"rabbitmq_version"`
	ClusterName       string      `json:"cluster_name"`
	Node              string      `json:"node"`
	Uptime            int64       `json:"uptime"` // ms
	Memory            memoryJSON  `json:"memory"` // ours
	Totals            totalsJSON  `json:"queue_totals"`
	Objects           objectsJSON `json:"object_totals"`
	Stats             statsJSON   `json:"message_stats"`
}

type memoryJSON struct {
	Used  int64 `json:"used"` // bytes of messages
	Limit int64 `json:"limit"`
	Alarm bool  `json:"alarm"`
}

type objectsJSON struct {
	Channels    int `json:"channels"`
	Connections int `json:"connections"`
	Consumers   int `json:"consumers"`
	Exchanges   int `json:"exchanges"`
	Queues      int `json:"queues"`
}

type totalsJSON struct {
	Messages       int `json:"messages"`
	Ready          int `json:"messages_ready"`
	Unacknowledged int `json:"messages_unacknowledged"`
}

func (t *totalsJSON) add(q vhost.QueueView) {
	t.Ready += q.Ready
	t.Unacknowledged += q.Unacked
	t.Messages += q.Ready + q.Unacked
}

type statsJSON struct {
	Publish     uint64 `json:"publish"`
	Deliver     uint64 `json:"deliver_get"`
	Redeliver   uint64 `json:"redeliver"`
	Acknowledge uint64 `json:"ack"`
}

func (s *statsJSON) add(c vhost.Counts) {
	s.Publish += c.Published
	s.Deliver += c.Delivered
	s.Redeliver += c.Redelivered
	s.Acknowledge += c.Acknowledged
}

type vhostJSON struct {
	totalsJSON

	Name string `json:"name"`
}

func newVhostJSON(v *vhost.Vhost) vhostJSON {
	j := vhostJSON{Name: v.Name()}
	for _, q := range v.View().Queues {
		j.add(q)
	}
	return j
}

type connectionJSON struct {
	Name        string         `json:"name"`
	User        string         `json:"user"`
	Vhost       string         `json:"vhost"`
	State       string         `json:"state"`
	Protocol    string         `json:"protocol"`
	Type        string         `json:"type"`
	Channels    int            `json:"channels"`
	ChannelMax  int            `json:"channel_max"`
	FrameMax    int            `json:"frame_max"`
	Timeout     int            `json:"timeout"`      // s, the heartbeat
	ConnectedAt int64          `json:"connected_at"` // Unix time, ms
	PeerHost    string         `json:"peer_host"`
	PeerPort    int            `json:"peer_port"`
	Client      map[string]any `json:"client_properties"`
}

func newConnectionJSON(c broker.ConnectionView) connectionJSON {
	peer, _, _ := strings.Cut(c.Name, " -> ")
	host, port, _ := net.SplitHostPort(peer)
	number, _ := strconv.Atoi(port)
	return connectionJSON{
		Name: c.Name, User: c.User, Vhost: c.Vhost, State: c.State, Protocol: "AMQP 0-9-1", Type: "network", Channels: c.Channels,
		ChannelMax: c.ChannelMax, FrameMax: c.FrameMax, Timeout: c.Heartbeat, ConnectedAt: c.Since.UnixMilli(),
		PeerHost: host, PeerPort: number, Client: plain(c.Client),
	}
}

type queueJSON struct {
	totalsJSON

	Name       string         `json:"name"`
	Vhost      string         `json:"vhost"`
	Type       string         `json:"type"`
	State      string         `json:"state"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"auto_delete"`
	Exclusive  bool           `json:"exclusive"`
	Arguments  map[string]any `json:"arguments"`
	Consumers  int            `json:"consumers"`
	Bytes      int            `json:"message_bytes_ready"`
	Stats      statsJSON      `json:"message_stats"`
}

func newQueueJSON(vhostName string, q vhost.QueueView) queueJSON {
	j := queueJSON{
		Name: q.Name, Vhost: vhostName, Type: "classic", State: "running", Durable: q.Durable, AutoDelete: q.AutoDelete,
		Exclusive: q.Exclusive, Arguments: plain(q.Arguments), Consumers: q.Consumers, Bytes: q.Bytes,
	}
	if q.Quorum {
		j.Type = "quorum"
	}
	j.totalsJSON.add(q)
	j.Stats.add(q.Counts)
	return j
}

type exchangeJSON struct {
	Name       string         `json:"name"`
	Vhost      string         `json:"vhost"`
	Type       string         `json:"type"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"auto_delete"`
	Internal   bool           `json:"internal"`
	Arguments  map[string]any `json:"arguments"`
}

func newExchangeJSON(vhostName string, x vhost.ExchangeView) exchangeJSON {
	return exchangeJSON{
		Name: x.Name, Vhost: vhostName, Type: x.Kind, Durable: x.Durable, AutoDelete: x.AutoDelete, Internal: x.Internal,
		Arguments: plain(x.Arguments),
	}
}

type bindingJSON struct {
	Source          string         `json:"source"`
	Vhost           string         `json:"vhost"`
	Destination     string         `json:"destination"`
	DestinationType string         `json:"destination_type"`
	RoutingKey      string         `json:"routing_key"`
	Arguments       map[string]any `json:"arguments"`
	PropertiesKey   string         `json:"properties_key"`
}

func newBindingJSON(vhostName string, b vhost.BindingView) bindingJSON {
	j := bindingJSON{
		Source: b.Source, Vhost: vhostName, Destination: b.Destination, DestinationType: "queue", RoutingKey: b.Key,
		Arguments: plain(b.Arguments), PropertiesKey: propertiesKey(b),
	}
	if b.ToExchange {
		j.DestinationType = "exchange"
	}
	return j
}

// propertiesKey names a binding among those between the same two: by its key, and
// a hash of its arguments when it has any. It is opaque, and only looks like
// RabbitMQ's.
func propertiesKey(b vhost.BindingView) string {
	switch {
	case len(b.Arguments) > 0:
		sum := sha256.Sum256(b.Arguments.Append(nil))
		return url.QueryEscape(b.Key) + "~" + base64.RawURLEncoding.EncodeToString(sum[:16])
	case b.Key == "":
		return "~"
	}
	return url.QueryEscape(b.Key)
}

type consumerJSON struct {
	Tag         string         `json:"consumer_tag"`
	AckRequired bool           `json:"ack_required"`
	Active      bool           `json:"active"`
	Exclusive   bool           `json:"exclusive"`
	Prefetch    int            `json:"prefetch_count"`
	Arguments   map[string]any `json:"arguments"`
	Queue       nameJSON       `json:"queue"`
	Channel     channelJSON    `json:"channel_details"`
}

type nameJSON struct {
	Name  string `json:"name"`
	Vhost string `json:"vhost"`
}

type channelJSON struct {
	ConnectionName string `json:"connection_name"`
	Name           string `json:"name"`
	Number         int    `json:"number"`
}

func newConsumerJSON(vhostName string, c vhost.ConsumerView, connection string) consumerJSON {
	return consumerJSON{
		Tag: c.Tag, AckRequired: !c.NoAck, Active: c.Active, Exclusive: c.Exclusive, Prefetch: c.Prefetch, Arguments: plain(c.Arguments),
		Queue:   nameJSON{c.Queue, vhostName},
		Channel: channelJSON{connection, fmt.Sprintf("%s (%d)", connection, c.Channel), int(c.Channel)},
	}
}

// plain is a field table as JSON has it.
func plain(t wire.Table) map[string]any {
	object := make(map[string]any, len(t))
	for _, f := range t {
		object[f.Name] = plainValue(f.Value)
	}
	return object
}

func plainValue(value any) any {
	switch v := value.(type) {
	case wire.Table:
		return plain(v)
	case []any:
		return each(v, plainValue)
	case []byte:
		return string(v)
	case float32:
		return plainValue(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // which JSON does not have
			return fmt.Sprint(v)
		}
	case wire.Decimal:
		return map[string]any{"scale": v.Scale, "digits": v.Digits}
	}
	return value
}

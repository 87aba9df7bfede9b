package broker_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// FuzzConversation says anything to a broker behind a good handshake. The broker
// has to survive it, end the connection when the client hangs up, and keep no
// message and no exclusive queue of it.
func FuzzConversation(f *testing.F) {
	say := func(methods ...wire.Method) (stream []byte) {
		for _, m := range methods {
			stream = wire.AppendMethod(stream, 1, m)
		}
		return stream
	}
	content := func(properties wire.Properties, body string) []byte {
		start := wire.BeginContentHeader(nil, 1, len(body))
		return wire.AppendBody(wire.EndFrame(properties.Append(start), 0), 1, []byte(body))
	}
	open := say(&wire.ChannelOpen{})
	queue := say(&wire.ChannelOpen{}, &wire.QueueDeclare{Queue: "q", Exclusive: true, Arguments: wire.Table{
		{Name: "x-max-length", Value: int32(1)}, {Name: "x-dead-letter-exchange", Value: ""}, {Name: "x-dead-letter-routing-key", Value: "q"},
		{Name: "x-max-priority", Value: int32(3)}, {Name: "x-message-ttl", Value: int64(0)},
	}})
	publish := append(say(&wire.BasicPublish{RoutingKey: []byte("q"), Mandatory: true}),
		content(wire.Properties{Flags: wire.HasPriority | wire.HasExpiration, Priority: 2, Expiration: []byte("1")}, "body")...)
	for _, seed := range [][]byte{
		open,
		append(queue, publish...),
		append(append(queue, say(&wire.ConfirmSelect{}, &wire.BasicConsume{Queue: "q", NoWait: true})...), append(publish, publish...)...),
		append(append(queue, say(&wire.TxSelect{})...), append(publish, say(&wire.TxCommit{}, &wire.BasicGet{}, &wire.BasicNack{DeliveryTag: 1, Requeue: true})...)...),
		append(queue, say(&wire.QueueBind{Exchange: "amq.topic", RoutingKey: "#.*"}, &wire.QueueBind{
			Exchange: "amq.headers", Arguments: wire.Table{{Name: "x-match", Value: "any-with-x"}},
		}, &wire.ExchangeDeclare{Exchange: "x", Type: "x-consistent-hash"}, &wire.QueueBind{Exchange: "x", RoutingKey: "2"}, &wire.ExchangeBind{
			Source: "x", Destination: "amq.topic", RoutingKey: "1",
		})...),
		append(open, say(&wire.BasicQos{PrefetchCount: 1, Global: true}, &wire.BasicRecover{Requeue: true}, &wire.ChannelClose{}, &wire.ChannelOpen{})...),
		wire.AppendMethod(open, 0, &wire.ConnectionClose{}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		clock := clockwork.NewFakeClock()
		b := broker.New(broker.Config{Clock: clock, IDs: ids.Seeded("fuzz"), MaxMemory: 1 << 20})
		pipe := broker.NewPipe()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Serve(ctx, pipe) }()
		converse(t, pipe, stream)
		clock.Advance(time.Hour)
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		for _, v := range b.Vhosts() {
			for _, q := range v.View().Queues {
				if q.Exclusive || q.Unacked > 0 || q.Consumers > 0 {
					t.Fatalf("left behind: %+v", q)
				}
			}
			if err := b.DeleteVhost(v.Name()); err != nil {
				t.Fatal(err)
			}
		}
		if used := b.Memory().Used; used != 0 {
			t.Fatalf("%d bytes of messages are left", used)
		}
	})
}

// converse shakes hands, says the stream, reads whatever is answered and hangs up.
func converse(t *testing.T, pipe *broker.Pipe, stream []byte) {
	t.Helper()
	conn, err := pipe.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, conn) // the broker may hang up at any moment
	}()
	hello := []byte(wire.ProtocolHeader)
	for _, m := range []wire.Method{
		&wire.ConnectionStartOk{Mechanism: "PLAIN", Response: "\x00guest\x00guest"},
		&wire.ConnectionTuneOk{ChannelMax: 10, FrameMax: 4096},
		&wire.ConnectionOpen{VirtualHost: "/"},
	} {
		hello = wire.AppendMethod(hello, 0, m)
	}
	for _, part := range [][]byte{hello, stream} {
		_, _ = conn.Write(part) // it may have hung up
	}
	_ = conn.Close()
	<-read
}

package vhost_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// world is a virtual host, one session with one channel, and what it was sent.
type world struct {
	*vhost.Channel

	t       *testing.T
	clock   *clockwork.FakeClock
	meter   *vhost.Meter
	alarms  []bool
	vhost   *vhost.Vhost
	session *vhost.Session
	outlet  *outlet
}

// outlet notes what it is given as text: the body, the tag, ! when redelivered.
type outlet struct {
	got  []string
	room int // deliveries taken before Ready says no
}

func (o *outlet) Ready() bool { return len(o.got) < o.room }

func (o *outlet) Overflows() bool { return false }

func (o *outlet) Deliver(d vhost.Delivery) {
	again := ""
	if d.Redelivered {
		again = "!"
	}
	o.got = append(o.got, fmt.Sprintf("%s %s %d%s", d.ConsumerTag, d.Message.Body, d.Tag, again))
}

func (o *outlet) Cancel(_ uint16, tag string) { o.got = append(o.got, tag+" cancelled") }

func (o *outlet) take() []string {
	got := o.got
	o.got = nil
	return got
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clockwork.NewFakeClockAt(time.Unix(1_700_000_000, 0)), outlet: &outlet{room: 1000}}
	w.meter = vhost.NewMeter(1<<20, func(raised bool) { w.alarms = append(w.alarms, raised) })
	w.vhost = vhost.New("/", vhost.Environment{Clock: w.clock, IDs: ids.Seeded(t.Name()), Meter: w.meter})
	w.session = w.vhost.Open(w.outlet)
	w.Channel = w.session.Channel(1)
	t.Cleanup(func() {
		w.session.Close()
		w.vhost.Delete()
		if used := w.meter.Used(); used != 0 {
			t.Errorf("%d bytes of messages are still counted", used)
		}
	})
	return w
}

func (w *world) must(err *wire.Error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// queue declares a durable queue with arguments by name and value.
func (w *world) queue(name string, arguments ...any) {
	w.t.Helper()
	spec := vhost.QueueSpec{Name: name, Durable: true}
	for i := 0; i < len(arguments); i += 2 {
		spec.Arguments = spec.Arguments.Set(arguments[i].(string), arguments[i+1])
	}
	_, err := w.DeclareQueue(spec)
	w.must(err)
}

// consume starts a consumer of the queue q.
func (w *world) consume(tag string) {
	w.t.Helper()
	w.must(w.Consume(vhost.ConsumeSpec{Queue: "q", Tag: tag}, func(string) {}))
}

// publish sends bodies to a queue.
func (w *world) publish(queue string, bodies ...string) {
	w.t.Helper()
	for _, body := range bodies {
		w.publishWith(queue, body, wire.Properties{})
	}
}

func (w *world) publishWith(queue, body string, p wire.Properties) vhost.Outcome {
	w.t.Helper()
	m, err := vhost.NewMessage("", queue, &p, p.Append(nil), []byte(body))
	w.must(err)
	outcome, err := w.Publish(m, false)
	w.must(err)
	return outcome
}

// ready is how many messages wait in a queue; -1 when it is not there.
func (w *world) ready(queue string) int {
	for _, q := range w.vhost.View().Queues {
		if q.Name == queue {
			return q.Ready
		}
	}
	return -1
}

// get empties a queue and returns its bodies.
func (w *world) get(queue string) []string {
	w.t.Helper()
	var bodies []string
	for {
		found, err := w.Get(queue, true, func(g vhost.Got) { bodies = append(bodies, string(g.Message.Body)) })
		w.must(err)
		if !found {
			return bodies
		}
	}
}

// Package recorder listens to a bus and writes what it hears to a capture, in the order in
// which it came. It owns a queue of its own, which goes with its connection, and what is
// counted; it declares nothing that belongs to others, answers nothing, and takes no
// message away from anybody. What it may have missed, it says in the capture.
package recorder

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/capture"
)

const (
	// prefetch is how many messages may be on their way here: the rest waits at the broker,
	// whatever the file's disk does.
	prefetch = 1000
	// flushEvery bounds what is lost when the process is killed.
	flushEvery = time.Second
	// lookEvery is how often it is looked at whether the queue is empty, at the end.
	lookEvery = 20 * time.Millisecond
)

// Config is what a recording needs. All but Alter and Most are required.
type Config struct {
	Bus    *bus.Bus // running, or about to
	Clock  clock.Clock
	Bound  []capture.Bound
	Writer *capture.Writer
	// Alter changes a message before it is written; nil leaves it.
	Alter func(capture.Message) capture.Message
	// Most ends the recording after so many messages; 0 does not.
	Most int64
}

// Recorder is one recording.
type Recorder struct {
	cfg  Config
	over chan struct{} // closed when nothing more is to be taken
	once sync.Once

	mu    sync.Mutex // of the writer and what follows
	count Count
	ups   int
	err   error
}

// New returns a recording that has not begun.
func New(cfg Config) *Recorder {
	return &Recorder{cfg: cfg, over: make(chan struct{}), count: Count{Events: map[Event]int64{}}}
}

// Usual are the exchanges of Kazoo that bridges and sockets listen to, and those of the
// calls around: the topics, of which everything can be heard.
func Usual() []capture.Bound {
	var all []capture.Bound
	for _, name := range []string{
		kapi.ExchangeCallEvents, kapi.ExchangeConfiguration, kapi.ExchangeNotifications, kapi.ExchangeConference,
		kapi.ExchangePresence, kapi.ExchangeRegistrar, kapi.ExchangeFaxes, kapi.ExchangeMessages, kapi.ExchangeMetaflow,
		kapi.ExchangeCallManager, kapi.ExchangeCallRecords,
	} {
		all = append(all, Whole(name, kapi.ExchangeType(name)))
	}
	return all
}

// Whole is all that an exchange carries.
func Whole(exchange, kind string) capture.Bound {
	return capture.Bound{Exchange: exchange, Kind: kind, Key: "#"}
}

// Present parts the exchanges into those that the broker has and the names of others.
func Present(ctx context.Context, b *bus.Bus, wanted []capture.Bound) (present []capture.Bound, missing []string, err error) {
	for _, bound := range wanted {
		switch is, err := b.HasExchange(ctx, bound.Exchange); {
		case err != nil:
			return nil, nil, err
		case is:
			present = append(present, bound)
		default:
			missing = append(missing, bound.Exchange)
		}
	}
	return present, missing, nil
}

// Run records until ctx ends or there are messages enough, and then for at most grace what
// has been published by then. begun is called when everything published from now on is
// heard. The error is why that did not come about, bus.ErrForbidden at once, or why nothing
// more could be written.
func (r *Recorder) Run(ctx context.Context, grace time.Duration, begun func()) error {
	consumer := bus.Consumer{
		Queue:    bus.Queue{Module: "record", Exclusive: true, AutoDelete: true},
		Prefetch: prefetch,
		Handle:   r.take,
		OnUp:     r.up,
	}
	for _, bound := range r.cfg.Bound {
		consumer.Bindings = append(consumer.Bindings, bus.Binding{Exchange: bound.Exchange, Key: bound.Key})
	}
	sub, err := r.cfg.Bus.Consume(consumer)
	if err != nil {
		return err
	}
	defer sub.Close()
	err = r.ready(ctx, grace, sub)
	switch {
	case ctx.Err() != nil: // ended while it began
	case err != nil:
		return err
	default:
		begun()
	}
	r.await(ctx)
	finishing, giveUp := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer giveUp()
	r.finish(finishing, sub, consumer.Bindings)
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.err, r.cfg.Writer.Close(r.cfg.Clock.Now()))
}

// ready waits for the queue, and not for a permission, which does not come by itself.
func (r *Recorder) ready(ctx context.Context, grace time.Duration, sub *bus.Subscription) error {
	ctx, giveUp := context.WithTimeout(ctx, grace)
	defer giveUp()
	var refused error
	var watching sync.WaitGroup
	watching.Go(func() {
		defer giveUp()
		_ = r.cfg.Bus.WaitState(ctx, func(s bus.State) bool { // it ends with ctx
			if errors.Is(s.LastError, bus.ErrForbidden) {
				refused = s.LastError
			}
			return refused != nil
		})
	})
	err := sub.WaitReady(ctx)
	giveUp()
	watching.Wait()
	if err != nil && refused != nil {
		return refused
	}
	return err
}

// await returns when the recording is to end, and meanwhile has the file follow.
func (r *Recorder) await(ctx context.Context) {
	ticker := clock.System().NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.Chan():
			r.write(func(w *capture.Writer) error { return w.Flush() })
		case <-r.over:
			return
		case <-ctx.Done():
			return
		}
	}
}

// finish takes what was published by now, and no more.
func (r *Recorder) finish(ctx context.Context, sub *bus.Subscription, bindings []bus.Binding) {
	if !sub.Flowing() {
		r.gap("the broker was away at the end")
		return
	}
	for _, binding := range bindings {
		if sub.Unbind(ctx, binding) != nil {
			break // it is late; what comes yet is as good
		}
	}
	for r.wanting() {
		depth, err := r.cfg.Bus.Inspect(ctx, sub.QueueName())
		if err != nil || depth.Ready == 0 {
			break
		}
		if clock.Sleep(ctx, clock.System(), lookEvery) != nil {
			r.gap("there was no time left for what waited at the end")
			r.mu.Lock()
			r.count.Left = depth.Ready
			r.mu.Unlock()
			break
		}
	}
	if !r.wanting() || sub.Finish(ctx) != nil {
		_ = sub.Cancel(ctx) // the recording ends anyway
	}
	r.stop()
}

// wanting tells that more messages are taken.
func (r *Recorder) wanting() bool {
	select {
	case <-r.over:
		return false
	default:
		return true
	}
}

func (r *Recorder) stop() { r.once.Do(func() { close(r.over) }) }

// take writes a message. It is acknowledged whatever comes of it: nobody else has it.
func (r *Recorder) take(d bus.Delivery) {
	if !r.wanting() {
		return
	}
	m := capture.Message{
		Exchange: d.Exchange, Kind: r.kindOf(d.Exchange), Key: d.RoutingKey,
		ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, Timestamp: d.Timestamp, Headers: d.Headers, Body: d.Body,
	}
	event := Event{m.Exchange, NameOf(m)}
	if r.cfg.Alter != nil {
		m = r.cfg.Alter(m)
	}
	r.write(func(w *capture.Writer) error {
		if err := w.Write(r.cfg.Clock.Now(), m); err != nil {
			return err
		}
		if r.count.add(event, len(d.Body)); r.count.Messages == r.cfg.Most {
			r.stop()
		}
		return nil
	})
	_ = d.Ack() // stale, it comes no more: the queue went with the connection
}

func (r *Recorder) kindOf(exchange string) string {
	for _, bound := range r.cfg.Bound {
		if bound.Exchange == exchange {
			return bound.Kind
		}
	}
	return kapi.ExchangeType(exchange)
}

// up is told each time the queue is bound. The first time nothing was there to be missed.
func (r *Recorder) up() {
	r.mu.Lock()
	r.ups++
	first := r.ups == 1
	r.mu.Unlock()
	if !first {
		r.gap("the queue was lost, with the connection or an exchange, and is bound anew")
	}
}

func (r *Recorder) gap(why string) {
	r.write(func(w *capture.Writer) error {
		r.count.Gaps++
		return w.Gap(r.cfg.Clock.Now(), why)
	})
}

// write uses the writer, and ends the recording when that fails.
func (r *Recorder) write(use func(*capture.Writer) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	if r.err = use(r.cfg.Writer); r.err != nil {
		r.stop()
	}
}

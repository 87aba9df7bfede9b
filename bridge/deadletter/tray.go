package deadletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// ErrBusy says that another tray holds the letters.
var ErrBusy = errors.New("somebody else is looking at the dead letters")

// lockName is held while letters are on a tray: to anybody else the queue would look
// empty.
const lockName = Queue + ".reader"

// patience is how long another tray is waited for: a look takes a moment, and RabbitMQ
// frees the lock of a connection a moment after its end. It is also how long letters may
// take to be back.
const patience = 3 * time.Second

// Tray is all dead letters taken out at once, to look at and to decide on. Whatever
// becomes of it, those not removed go back to their places. Its methods are called by
// one goroutine.
type Tray struct {
	// Letters are in the order in which they were put away.
	Letters []Letter

	bus    *bus.Bus
	back   *bus.Held
	unlock func(context.Context) error
	held   []bus.Delivery // of Letters; without bodies
	gone   []bool         // of Letters: removed
}

// Take takes the letters out. The bodies of those that keep chooses are kept, for
// looking and for Replay. The error is ErrBusy, bus.ErrNoQueue where no bridge has
// declared the queue, or that of the broker or of ctx.
func Take(ctx context.Context, b *bus.Bus, keep func(Letter) bool) (*Tray, error) {
	t := &Tray{bus: b}
	if err := t.lock(ctx); err != nil {
		return nil, err
	}
	if err := t.fill(ctx, keep); err != nil {
		_ = t.Close(ctx) // in vain where the connection is lost, which err says already
		return nil, err
	}
	return t, nil
}

func (t *Tray) lock(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var err error
		t.unlock, err = t.bus.Lock(ctx, lockName)
		if !errors.Is(err, bus.ErrLocked) {
			return err
		}
		if clock.Sleep(limit, clock.System(), 100*time.Millisecond) != nil {
			return errors.Join(ctx.Err(), ErrBusy)
		}
	}
}

// fill takes the letters that are there now; those put away meanwhile are for the next
// tray, so that it comes to an end.
func (t *Tray) fill(ctx context.Context, keep func(Letter) bool) error {
	depth, err := t.bus.Inspect(ctx, Queue)
	if err != nil || depth.Ready == 0 {
		return err
	}
	t.back, err = t.bus.Hold(ctx, Queue, depth.Ready, func(d bus.Delivery) {
		letter := read(d)
		if !keep(letter) {
			letter.Body = nil
		}
		d.Body, d.Headers = nil, nil
		t.Letters, t.held, t.gone = append(t.Letters, letter), append(t.held, d), append(t.gone, false)
	})
	return err
}

// Replay sends a letter, by its place in Letters, to work at queue and removes it. When
// it fails the letter stays; it may have been sent all the same.
func (t *Tray) Replay(ctx context.Context, i int, queue string) error {
	letter := t.Letters[i]
	switch {
	case len(letter.Body) != letter.Size:
		return fmt.Errorf("the body of dead letter %s was not kept", letter.ID)
	case t.held[i].Stale():
		return bus.ErrStale // sent, it would be there twice
	}
	if err := t.bus.Publish(ctx, letter.again(queue)); err != nil {
		return err
	}
	return t.Drop(i)
}

// Drop removes a letter for good. It is called once for each, as Replay is.
func (t *Tray) Drop(i int) error {
	if err := t.held[i].Ack(); err != nil {
		return err
	}
	t.gone[i] = true
	return nil
}

// Close puts back what was not removed, in order. An error means that the connection is
// lost, with which the letters go back just so.
func (t *Tray) Close(ctx context.Context) error {
	n, err := t.putBack()
	if t.back != nil {
		err = errors.Join(err, t.back.Close())
	}
	if err == nil {
		t.awaitBack(ctx, n)
	}
	if err = errors.Join(err, t.unlock(ctx)); err != nil {
		return fmt.Errorf("put the dead letters back: %w", err)
	}
	return nil
}

// putBack returns how many letters it has put back.
func (t *Tray) putBack() (n int, err error) {
	for i, d := range t.held {
		if t.gone[i] {
			continue
		}
		if err := d.Nack(true); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// awaitBack returns when so many letters are in the queue again, which RabbitMQ takes a
// moment for: whoever takes the lock next would not see them all. It does not wait
// long, since the queue's limits may have pushed some out.
func (t *Tray) awaitBack(ctx context.Context, n int) {
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		depth, err := t.bus.Inspect(limit, Queue)
		if err != nil || depth.Ready >= n || clock.Sleep(limit, clock.System(), 20*time.Millisecond) != nil {
			return
		}
	}
}

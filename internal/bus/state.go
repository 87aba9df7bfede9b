package bus

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// State is what the outside may know of a Bus.
type State struct {
	Connected  bool
	Since      time.Time // of the last change of Connected
	Blocked    string    // why the broker accepts no messages at the moment; "" when it does
	LastError  error     // what does not work now; nil when everything does
	Reconnects int       // connections made after the first
}

// State returns the present state.
func (b *Bus) State() State { return b.status.get() }

// Changed returns a channel that is closed at the next change of State. Take the
// channel before the state, so that no change falls between the two.
func (b *Bus) Changed() <-chan struct{} { return b.status.changed() }

// WaitState returns nil once until holds. If ctx ends first, its error comes with
// the problem of the moment; if Run ends, ErrStopped.
func (b *Bus) WaitState(ctx context.Context, until func(State) bool) error {
	for {
		changed := b.Changed()
		state := b.State()
		if until(state) {
			return nil
		}
		select {
		case <-changed:
		case <-b.stopped:
			return ErrStopped
		case <-ctx.Done():
			return because(ctx.Err(), state.LastError)
		}
	}
}

// because adds to the error that ended a wait why it had to wait.
func because(err, cause error) error {
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w (%w)", err, cause)
}

// problem is something that does not work at present.
type problem struct {
	about string // "exchange callevt", "queue work"
	err   error
}

// connection is what a problem with the connection itself is about.
const connection = "connection"

// status collects what works and what does not, and tells of changes once.
type status struct {
	clock clock.Clock
	log   *slog.Logger

	mu       sync.Mutex
	state    State
	sessions int
	problems []problem // the latest last
	news     chan struct{}
}

func newStatus(c clock.Clock, log *slog.Logger) *status {
	return &status{clock: c, log: log, state: State{Since: c.Now()}, news: make(chan struct{})}
}

func (s *status) get() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *status) changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

func (s *status) connected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	s.state.Reconnects = s.sessions - 1
	s.state.Connected, s.state.Since = true, s.clock.Now()
	s.log.Info("broker connected", "reconnects", s.state.Reconnects)
	s.drop(connection)
	s.publish()
}

// disconnected records the end of a connection or of an attempt.
func (s *status) disconnected(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Connected {
		s.state.Connected, s.state.Since = false, s.clock.Now()
	}
	s.state.Blocked = ""
	s.put(connection, err)
	s.publish()
}

// stopped records the end that was wanted. What did not work then is over, not solved.
func (s *status) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Connected {
		s.state.Connected, s.state.Since = false, s.clock.Now()
	}
	s.state.Blocked, s.problems = "", nil
	s.publish()
}

// forget records that something is not wanted any more, and so is no problem.
func (s *status) forget(about string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.problems)
	if s.drop(about); len(s.problems) < before {
		s.publish()
	}
}

func (s *status) blocked(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason != "" {
		s.log.Warn("broker accepts no messages", "reason", reason)
	} else {
		s.log.Info("broker accepts messages again")
	}
	s.state.Blocked = reason
	s.publish()
}

// note records that something does not work, or with a nil error that it does.
// Only news are logged and told.
func (s *status) note(about string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.put(about, err) {
		s.publish()
	}
}

// put reports whether it changed anything.
func (s *status) put(about string, err error) bool {
	i := slices.IndexFunc(s.problems, func(p problem) bool { return p.about == about })
	switch {
	case err == nil && i < 0:
		return false
	case err == nil:
		s.log.Info("broker problem solved", "about", about)
		s.drop(about)
		return true
	case i >= 0 && s.problems[i].err.Error() == err.Error():
		return false
	}
	s.log.Warn("broker problem", "about", about, "error", err)
	s.drop(about)
	s.problems = append(s.problems, problem{about, err})
	return true
}

func (s *status) drop(about string) {
	s.problems = slices.DeleteFunc(s.problems, func(p problem) bool { return p.about == about })
}

// publish works out LastError, of which the connection's comes first since the
// others follow from it, and wakes whoever waits.
func (s *status) publish() {
	s.state.LastError = nil
	for _, p := range s.problems {
		s.state.LastError = fmt.Errorf("bus: %s: %w", p.about, p.err)
		if p.about == connection {
			break
		}
	}
	close(s.news)
	s.news = make(chan struct{})
}

package capture

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Log is filled by many groups at a time. An entry's place is decided when it is added.
type Log struct {
	clock clock.Clock
	began time.Time

	mu      sync.Mutex // guards what follows
	entries []Entry
	byGroup map[string][]int // places of a group's entries
	masks   []mask
	grown   chan struct{} // closed and made anew with each entry
	limits  map[string]*limit
	batch   chan struct{} // is told of each recordBatch of entries; nil when nobody records
}

// What is kept of one group at most: many times what any has reason for. A target that floods
// a socket or a receiver must not take the harness's memory.
const (
	MaxEntries = 10_000
	MaxBytes   = 128 << 20
)

// limit is what a group may still add.
type limit struct {
	entries, bytes int
	passed         func(why string)
}

// Limit has no more than MaxEntries and MaxBytes kept of a group. What is more is dropped, and
// passed is called once with the reason. The end of the group is kept all the same.
func (l *Log) Limit(group string, passed func(why string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[group] = &limit{entries: MaxEntries, bytes: MaxBytes, passed: passed}
}

// takes counts an entry and tells whether it is kept.
func (m *limit) takes(e Entry) bool {
	if m == nil || e.Kind == Ended {
		return true
	}
	m.entries--
	m.bytes -= len(e.Body) + len(e.Head)
	if m.entries >= 0 && m.bytes >= 0 {
		return true
	}
	if m.passed != nil {
		passed := m.passed
		m.passed = nil
		passed(fmt.Sprintf("more than %d entries or %d MiB came of it", MaxEntries, MaxBytes>>20))
	}
	return false
}

// mask is a secret and what stands for it.
type mask struct{ secret, shown string }

// NewLog returns an empty log that begins now.
func NewLog(c clock.Clock) *Log {
	return &Log{clock: c, began: c.Now(), byGroup: map[string][]int{}, grown: make(chan struct{}), limits: map[string]*limit{}}
}

// Began is when the log began.
func (l *Log) Began() time.Time { return l.began }

// Secret has a value never stand in the log: what is added from now on has "<kind-N>" in its
// place, the same for the same value, so that judges can still see whether two are equal.
// Values of fewer than eight characters are left alone: they occur in other words.
func (l *Log) Secret(kind, value string) {
	if len(value) < 8 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	number := 1
	for _, m := range l.masks {
		if m.secret == value {
			return
		}
		if strings.HasPrefix(m.shown, "<"+kind+"-") {
			number++
		}
	}
	l.masks = append(l.masks, mask{value, "<" + kind + "-" + strconv.Itoa(number) + ">"})
	// A secret that is a part of another must not hide it.
	slices.SortStableFunc(l.masks, func(a, b mask) int { return len(b.secret) - len(a.secret) })
}

// Add puts an entry at the end and returns its place, 0 when it is beyond the group's limit. Seq
// and At are set here.
func (l *Log) Add(e Entry) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.limits[e.Group].takes(e) {
		return 0
	}
	e.Seq = len(l.entries) + 1
	e.At = l.clock.Since(l.began).Truncate(time.Microsecond) // what the file can hold, so that both are judged alike
	e.Name, e.Head, e.Body = l.masked(e.Name), l.masked(e.Head), l.maskedBytes(e.Body)
	if len(e.Header) > 0 {
		e.Header = slices.Clone(e.Header)
		for i := range e.Header {
			e.Header[i].Value = l.masked(e.Header[i].Value)
		}
	}
	l.byGroup[e.Group] = append(l.byGroup[e.Group], len(l.entries))
	l.entries = append(l.entries, e)
	close(l.grown)
	l.grown = make(chan struct{})
	if l.batch != nil && e.Seq%recordBatch == 0 {
		select {
		case l.batch <- struct{}{}:
		default: // who is told already has not come to it
		}
	}
	return e.Seq
}

// notify returns what is told of each batch of entries.
func (l *Log) notify() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batch = make(chan struct{}, 1)
	return l.batch
}

// from returns the entries behind the first n. None is ever changed, so that they need no copy.
func (l *Log) from(n int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[n:len(l.entries):len(l.entries)]
}

// Masked is a text as the log would have it.
func (l *Log) Masked(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.masked(text)
}

func (l *Log) masked(text string) string {
	for _, m := range l.masks {
		text = strings.ReplaceAll(text, m.secret, m.shown)
	}
	return text
}

func (l *Log) maskedBytes(body []byte) []byte {
	if body == nil {
		return nil
	}
	for _, m := range l.masks {
		if strings.Contains(string(body), m.secret) {
			body = []byte(strings.ReplaceAll(string(body), m.secret, m.shown))
		}
	}
	return slices.Clone(body)
}

// Of returns what a group has seen so far.
func (l *Log) Of(group string) View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(group)
}

func (l *Log) of(group string) View {
	v := View{Entries: make([]Entry, 0, len(l.byGroup[group]))}
	for _, i := range l.byGroup[group] {
		v.Entries = append(v.Entries, l.entries[i])
	}
	return v
}

// All returns everything in order.
func (l *Log) All() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Await returns true as soon as holds is true of what the group has seen, and false when
// limit has passed without, or ctx ended.
func (l *Log) Await(ctx context.Context, group string, limit time.Duration, holds func(View) bool) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := l.clock.NewTimer(limit)
	defer timer.Stop()
	for {
		l.mu.Lock()
		view, grown := l.of(group), l.grown
		l.mu.Unlock()
		if holds(view) {
			return true
		}
		select {
		case <-grown:
		case <-timer.Chan():
			return false
		case <-ctx.Done():
			return false
		}
	}
}

package vhost

import "sync/atomic"

// Meter counts the bytes of the messages that are held, over all virtual hosts of
// a broker, and raises an alarm above its limit. The alarm ends when a tenth of
// the limit is free again, so that it does not flap with every message.
type Meter struct {
	used    atomic.Int64
	limit   atomic.Int64
	raised  atomic.Bool
	changed func(raised bool)
}

// NewMeter makes a Meter. changed is told of each change of the alarm; it may be
// called under a virtual host's lock, by several goroutines, and must not wait.
func NewMeter(limit int64, changed func(raised bool)) *Meter {
	m := &Meter{changed: changed}
	m.limit.Store(limit)
	return m
}

// SetLimit changes the limit, in bytes.
func (m *Meter) SetLimit(bytes int64) {
	m.limit.Store(bytes)
	m.Add(0)
}

// Raised reports whether there is an alarm.
func (m *Meter) Raised() bool { return m.raised.Load() }

// Used is the bytes held.
func (m *Meter) Used() int64 { return m.used.Load() }

// Limit is the bytes above which the alarm is raised.
func (m *Meter) Limit() int64 { return m.limit.Load() }

// Add counts bytes that are held from now on, or with a negative number no longer.
func (m *Meter) Add(bytes int) {
	m.used.Add(int64(bytes))
	for { // again after a change: another goroutine's may have come in between
		used, limit := m.used.Load(), m.limit.Load()
		switch {
		case used > limit && m.raised.CompareAndSwap(false, true):
			m.changed(true)
		case used <= limit-limit/10 && m.raised.CompareAndSwap(true, false):
			m.changed(false)
		default:
			return
		}
	}
}

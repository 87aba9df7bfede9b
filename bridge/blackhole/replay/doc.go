// Package replay keeps the latest events for clients that come back and name the last
// one they saw. Events are kept for patterns, which are just names here: which event is
// for which pattern its user says. It knows what it has lost, and never passes a part
// off as the whole. It is pure, and bounded by number and bytes.
package replay

package capture

import "strings"

// View is what one group has seen, in order. Its questions return copies of the list.
type View struct{ Entries []Entry }

// Where returns the entries for which keep is true.
func (v View) Where(keep func(Entry) bool) []Entry {
	var kept []Entry
	for _, e := range v.Entries {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// Named returns the entries of a kind with a name.
func (v View) Named(kind Kind, name string) []Entry {
	return v.Where(func(e Entry) bool { return e.Kind == kind && e.Name == name })
}

// Requests returns what a receiver was sent.
func (v View) Requests(receiver string) []Entry { return v.Named(HookRequest, receiver) }

// Frames returns what a socket was sent by the target.
func (v View) Frames(socket string) []Entry { return v.Named(SocketGot, socket) }

// Deliveries returns what one of the harness's queues was given.
func (v View) Deliveries(queue string) []Entry { return v.Named(Delivered, queue) }

// Fact returns what was noted under a name, the last word of several, or "".
func (v View) Fact(name string) string {
	notes := v.Named(Note, name)
	if len(notes) == 0 {
		return ""
	}
	return string(notes[len(notes)-1].Body)
}

// Answer returns the target's answer to a step: the last one of several.
func (v View) Answer(step string) (Entry, bool) {
	answers := v.Named(RestAnswer, step)
	if len(answers) == 0 {
		return Entry{}, false
	}
	return answers[len(answers)-1], true
}

// Answering returns the entry that answers another.
func (v View) Answering(seq int) (Entry, bool) {
	for _, e := range v.Entries {
		if e.Ref == seq {
			return e, true
		}
	}
	return Entry{}, false
}

// After returns the part of a view behind an entry.
func (v View) After(seq int) View {
	return View{Entries: v.Where(func(e Entry) bool { return e.Seq > seq })}
}

// End returns how the group ended and why, and false when it has not.
func (v View) End() (Entry, bool) {
	for _, e := range v.Entries {
		if e.Kind == Ended {
			return e, true
		}
	}
	return Entry{}, false
}

// Target splits a request line: its method, and the path with the query.
func (e Entry) Target() (method, target string) {
	method, rest, _ := strings.Cut(e.Head, " ")
	target, _, _ = strings.Cut(rest, " ")
	return method, target
}

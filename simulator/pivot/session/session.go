// Package session is one call to a Pivot app as it went: what the caller did and heard, what the
// app was asked and answered, where its answers went and why, and how it ended. It owns the
// recording of that on file, how a recorded call is made again, and what differs between two.
// It never makes a call.
package session

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/caller"
)

// Session is a call.
type Session struct {
	URL     string   `json:"url"` // of the app
	Format  string   `json:"format"`
	Method  string   `json:"method"`
	Body    string   `json:"body_format"`
	From    string   `json:"from"`
	Name    string   `json:"name"`
	To      string   `json:"to"`
	CDR     string   `json:"cdr_url,omitempty"`
	Script  string   `json:"script,omitempty"` // whose name ids and small delays were drawn from
	CallID  string   `json:"call_id"`
	Entries []*Entry `json:"entries"`

	HungUp  string `json:"hung_up"` // who: app, caller, or a telephone's name; "" where nobody has
	Cause   string `json:"cause"`
	Failed  string `json:"failed,omitempty"` // why the app's last answer was not carried out
	Undone  string `json:"undone,omitempty"` // why the caller's script was not done
	Seconds Span   `json:"seconds"`
}

// Kind is what an entry tells of.
type Kind string

// What entries tell of.
const (
	Did      Kind = "did"      // the caller, or somebody at a telephone, does something
	Asks     Kind = "asks"     // the app is asked
	Answers  Kind = "answers"  // the app answers, or does not
	Hears    Kind = "hears"    // a sound begins
	Silent   Kind = "silent"   // a sound ends
	Takes    Kind = "takes"    // what an answer is taken for, and why
	Begins   Kind = "begins"   // a verb, or a module
	Goes     Kind = "goes"     // where the flow goes
	Fails    Kind = "fails"    // the app, or its answer
	Waits    Kind = "waits"    // the app waits for digits
	Rings    Kind = "rings"    // a telephone rings, is answered, or is gone
	Mistakes Kind = "mistakes" // in an answer
	Notes    Kind = "notes"    // what a developer should know, as a quirk of Kazoo
	Commands Kind = "commands" // a dialplan command
	Stores   Kind = "stores"   // a recording goes to a web server
	Ends     Kind = "ends"     // the call
)

// Span is a time span, in JSON as seconds.
type Span time.Duration

// Entry is something that happened, at a moment of the call.
type Entry struct {
	At   Span   `json:"at"`
	Kind Kind   `json:"kind"`
	Text string `json:"text,omitempty"`
	Why  string `json:"why,omitempty"`

	Act      *Act             `json:"act,omitempty"`
	Request  *Request         `json:"request,omitempty"`
	Answer   *Answer          `json:"answer,omitempty"`
	Sound    *caller.Sound    `json:"sound,omitempty"`
	Question *caller.Question `json:"question,omitempty"`
	Findings []Finding        `json:"findings,omitempty"`
}

// Act is what the caller did, and when: so long after the sound of that number began, or after
// a callflow began to lead the call.
type Act struct {
	Keys   string `json:"keys,omitempty"`
	Speaks Span   `json:"speaks,omitempty"`
	HangUp string `json:"hang_up,omitempty"` // who
	Sounds int    `json:"sounds"`            // that had begun
	Later  Span   `json:"later"`             // than the last of them
}

// Request is one to the app.
type Request struct {
	Number int         `json:"number"` // from 1, of the call
	Method string      `json:"method"`
	URL    string      `json:"url"` // with the query of a GET
	Header [][2]string `json:"header,omitempty"`
	Params jobj.Object `json:"params"`
	Body   string      `json:"body,omitempty"`
	Report bool        `json:"report,omitempty"` // of the end of the call, to cdr_url
}

// Answer is what became of a request.
type Answer struct {
	Number int         `json:"number"` // of the request
	Status int         `json:"status,omitempty"`
	Header [][2]string `json:"header,omitempty"`
	Body   string      `json:"body,omitempty"`
	Failed string      `json:"failed,omitempty"` // why there is none
	Report bool        `json:"report,omitempty"` // it is to a report, and leads nowhere
}

// Finding is a mistake in an answer, or a quirk that it has met.
type Finding struct {
	Line   int    `json:"line,omitempty"` // of the answer, from 1; 0 for none
	Column int    `json:"column,omitempty"`
	Rule   string `json:"rule"`            // what is wrong, what would be right, and what a real Kazoo does
	Quirk  string `json:"quirk,omitempty"` // its id in the catalogue
}

// Add adds an entry.
func (s *Session) Add(e *Entry) { s.Entries = append(s.Entries, e) }

// Sounds is how many have begun.
func (s *Session) Sounds() (n int, last Span) {
	for _, e := range s.Entries {
		if e.Kind == Hears {
			n, last = n+1, e.At
		}
	}
	return n, last
}

// Evidence is what expectations are judged by.
func (s *Session) Evidence(heard []*caller.Heard) *caller.Evidence {
	e := &caller.Evidence{Heard: heard, HungUp: s.HungUp, Cause: s.Cause, Failed: s.Failed, Lasted: time.Duration(s.Seconds)}
	for _, entry := range s.Entries {
		switch entry.Kind { //nolint:exhaustive // of the others nothing is expected
		case Asks:
			r := entry.Request
			e.Requests = append(e.Requests, caller.Asked{Method: r.Method, URL: r.URL, Params: r.Params})
		case Answers:
			if n := entry.Answer.Number; n >= 1 && n <= len(e.Requests) {
				e.Requests[n-1].Status = entry.Answer.Outcome()
			}
		case Goes:
			e.Went = append(e.Went, entry.Text)
		}
	}
	return e
}

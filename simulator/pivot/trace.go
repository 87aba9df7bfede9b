package pivot

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// Kind is what a step is.
type Kind string

// Kinds of steps.
const (
	Asked     Kind = "asked"     // Request
	Answered  Kind = "answered"  // Answer, or none: then Text says what went wrong
	Judged    Kind = "judged"    // what the answer is taken for, and why
	Emptied   Kind = "empty"     // there is nothing in the answer, which is no failure; Kazoo as of Failed
	Found     Kind = "found"     // a mistake in the answer: Position, and Text with the rule and what Kazoo does with it
	Noted     Kind = "noted"     // Quirk: where Kazoo and this engine part, or Kazoo does the unexpected
	Said      Kind = "said"      // Message, published
	Heard     Kind = "heard"     // Message, an event
	VerbBegan Kind = "verb"      // Verb, Position
	VerbEnded Kind = "verb-end"  // Verb, Position; Text says with what
	Stored    Kind = "stored"    // Message, a document
	Failed    Kind = "failed"    // Text says why, Kazoo what a real Kazoo does with it
	Ended     Kind = "ended"     // of the engine's part of the call
	Reported  Kind = "cdr-asked" // Request, of the CDR
	// ReportAnswered has the Request of a CDR and its Answer, or none: then Text says what went wrong.
	ReportAnswered Kind = "cdr-answered"
)

// Step is one thing that happened to a call. Text is a sentence for a developer of apps.
type Step struct {
	At                time.Time
	CallID, AccountID string
	Iteration         int
	Kind              Kind
	Text              string
	Kazoo             string // a sentence, or ""
	URI               string // of Failed and Emptied: that of the app, without user and password
	Debug             bool   // whether requests and answers are stored
	Quirk             string
	Verb              string
	Position          twiml.Position
	Exchange, Key     string
	Message           jobj.Object
	Request           *request.Request
	Answer            *client.Answer
}

// String is its text, behind the place in the answer where it has one.
func (s Step) String() string {
	if s.Kind != Found || s.Position.Line == 0 {
		return s.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", s.Position.Line, s.Position.Column, s.Text)
}

// tell completes a step, logs what is worth it, and hands it on.
func (w *worker) tell(s Step) {
	s.At, s.CallID, s.AccountID, s.Iteration = w.e.Line.Now(), w.callID, w.accountID, w.iteration
	if s.Kind == Failed || s.Kind == Emptied {
		s.URI, s.Debug = request.Shown(w.uri), w.debug
	}
	if s.Kind == Noted || s.Kind == Failed || s.Kind == Found {
		level := slog.LevelWarn
		if kept(s.Quirk) {
			level = slog.LevelDebug // nothing is wrong: Kazoo does the same
		}
		w.e.Log.Log(w.e.ctx, level, "pivot", slog.String("what", s.String()), slog.String("call_id", s.CallID), slog.String("account_id", s.AccountID), slog.String("quirk", s.Quirk))
	}
	if w.e.Trace != nil {
		w.e.Trace(s)
	}
}

// note tells of a quirk.
func (w *worker) note(quirk, text string) { w.tell(Step{Kind: Noted, Quirk: quirk, Text: text}) }

func (w *worker) notes(all []request.Note) {
	for _, n := range all {
		w.note(n.Quirk, n.Text)
	}
}

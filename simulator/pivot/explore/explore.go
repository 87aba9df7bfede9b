// Package explore walks through the menus of a Pivot app by itself: it calls again and again, and
// at each question tries every plausible answer, until it has seen all there is, or a limit says
// stop. It owns what counts as the same place, the order of trying, and what is told in the end. It
// never makes a call itself.
package explore

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

// Limits bound an exploration. All but Keys are required.
type Limits struct {
	Depth    int // questions answered in one call
	Calls    int
	Requests int // to the app, of all calls
	// Keys are those that are tried where one is asked for; "" is all.
	Keys string
}

// Nothing is the answer of who presses no key.
const Nothing = ""

// Call makes a call that answers the questions of the app in turn: each with keys, or with
// Nothing. At the question after the last it hangs up. The error says why there was no call.
type Call func(ctx context.Context, answers []string) (*session.Session, error)

// Place is where a caller can be: at a question of an answer, or at the end of a call.
type Place struct {
	ID    string // p1, p2 in the order in which they were found
	Title string // the words that are heard, or what the app answered
	// Ends is set for the end of a call: app (it hung up), connected, failed (its answer, or a
	// request to it, was no good).
	Ends  string
	Why   string   // of a failure
	Way   []string // the answers that lead there first
	Moves []Move   // from there, in the order of trying
	Body  string   // of the answer, without ids
	Depth int      // questions before
	Cut   bool     // a limit kept it from being tried
	asks  *caller.Question
}

// Move is a way from one place to another.
type Move struct {
	Keys string // Nothing for none
	To   *Place
	// Finds were told of on the way.
	Finds []Find
}

// Find is a mistake in an answer, or a note: a quirk of Kazoo that it has met.
type Find struct {
	session.Finding

	Note bool
}

// Result is what was found.
type Result struct {
	Places          []*Place
	First           []Find // was told of before any question was answered
	Calls, Requests int
	Limited         string // which limit ended it; "" for none
}

// walk is an exploration.
type walk struct {
	Result

	limits Limits
	call   Call
	known  map[string]*Place
}

// Explore walks through an app, and returns what it has found also when there is an error.
func Explore(ctx context.Context, limits Limits, call Call) (*Result, error) {
	w := &walk{limits: limits, call: call, known: map[string]*Place{}}
	first, err := w.try(ctx, nil, nil, Nothing)
	if err != nil {
		return &w.Result, err
	}
	for queue := []*Place{first}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == nil || at.asks == nil {
			continue
		}
		for _, keys := range choices(at.asks, at.Title, cmp.Or(w.limits.Keys, allKeys)) {
			if w.limited(at) {
				break
			}
			before := len(w.Places)
			if _, err := w.try(ctx, at, append(slices.Clone(at.Way), keys), keys); err != nil {
				return &w.Result, err
			}
			queue = append(queue, w.Places[before:]...)
		}
	}
	return &w.Result, nil
}

// limited tells whether a place is not to be tried any more.
func (w *walk) limited(at *Place) bool {
	var limit string
	switch {
	case at.Depth >= w.limits.Depth:
		limit = fmt.Sprintf("depth %d", w.limits.Depth)
	case w.Calls >= w.limits.Calls:
		limit = session.Counted(w.limits.Calls, "call")
	case w.Requests >= w.limits.Requests:
		limit = session.Counted(w.limits.Requests, "request")
	default:
		return false
	}
	if w.Limited == "" {
		w.Limited = limit
	}
	at.Cut = true
	return true
}

// try makes a call, and notes where the last of its answers leads.
func (w *walk) try(ctx context.Context, from *Place, answers []string, keys string) (*Place, error) {
	s, err := w.call(ctx, answers)
	if err != nil {
		return nil, err
	}
	w.Calls++
	to, finds, requests := w.arrive(s, answers)
	w.Requests += requests
	if from != nil {
		from.Moves = append(from.Moves, Move{Keys: keys, To: to, Finds: finds})
	} else {
		w.First = finds
	}
	return to, nil
}

// arrive finds out where a call has got to: to the question after its answers, or to its end.
func (w *walk) arrive(s *session.Session, answers []string) (to *Place, finds []Find, requests int) {
	at := arriving{left: len(answers)}
	for _, e := range s.Entries {
		if e.Kind == session.Asks {
			requests++
		}
		at.sees(e, s.CallID)
	}
	if at.question == nil {
		return w.ended(s, &at, answers), at.finds, requests
	}
	return w.place(fmt.Sprintf("%d %s", at.ordinal, at.body), func(p *Place) {
		p.asks, p.Body, p.Title = at.question, at.body, cmp.Or(heading(at.heard, ""), at.question.By)
	}, answers), at.finds, requests
}

// arriving follows a call to where its answers lead.
type arriving struct {
	left     int      // answers to come
	body     string   // of the app's answer at hand
	status   int      // of it; 0 where there is none
	ordinal  int      // of the question in it
	heard    []string // since the last answer
	question *caller.Question
	finds    []Find
	over     bool // nothing more counts
	met      bool // somebody took the call
}

func (a *arriving) sees(e *session.Entry, callID string) {
	if a.over {
		return
	}
	switch e.Kind { //nolint:exhaustive // the others lead nowhere
	case session.Asks:
		a.over = a.question != nil
	case session.Answers:
		if e.Answer.Report {
			return
		}
		a.body, a.heard, a.ordinal = session.Anonymous(e.Answer.Body, callID), nil, 0
		a.status = e.Answer.Status
		if e.Answer.Failed != "" {
			a.body, a.status = e.Answer.Failed, 0
		}
	case session.Hears:
		a.heard = append(a.heard, e.Sound.Text)
	case session.Mistakes, session.Notes:
		for _, f := range e.Findings {
			if a.left == 0 {
				f.Rule = session.Anonymous(f.Rule, callID)
				a.finds = append(a.finds, Find{f, e.Kind == session.Notes})
			}
		}
	case session.Rings:
		a.met = strings.HasSuffix(e.Text, " is connected")
		a.over = a.met
	case session.Waits:
		switch {
		case e.Question.Speech:
		case a.question != nil:
			a.over = true
		case a.left == 0:
			a.ordinal++
			a.question = e.Question
		default:
			a.left--
			a.ordinal++
			a.heard = nil
		}
	}
}

// ended is the place at which a call was over.
func (w *walk) ended(s *session.Session, at *arriving, answers []string) *Place {
	ends, why := "app", s.Failed
	switch {
	case at.met:
		ends, why = "connected", ""
	case why != "":
		ends = "failed"
	case s.HungUp != caller.TheApp:
		ends, why = "failed", "the app neither went on nor hung up: the caller did, after "+s.Seconds.String()
	}
	return w.place("end "+ends+" "+at.body, func(p *Place) {
		p.Ends, p.Why, p.Title, p.Body = ends, why, heading(at.heard, at.says()), at.body
	}, answers)
}

func (w *walk) place(key string, fill func(*Place), way []string) *Place {
	if p := w.known[key]; p != nil {
		return p
	}
	p := &Place{ID: fmt.Sprintf("p%d", len(w.Places)+1), Way: way, Depth: len(way)}
	fill(p)
	w.known[key] = p
	w.Places = append(w.Places, p)
	return p
}

var (
	element = regexp.MustCompile(`<([A-Za-z_][\w.-]*)`)
	module  = regexp.MustCompile(`"module"\s*:\s*"([^"]*)"`)
)

// says is the answer at hand in a few words: what stands in it, without its signs.
func (a *arriving) says() string {
	const most = 5
	text := strings.TrimSpace(a.body)
	found := element.FindAllStringSubmatch(text, most)
	if strings.HasPrefix(text, "{") {
		found = module.FindAllStringSubmatch(text, most)
	}
	var names []string
	for _, f := range found {
		if f[1] != "Response" {
			names = append(names, f[1])
		}
	}
	switch {
	case a.status != 0 && a.status != http.StatusOK && a.status != http.StatusPartialContent:
		return fmt.Sprintf("status %d", a.status)
	case a.status == 0:
		return text
	case text == "":
		return "an empty answer"
	case len(names) > 0:
		return strings.Join(names, ", ")
	case len(found) > 0:
		return "an empty Response"
	}
	return text
}

// heading is a place's words: what is heard there, else what is otherwise.
func heading(heard []string, otherwise string) string {
	text := cmp.Or(strings.Join(heard, " "), otherwise)
	text = strings.Join(strings.Fields(text), " ")
	const most = 60
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most-1]) + "…"
	}
	return text
}

package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// story walks the acts of a plan in their order, fills in what they leave open, and
// finds what cannot happen.
type story struct {
	*planner

	act   *Act
	begun map[string]time.Duration // when calls begin
	calls map[string]*live
	slots map[string]string // the call in a slot of an account
	rooms map[string]*room
}

// live is what is known of a call at some moment.
type live struct {
	*Call

	caller    string   // who is at its first leg
	with      string   // who talks to that; "" for nobody
	ringing   []string // whose telephones ring
	app       bool     // whether the callflow has answered
	held      map[string]bool
	slot      string // where it is parked
	over      string // why it is over; "" while it is not
	overAt    time.Duration
	commanded bool // over REST or a websocket: what has become of it only the play knows
}

// tell walks the plan.
func (p *planner) tell() {
	if len(p.plan.Acts) > maxActs {
		return // and it is said already
	}
	slices.SortStableFunc(p.plan.Acts, func(a, b Act) int { return cmp.Compare(a.At, b.At) })
	s := &story{
		planner: p, begun: map[string]time.Duration{}, calls: map[string]*live{}, slots: map[string]string{}, rooms: map[string]*room{},
	}
	for _, a := range p.plan.Acts {
		if c, ok := a.Do.(*Call); ok {
			s.begun[string(c.Name)] = a.At
		}
	}
	for i := range p.plan.Acts {
		s.act = &p.plan.Acts[i]
		s.happens()
	}
}

// happens has the act take place.
func (s *story) happens() {
	switch do := s.act.Do.(type) {
	case *Call:
		s.begin(do)
	case *Ring:
		s.ring(do)
	case *Answer:
		s.answer(do)
	case *Play:
		s.play(do)
	case *Press:
		s.press(do)
	case *Hold:
		s.hold(do)
	case *Resume:
		s.resume(do)
	case *Transfer:
		s.transfer(do)
	case *Forward:
		s.forward(do)
	case *Intercept:
		s.intercept(do)
	case *Bridge:
		s.bridge(do)
	case *Park:
		s.park(do)
	case *Retrieve:
		s.retrieve(do)
	case *Record:
		s.record(do)
	case *Voicemail:
		s.voicemail(do)
	case *Hangup:
		s.hangup(do)
	default:
		s.besides()
	}
}

// besides are acts that are of no call.
func (s *story) besides() {
	switch do := s.act.Do.(type) {
	case *Conference:
		s.conference(do)
	case *Fax:
		s.fax(do)
	case *Message:
		s.message(do)
	case *Registration:
		s.find(s.at("user"), do.User, aUser)
	case *Edit:
		do.Account = s.which(s.act.Path, "account", do.Account, anAccount)
		do.ID = s.text(s.at("id"), do.ID)
		if do.Action == "" {
			do.Action = "edited"
		}
	case *Emit:
		s.emit(do)
	case *Load:
		s.load(do)
	case *REST:
		s.request(s.act.Path, do, s.act.scope)
		s.commanded(do)
	case *Send:
		s.send(do)
	case *Fault:
		s.fault(do)
	case []Expectation:
		s.act.Do = s.expectations(s.act.Path, do, s.act.scope)
	}
}

// at is the path of a field of the act.
func (s *story) at(field string) string { return s.act.Path + "." + field }

func (s *story) text(path, text string) string { return s.references(path, text, s.act.scope) }

// live is a call that is up; nil where there is none, which is noted. name is made the
// one that the plan has.
func (s *story) live(field string, name *string) *live {
	if *name == "" {
		return nil // form has said so
	}
	if _, ok := s.find(s.at(field), *name, aCall); !ok {
		return nil
	}
	said := *name
	*name = s.full(said, s.act.scope)
	l := s.calls[*name]
	switch {
	case l == nil:
		s.wrong(s.at(field), "%s has not begun yet%s", said, s.begins(*name))
		return nil
	case l.over != "":
		s.wrong(s.at(field), "%s is over since %s: %s", said, l.overAt, l.over)
		return nil
	}
	return l
}

// within tells whether a call is one of a single account, and notes it where it is not: that a
// call between two is handed on is not played.
func (s *story) within(l *live) bool {
	if l.Across {
		s.wrong(s.act.Path, "%s calls from another account; such a call rings, is answered, held and hung up, or goes to voicemail", l.From)
	}
	return !l.Across
}

// begins says when a call does.
func (s *story) begins(name string) string {
	if at, ok := s.begun[name]; ok {
		return fmt.Sprintf("; it begins at %s, and this is at %s", at, s.act.At)
	}
	return ""
}

// begin has a call begin.
func (s *story) begin(c *Call) {
	from, ok := s.find(s.at("from"), c.From, aUser, aPerson)
	if !ok {
		return
	}
	to, ok := s.reached(s.at("to"), from, c.To)
	if !ok {
		s.calls[string(c.Name)] = nil
		return
	}
	c.Number, c.Rings, c.Account = to.number, to.rings, to.account
	c.Across = from.sort == aUser && from.account != to.account
	if c.CallID != "" && strings.ContainsFunc(c.CallID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.wrong(s.at("call_id"), "%q is no Call-ID: those are printable ASCII without blanks", c.CallID)
	}
	s.calls[string(c.Name)] = &live{Call: c, caller: c.From, held: map[string]bool{}}
}

// ring has telephones ring.
func (s *story) ring(r *Ring) {
	l := s.live("call", &r.Call)
	switch {
	case l == nil:
		return
	case l.with != "":
		s.wrong(s.act.Path, "%s talks to %s already; telephones ring before", l.caller, l.with)
		return
	case l.slot != "":
		s.wrong(s.act.Path, "the call is parked in %s; it rings nowhere until somebody takes it", l.slot)
		return
	}
	if len(r.Who) == 0 {
		r.Who = slices.Clone(l.Rings)
		if len(r.Who) == 0 {
			r.Who = []string{l.To}
		}
	}
	for i, who := range r.Who {
		s.rings(fmt.Sprintf("%s.who[%d]", s.act.Path, i), l, who)
	}
}

// rings has one telephone ring.
func (s *story) rings(path string, l *live, who string) {
	if who != l.To { // else it has been looked up
		t, ok := s.find(path, who, aUser, aPerson)
		switch {
		case !ok:
			return
		case t.sort == aUser && t.account != l.Account:
			s.wrong(path, "%s is a user of %s, and the call is one of %s", who, t.account, l.Account)
			return
		case t.sort == aPerson && s.numberOf(who) != l.Number:
			s.wrong(path, "the call went to %s, which is not %s; forward or transfer it there", l.Number, who)
			return
		}
	}
	switch {
	case who == l.caller:
		s.wrong(path, "%s calls, and cannot be called", who)
	case !slices.Contains(l.ringing, who):
		l.ringing = append(l.ringing, who)
	}
}

// answer has somebody take the call.
func (s *story) answer(a *Answer) {
	l := s.live("call", &a.Call)
	if l == nil {
		return
	}
	if len(l.ringing) == 0 {
		if l.commanded {
			s.wrong(s.act.Path, "what rings because of a command is answered by itself, after 2 to 5 s; leave the step out")
			return
		}
		if l.with != "" {
			s.wrong(s.act.Path, "%s has answered already", l.with)
			return
		}
		s.wrong(s.act.Path, "no telephone rings for it; a ring step comes before")
		return
	}
	if a.By == "" {
		if len(l.ringing) > 1 {
			s.reading.WrongKey(s.act.Path, "must say by whom: %s ring", and(l.ringing))
			return
		}
		a.By = l.ringing[0]
	}
	if !slices.Contains(l.ringing, a.By) {
		s.nobody("by", a.By, l.ringing, "whose telephone rings")
		return
	}
	l.with, l.ringing = a.By, nil
}

// nobody notes that somebody is not among those who could do something.
func (s *story) nobody(field, who string, those []string, which string) {
	if _, ok := s.names[who]; !ok {
		s.find(s.at(field), who, aUser, aPerson)
		return
	}
	s.wrong(s.at(field), "%s is not one %s: that is %s", who, which, and(those))
}

// party is somebody who talks in a call: whom the step names, else otherwise.
func (s *story) party(l *live, by *string, otherwise string) bool {
	if l.commanded {
		*by = cmp.Or(*by, otherwise, l.caller)
		_, ok := s.find(s.at("by"), *by, aUser, aPerson)
		return ok
	}
	if l.with == "" {
		s.wrong(s.act.Path, "nobody talks to %s yet; somebody answers before", l.caller)
		return false
	}
	if *by == "" {
		*by = otherwise
	}
	if *by != l.caller && *by != l.with {
		s.nobody("by", *by, []string{l.caller, l.with}, "who talks")
		return false
	}
	return true
}

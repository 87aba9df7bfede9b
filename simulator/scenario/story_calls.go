package scenario

import (
	"regexp"
	"slices"
)

// play has the callflow play something.
func (s *story) play(d *Play) {
	l := s.live("call", &d.Call)
	if l == nil {
		return
	}
	if l.with != "" {
		s.wrong(s.act.Path, "%s talks to %s, and the callflow plays nothing", l.caller, l.with)
		return
	}
	d.For = Duration(takes(d))
	l.app, l.ringing = true, nil
}

func (s *story) press(d *Press) {
	l := s.live("call", &d.Call)
	if l == nil {
		return
	}
	if !l.app || l.with != "" {
		s.party(l, &d.By, l.caller)
		return
	}
	if d.By == "" {
		d.By = l.caller
	}
	if d.By != l.caller {
		s.nobody("by", d.By, []string{l.caller}, "who hears the callflow")
	}
}

func (s *story) hold(d *Hold) {
	l := s.live("call", &d.Call)
	if l == nil || !s.party(l, &d.By, l.with) {
		return
	}
	if l.held[d.By] && !l.commanded {
		s.wrong(s.act.Path, "%s holds the other already", d.By)
	}
	l.held[d.By] = true
}

func (s *story) resume(d *Resume) {
	l := s.live("call", &d.Call)
	if l == nil || !s.party(l, &d.By, l.with) {
		return
	}
	if !l.held[d.By] && !l.commanded {
		s.wrong(s.act.Path, "%s holds nobody; a hold step comes before", d.By)
	}
	l.held[d.By] = false
}

func (s *story) transfer(d *Transfer) {
	l := s.live("call", &d.Call)
	if l == nil || !s.within(l) || !s.party(l, &d.By, l.with) {
		return
	}
	to, ok := s.target(s.at("to"), thing{sort: aUser, account: l.Account}, d.To)
	if !ok {
		return
	}
	d.Number = to.number
	rings := to.rings
	if len(rings) == 0 {
		rings = []string{d.To}
	}
	if !l.commanded && (slices.Contains(rings, l.caller) || slices.Contains(rings, l.with)) {
		s.wrong(s.at("to"), "%s is in the call already", d.To)
		return
	}
	if d.By == l.caller { // and the other stays
		l.caller = l.with
	}
	l.held = map[string]bool{}
	if d.How == "" {
		d.How = "blind"
	}
	if d.How == "attended" {
		l.with = rings[0]
		return
	}
	l.with, l.ringing = "", rings
}

func (s *story) forward(d *Forward) {
	l := s.live("call", &d.Call)
	if l == nil || !s.within(l) {
		return
	}
	if d.User == "" && len(l.Rings) == 1 {
		d.User = l.Rings[0]
	}
	switch {
	case l.with != "" || l.slot != "":
		s.wrong(s.act.Path, "the call has been answered; a forward comes before")
		return
	case d.User == "":
		s.reading.WrongKey(s.act.Path, "must say which user's telephone forwards: the call is meant for %s", and(l.Rings))
		return
	case !slices.Contains(l.Rings, d.User):
		s.nobody("user", d.User, l.Rings, "for whom the call is meant")
		return
	case slices.Contains(l.ringing, d.User):
		s.wrong(s.act.Path, "the telephone of %s rings already; one that forwards does not ring, so leave it out of the ring step", d.User)
		return
	}
	to, ok := s.target(s.at("to"), thing{sort: aUser, account: l.Account}, d.To)
	if !ok {
		return
	}
	if len(to.rings) > 0 {
		s.wrong(s.at("to"), "%s is in the house; a forward goes to a person or number outside", d.To)
		return
	}
	d.Number = to.number
	l.ringing = append(l.ringing, d.To)
}

func (s *story) intercept(d *Intercept) {
	l := s.live("call", &d.Call)
	if l == nil || !s.within(l) || !s.user("by", d.By, l.Account) {
		return
	}
	switch {
	case len(l.ringing) == 0:
		s.wrong(s.act.Path, "no telephone rings for it, so there is nothing to take")
	case slices.Contains(l.ringing, d.By):
		s.wrong(s.at("by"), "the telephone of %s rings; write answer", d.By)
	default:
		l.with, l.ringing = d.By, nil
	}
}

// user tells whether somebody is a user of an account, and notes it where not.
func (s *story) user(field, name, account string) bool {
	if name == "" {
		return false // form has said so
	}
	t, ok := s.find(s.at(field), name, aUser)
	if ok && t.account != account {
		s.wrong(s.at(field), "%s is a user of %s, and the call is one of %s", name, t.account, account)
		return false
	}
	return ok
}

func (s *story) bridge(d *Bridge) {
	l, other := s.live("call", &d.Call), s.live("with", &d.With)
	if l == nil || other == nil || !s.within(l) || !s.within(other) {
		return
	}
	switch {
	case l == other:
		s.wrong(s.at("with"), "is the same call")
		return
	case l.with == "" && l.slot == "" && !l.app:
		s.wrong(s.at("call"), "nobody has answered it yet")
		return
	case other.with == "" && other.slot == "" && !other.app:
		s.wrong(s.at("with"), "nobody has answered it yet")
		return
	}
	s.unpark(l)
	s.unpark(other)
	l.with, other.with = other.caller, l.caller
}

func (s *story) park(d *Park) {
	l := s.live("call", &d.Call)
	if l == nil || d.Slot == "" || !s.within(l) {
		return
	}
	if l.slot != "" {
		s.wrong(s.act.Path, "it is parked already, in %s", l.slot)
		return
	}
	if !s.party(l, &d.By, l.with) {
		return
	}
	slot := l.Account + " " + string(d.Slot)
	if s.slots[slot] != "" {
		s.wrong(s.at("slot"), "%s is in that slot", s.slots[slot])
		return
	}
	if d.By == l.caller {
		l.caller = l.with
	}
	s.slots[slot] = string(l.Name)
	l.with, l.ringing, l.slot, l.held = "", nil, string(d.Slot), map[string]bool{}
}

func (s *story) retrieve(d *Retrieve) {
	t, ok := s.find(s.at("by"), d.By, aUser)
	if !ok || d.Slot == "" {
		return
	}
	d.Account = t.account
	d.Call = s.slots[t.account+" "+string(d.Slot)]
	if d.Call == "" {
		s.wrong(s.at("slot"), "no call of %s is parked in %s%s", t.account, d.Slot, s.parked(t.account))
		return
	}
	l := s.calls[d.Call]
	s.unpark(l)
	l.with = d.By
}

// parked lists the slots of an account that are taken.
func (s *story) parked(account string) string {
	var slots []string
	for _, l := range s.calls {
		if l != nil && l.slot != "" && l.Account == account {
			slots = append(slots, l.slot)
		}
	}
	if len(slots) == 0 {
		return "; none is parked"
	}
	slices.Sort(slots)
	return "; there is one in " + and(slots)
}

func (s *story) unpark(l *live) {
	delete(s.slots, l.Account+" "+l.slot)
	l.slot = ""
}

func (s *story) record(d *Record) {
	l := s.live("call", &d.Call)
	if l == nil {
		return
	}
	d.For = Duration(d.For.or(defaultRecording))
	if l.with == "" && !l.app {
		s.wrong(s.act.Path, "nobody talks yet; somebody answers before")
	}
}

func (s *story) voicemail(d *Voicemail) {
	l := s.live("call", &d.Call)
	if l == nil {
		return
	}
	if l.with != "" || l.slot != "" {
		s.wrong(s.act.Path, "the call has been answered; a box is for one that nobody takes")
		return
	}
	d.Message = Duration(d.Message.or(defaultMessage))
	if d.Box == "" {
		i := slices.IndexFunc(l.Rings, s.hasBox)
		if i < 0 {
			s.reading.WrongKey(s.act.Path, "must say whose box: none of %s has one (voicemail: true)", and(l.Rings))
			return
		}
		d.Box = l.Rings[i]
	}
	if !s.user("box", d.Box, l.Account) {
		return
	}
	if !s.hasBox(d.Box) {
		s.wrong(s.at("box"), "%s has no voicemail box; give the user voicemail: true", d.Box)
		return
	}
	l.over, l.overAt = "the caller has left a message", s.act.At+s.act.Takes
}

func (s *story) hangup(d *Hangup) {
	l := s.live("call", &d.Call)
	if l == nil {
		return
	}
	if d.By == "" {
		d.By = l.caller
	}
	if d.Cause != "" && !regexp.MustCompile(`^[A-Z][A-Z_]*$`).MatchString(d.Cause) {
		s.wrong(s.at("cause"), "%q is no Hangup-Cause; they are written as USER_BUSY", d.Cause)
	}
	switch i := slices.Index(l.ringing, d.By); {
	case i >= 0: // does not want it; the call goes on
		l.ringing = slices.Delete(l.ringing, i, i+1)
	case d.By == l.caller || d.By == l.with:
		s.unpark(l)
		l.over, l.overAt = d.By+" hung up", s.act.At
	case l.commanded:
		s.find(s.at("by"), d.By, aUser, aPerson)
	default:
		those := append([]string{l.caller}, l.ringing...)
		if l.with != "" {
			those = append(those, l.with)
		}
		s.nobody("by", d.By, those, "who could hang up")
	}
}

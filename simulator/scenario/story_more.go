package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/internal/form"
)

// room is a conference at some moment.
type room struct {
	account string
	members []string
	locked  bool
}

func (s *story) conference(d *Conference) {
	if d.Name == "" {
		return // form has said so
	}
	r := s.rooms[string(d.Name)]
	if r == nil {
		r = &room{account: d.Account}
		s.rooms[string(d.Name)] = r
	}
	if d.Account != "" {
		s.find(s.at("account"), d.Account, anAccount)
	}
	who := d.Who()
	for _, field := range slices.Sorted(maps.Keys(who)) {
		for i, name := range who[field] {
			s.takesPart(r, field, fmt.Sprintf("%s[%d]", s.at(field), i), name)
		}
	}
	if d.Lock != nil {
		r.locked = *d.Lock
	}
	if r.account == "" {
		r.account = s.only(s.act.Path, anAccount)
	}
	d.Account = r.account
}

// Who tells who does what, by the name of the field.
func (d *Conference) Who() map[string][]string {
	who := map[string][]string{}
	v := reflect.ValueOf(d).Elem()
	for _, f := range form.Fields(v.Type()) {
		if names, ok := reflect.TypeAssert[[]string](f.Of(v)); ok && len(names) > 0 {
			who[f.Name] = names
		}
	}
	return who
}

// takesPart has somebody do something in a conference.
func (s *story) takesPart(r *room, what, path, who string) {
	t, ok := s.find(path, who, aUser, aPerson)
	if !ok {
		return
	}
	i := slices.Index(r.members, who)
	switch {
	case what != "join" && i < 0:
		s.wrong(path, "%s is not in the conference; %s", who, inIt(r.members))
	case what == "leave", what == "kick":
		r.members = slices.Delete(r.members, i, i+1)
	case what != "join":
	case i >= 0:
		s.wrong(path, "%s is in the conference already", who)
	case r.locked:
		s.wrong(path, "the conference is locked; nobody joins")
	default:
		if t.sort == aUser && r.account == "" {
			r.account = t.account
		}
		r.members = append(r.members, who)
	}
}

func inIt(members []string) string {
	if len(members) == 0 {
		return "nobody is"
	}
	return "in it: " + and(members)
}

func (s *story) fax(d *Fax) {
	from, ok := s.find(s.at("from"), d.From, aUser, aPerson)
	if !ok {
		return
	}
	to, ok := s.target(s.at("to"), from, d.To)
	if !ok {
		return
	}
	d.Account, d.Number, d.Incoming = to.account, to.number, from.sort == aPerson
	if d.Pages == 0 {
		d.Pages = defaultPages
	}
	if d.Result == "" {
		d.Result = "ok"
	}
	switch {
	case !d.Incoming && len(to.rings) > 0:
		s.wrong(s.at("to"), "%s is in the house; a fax goes to a person or number outside", d.To)
	case !d.Incoming && d.Result == "broken":
		s.wrong(s.at("result"), "a fax that goes out is ok, or finds the other busy or nobody there")
	case d.Incoming && (d.Result == "busy" || d.Result == "no_answer"):
		s.wrong(s.at("result"), "a fax that comes in is ok or broken; of one that finds us %s nobody hears", strings.ReplaceAll(d.Result, "_", " "))
	}
}

func (s *story) message(d *Message) {
	from, ok := s.find(s.at("from"), d.From, aUser, aPerson)
	if !ok {
		return
	}
	if to, ok := s.target(s.at("to"), from, d.To); ok {
		d.Account, d.Number, d.Incoming = to.account, to.number, from.sort == aPerson
	}
	if d.Kind == "" {
		d.Kind = "sms"
	}
}

func (s *story) load(d *Load) {
	if d.For == 0 && d.Calls == 0 {
		s.reading.WrongKey(s.act.Path, `has no end; say "for" how long, or how many "calls"`)
	}
	if d.Rate == 0 {
		d.Rate = 1
	}
	if d.Arrivals == "" {
		d.Arrivals = "poisson"
	}
	for i, name := range d.Accounts {
		at := fmt.Sprintf("%s[%d]", s.at("accounts"), i)
		if _, ok := s.find(at, name, anAccount); ok && !s.telephones(name) {
			s.wrong(at, "%s needs a number and a user for that", name)
		}
	}
	if len(d.Accounts) > 0 {
		return
	}
	for _, a := range s.file.Accounts {
		if s.telephones(a.Name) {
			d.Accounts = append(d.Accounts, a.Name)
		}
	}
	if len(d.Accounts) == 0 {
		s.wrong(s.act.Path, "no account has a number and a user, so there can be no calls")
	}
}

func (s *story) telephones(account string) bool {
	a := s.account(account)
	return len(a.Numbers) > 0 && len(a.Users) > 0
}

func (s *story) fault(d *Fault) {
	switch {
	case d.ReceiverDown != "":
		s.find(s.at("receiver_down"), d.ReceiverDown, aReceiver)
	case d.For > 0:
		s.wrong(s.at("for"), "is for receiver_down alone; the others are over at once")
	}
}

package stage

import (
	"fmt"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

// conferenceNumber is what users dial for a conference.
const conferenceNumber = "3000"

func (s *Stage) conference(act *scenario.Act, do *scenario.Conference) {
	name := string(do.Name)
	q := s.rooms[name]
	if q == nil {
		q = &queue{}
		s.rooms[name] = q
	}
	then := func(done func()) switchboard.Then {
		return func(err error) {
			s.failed(act, err)
			done()
		}
	}
	for _, who := range do.Join {
		q.do(func(done func()) { s.join(do, who, then(done)) })
	}
	for _, what := range []struct {
		who []string
		do  func(*pbx.Channel, switchboard.Then)
	}{
		{do.Leave, s.board.Leave},
		{do.Kick, s.board.Leave},
		{do.Mute, member(func(m *pbx.Member) error { return m.Mute(true) })},
		{do.Unmute, member(func(m *pbx.Member) error { return m.Mute(false) })},
		{do.Deaf, member(func(m *pbx.Member) error { return m.Deafen(true) })},
		{do.Undeaf, member(func(m *pbx.Member) error { return m.Deafen(false) })},
		{do.Talk, member(func(m *pbx.Member) error { return m.Talk(true) })},
	} {
		for _, who := range what.who {
			q.do(func(done func()) { what.do(s.seats[name+"/"+who], then(done)) })
		}
	}
	if do.Lock != nil {
		q.do(func(done func()) {
			room, ok := s.core.Room(s.World.Offices[do.Account].Account, s.World.rooms[name])
			if !ok {
				then(done)(fmt.Errorf("nobody is in %s", name))
				return
			}
			then(done)(room.Lock(*do.Lock))
		})
	}
}

func member(do func(*pbx.Member) error) func(*pbx.Channel, switchboard.Then) {
	return func(ch *pbx.Channel, then switchboard.Then) {
		if ch == nil || ch.Member() == nil {
			then(fmt.Errorf("not in the conference"))
			return
		}
		then(do(ch.Member()))
	}
}

// join has somebody dial in.
func (s *Stage) join(do *scenario.Conference, who string, then switchboard.Then) {
	o := s.World.Offices[do.Account]
	var ch *pbx.Channel
	var err error
	enter := func(err error) {
		if err != nil {
			then(err)
			return
		}
		s.board.Enter(ch, s.World.rooms[string(do.Name)], false, then)
	}
	if seat, ok := s.World.users[who]; ok {
		ch, err = s.board.Dial(o.Account, seat.device, conferenceNumber, "", "", enter)
	} else {
		number := conferenceNumber
		if len(o.Numbers) > 0 {
			number = o.Numbers[0]
		}
		ch, err = s.board.Arrive(o.Account, s.World.people[who], number, "", "", enter)
	}
	if err != nil {
		then(err)
		return
	}
	s.seats[string(do.Name)+"/"+who] = ch
}

func (s *Stage) fax(act *scenario.Act, do *scenario.Fax) {
	o := s.World.Offices[do.Account]
	box := o.FaxBoxes[0]
	then := func(err error) { s.failed(act, err) }
	if do.Incoming {
		var ch *pbx.Channel
		ch, err := s.board.Arrive(o.Account, s.World.people[do.From], do.Number, "", "", func(err error) {
			if err != nil {
				then(err)
				return
			}
			s.board.ReceiveFax(ch, box, do.Pages, do.Result == "broken", then)
		})
		s.failed(act, err)
		return
	}
	cause := map[string]string{"busy": "USER_BUSY", "no_answer": "NO_ANSWER"}[do.Result]
	_, err := s.board.SendFax(o.Account, box, do.Number, do.Pages, cause, then)
	s.failed(act, err)
}

// message sends a text.
func (s *Stage) message(do *scenario.Message) error {
	name := do.Kind + "_outbound"
	from, to := s.number(do.From, do.Account), do.Number
	if do.Incoming {
		name = do.Kind + "_inbound"
		if o := s.World.Offices[do.Account]; !pbx.IsNumber(to) && len(o.Numbers) > 0 { // a user's has the account's
			to = o.Numbers[0]
		}
	}
	kind, _ := pbx.FindKind(name)
	return s.compose(kind, s.spec(do.Account), jobj.Object{
		{Key: "From", Value: from}, {Key: "To", Value: to}, {Key: "Body", Value: do.Body},
	})
}

// number is what others see of somebody.
func (s *Stage) number(who, account string) string {
	if p, ok := s.World.people[who]; ok {
		return p.Number
	}
	if o := s.World.Offices[account]; len(o.Numbers) > 0 {
		return o.Numbers[0]
	}
	return s.World.users[who].device.Extension
}

func (s *Stage) spec(account string) pbx.Spec {
	o := s.World.Offices[account]
	spec := pbx.Spec{AccountID: o.Account.ID, AccountName: o.Account.Name, AccountRealm: o.Account.Realm, ResellerID: o.Account.ResellerID}
	if len(o.Numbers) > 0 {
		spec.Dialled = o.Numbers[0]
	}
	if len(o.Devices) > 0 {
		d := o.Devices[0]
		spec.CalleeName, spec.Extension, spec.OwnerID = d.Name, d.Extension, d.OwnerID
	}
	return spec
}

func (s *Stage) edit(do *scenario.Edit) error {
	a := s.World.Offices[do.Account].Account
	monthly := slices.Contains([]string{"fax", "mailbox_message", "call_recording"}, do.Type)
	id := scenario.Fill(do.ID, s.Lookup)
	if id == "" {
		id = s.core.NewDocumentID(monthly)
	}
	return s.core.Change(a, do.Action, do.Type, id, s.writes.next(id), monthly)
}

func (s *Stage) emit(do *scenario.Emit) error {
	spec := s.spec(do.Account)
	if c := s.casts[do.Call]; c != nil {
		spec.CallID = c.first.CallID()
	}
	for _, m := range do.Set {
		value, _ := m.Value.(string)
		switch m.Key { // given to what happens, they are repeated in other fields too
		case "Call-ID":
			spec.CallID = scenario.Fill(value, s.Lookup)
		case "Type":
			spec.Type = value
		}
	}
	kind, ok := pbx.FindKind(do.Event)
	if ok {
		return s.compose(kind, spec, do.Set)
	}
	return s.sayAll(s.core.WholeCall(spec), do.Set)
}

func (s *Stage) compose(kind pbx.Kind, spec pbx.Spec, set jobj.Object) error {
	events, err := s.core.Compose(kind, spec)
	if err != nil {
		return err
	}
	return s.sayAll(events, set)
}

func (s *Stage) sayAll(events []pbx.Event, set jobj.Object) error {
	for _, e := range events {
		for _, m := range set {
			value, _ := m.Value.(string)
			changed, err := e.With(m.Key, scenario.Fill(value, s.Lookup))
			if err != nil {
				return err
			}
			e = changed
		}
		s.Say(e)
	}
	return nil
}

func (s *Stage) load(do *scenario.Load) error {
	arrivals, err := traffic.ParseArrivals(do.Arrivals, do.Rate)
	if err != nil {
		return err
	}
	var offices []office.Office
	for _, name := range do.Accounts {
		offices = append(offices, *s.World.Offices[name])
	}
	traffic.New(traffic.Config{Arrivals: arrivals, Offices: offices, Calls: do.Calls, Duration: time.Duration(do.For)}, s.player, s.Line, s.IDs, nil).Begin()
	return nil
}

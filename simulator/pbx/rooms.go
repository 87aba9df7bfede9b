package pbx

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Room is a conference that is on: from its first member to its last.
type Room struct {
	core     *Core
	account  Account
	id       string
	instance string // of this time, another one the next
	members  []*Member
	last     int // Participant-ID
	locked   bool
	began    time.Time
}

// Member is a channel in a conference.
type Member struct {
	room *Room
	ch   *Channel
	id   int

	Moderator            bool
	muted, deaf, talking bool
	left                 func() // told when it has left; nil for nobody
}

// Seat is as what a channel joins a conference.
type Seat struct{ Moderator, Muted, Deaf bool }

// OnLeave has somebody told when the member has left.
func (m *Member) OnLeave(told func()) { m.left = told }

// Room finds a conference of an account that is on.
func (c *Core) Room(a Account, id string) (*Room, bool) {
	r, ok := c.rooms[a.ID+"/"+id]
	return r, ok
}

// RoomNamed finds a conference that is on, whosever it is.
func (c *Core) RoomNamed(id string) (*Room, bool) {
	for _, r := range c.allRooms() {
		if r.id == id {
			return r, true
		}
	}
	return nil, false
}

// Rooms lists the conferences of an account that are on, the oldest first.
func (c *Core) Rooms(accountID string) []*Room {
	return slices.DeleteFunc(c.allRooms(), func(r *Room) bool { return r.account.ID != accountID })
}

func (c *Core) allRooms() []*Room {
	return slices.SortedFunc(maps.Values(c.rooms), func(a, b *Room) int { return cmp.Or(a.began.Compare(b.began), cmp.Compare(a.id, b.id)) })
}

// Report is what is answered to who asks for the conference.
func (r *Room) Report() jobj.Object {
	participants := []any{}
	for _, m := range r.members {
		participants = append(participants, m.fields(m == r.speaker()))
	}
	return jobj.Object{
		{Key: "Conference-ID", Value: r.id},
		{Key: "UUID", Value: r.instance},
		{Key: "Participant-Count", Value: len(r.members)},
		{Key: "Participants", Value: participants},
		{Key: "Locked", Value: r.locked},
		{Key: "Running", Value: true},
		{Key: "Answered", Value: true},
		{Key: "Dynamic", Value: true},
		{Key: "Run-Time", Value: int64(r.core.now().Sub(r.began) / time.Second)},
		{Key: "Start-Time", Value: kapi.Gregorian(r.began)},
		{Key: "Switch-Hostname", Value: r.core.host.Switch},
		{Key: "Switch-URL", Value: r.core.url()},
	}
}

// ID names the conference, whenever it is held.
func (r *Room) ID() string { return r.id }

// Members are those who are in it, in the order in which they came.
func (r *Room) Members() []*Member { return slices.Clone(r.members) }

// Channel is the member's leg.
func (m *Member) Channel() *Channel { return m.ch }

// Number is the Participant-ID, counted from 1.
func (m *Member) Number() int { return m.id }

// Member is the channel's seat in a conference; nil while it is in none.
func (ch *Channel) Member() *Member { return ch.member }

// Enter has an answered channel join a conference, which begins with the first.
func (c *Core) Enter(ch *Channel, id string, moderator bool) (*Member, error) {
	return c.EnterAs(ch, id, Seat{Moderator: moderator})
}

// EnterAs is Enter for who is not heard, or does not hear.
func (c *Core) EnterAs(ch *Channel, id string, as Seat) (*Member, error) {
	if err := ch.must("put into a conference", isAnswered); err != nil {
		return nil, err
	}
	if ch.peer != nil || ch.member != nil {
		return nil, &StateError{ch.callID, "put into a conference", "in a call"}
	}
	key := ch.account.ID + "/" + id
	room := c.rooms[key]
	switch {
	case room == nil:
		room = &Room{core: c, account: ch.account, id: id, instance: c.uuid1(), began: c.now()}
		c.rooms[key] = room
		if err := room.tell("conference-create", nil); err != nil {
			return nil, err
		}
	case room.locked:
		return nil, &StateError{ch.callID, "put into a conference", "kept out: it is locked"}
	}
	room.last++
	m := &Member{room: room, ch: ch, id: room.last, Moderator: as.Moderator, muted: as.Muted, deaf: as.Deaf}
	room.members = append(room.members, m)
	ch.member = m
	ch.set("Is-Conference", "true")
	return m, room.tell("add-member", m)
}

// Leave takes a member out; its channel stays up. The conference ends with the last.
func (m *Member) Leave() error {
	r := m.room
	if m.ch.member != m {
		return &StateError{m.ch.callID, "take out of a conference", "in none"}
	}
	m.talking = false
	m.ch.member = nil
	r.members = slices.DeleteFunc(r.members, func(other *Member) bool { return other == m })
	if m.left != nil {
		defer m.left()
	}
	if err := r.tell("del-member", m); err != nil || len(r.members) > 0 {
		return err
	}
	delete(r.core.rooms, r.account.ID+"/"+r.id)
	return r.tell("conference-destroy", nil)
}

// Talk has a member begin or stop to talk. One who is muted is not heard.
func (m *Member) Talk(on bool) error {
	if m.talking == on || on && m.muted {
		return nil
	}
	m.talking = on
	return m.room.tell(either(on, "start-talking", "stop-talking"), m)
}

// Mute keeps a member from being heard, or no longer.
func (m *Member) Mute(on bool) error {
	if m.muted == on {
		return nil
	}
	if err := m.Talk(false); err != nil {
		return err
	}
	m.muted = on
	return m.room.tell(either(on, "mute-member", "unmute-member"), m)
}

// Deafen keeps a member from hearing, or no longer.
func (m *Member) Deafen(on bool) error {
	if m.deaf == on {
		return nil
	}
	m.deaf = on
	return m.room.tell(either(on, "deaf-member", "undeaf-member"), m)
}

// Lock keeps further members out, or no longer.
func (r *Room) Lock(on bool) error {
	if r.locked == on {
		return nil
	}
	r.locked = on
	return r.tell(either(on, "lock", "unlock"), nil)
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// tell says what has happened in the conference, to a member or to all.
func (r *Room) tell(event string, m *Member) error {
	fields := jobj.Object{
		{Key: "Event", Value: event},
		{Key: "Account-ID", Value: r.account.ID},
		{Key: "Conference-ID", Value: r.id},
		{Key: "Instance-ID", Value: r.instance},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{}},
		{Key: "Conference-Channel-Vars", Value: jobj.Object{}},
	}
	if m != nil {
		fields = fields.Merge(m.fields(m == r.speaker()))
	}
	return r.core.tell(kapi.CategoryConference, "event", origin{"freeswitch", direct}, fields)
}

// speaker is who has the floor: the first of those who are there.
func (r *Room) speaker() *Member {
	if len(r.members) == 0 {
		return nil
	}
	return r.members[0]
}

func (m *Member) fields(floor bool) jobj.Object {
	ch, energy := m.ch, 0
	if m.talking {
		energy = 1200
	}
	return jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Participant-ID", Value: m.id},
		{Key: "Caller-ID-Name", Value: ch.farName()},
		{Key: "Caller-ID-Number", Value: ch.farNumber()},
		{Key: "Channel-Presence-ID", Value: ch.presenceID},
		{Key: "Custom-Channel-Vars", Value: ch.customChannelVars()},
		{Key: "Conference-Channel-Vars", Value: jobj.Object{
			{Key: "Is-Moderator", Value: m.Moderator},
			{Key: "Floor", Value: floor},
			{Key: "Video", Value: false},
			{Key: "See", Value: true},
			{Key: "Speak", Value: !m.muted},
			{Key: "Hear", Value: !m.deaf},
			{Key: "Talking", Value: m.talking},
			{Key: "Mute-Detect", Value: false},
			{Key: "Member-Ghost", Value: false},
			{Key: "Energy-Level", Value: 20},
			{Key: "Current-Energy", Value: energy},
			{Key: "Member-ID", Value: m.id},
		}},
	}
}

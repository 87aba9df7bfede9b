package control

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// enter has a leg join a conference, in which it is until it leaves that or ends. One that is full
// takes nobody in.
func (c *Control) enter(ch *pbx.Channel, message jobj.Object, then func(error)) {
	id := message.String("Conference-ID")
	if most, err := strconv.Atoi(plain(message, "Max-Members")); err == nil && most > 0 {
		if room, ok := c.Core.Room(ch.Account(), id); ok && len(room.Members()) >= most {
			then(fmt.Errorf("the conference %s has its %d members", id, most))
			return
		}
	}
	as := pbx.Seat{
		Moderator: message.Bool(false, "Moderator"), Muted: message.Bool(false, "Mute"), Deaf: message.Bool(false, "Deaf"),
	}
	c.Board.EnterAs(ch, id, as, func(err error) {
		m := ch.Member()
		if err != nil || m == nil {
			then(err)
			return
		}
		ch.Runs("conference")
		m.OnLeave(func() { c.left(ch, id, message.Bool(false, "Ends"), then) })
	})
}

// left tells of the end of a conference for a leg, which goes on a moment later, unless it has
// ended. With who ends it (endconf) the others leave, too.
func (c *Control) left(ch *pbx.Channel, id string, ends bool, then func(error)) {
	var err error
	if ch.Running() == "conference" {
		ch.Runs("")
		err = ch.Executed("conference", "")
	}
	c.Line.After(0, func() { then(err) })
	room, ok := c.Core.Room(ch.Account(), id)
	if !ends || !ok {
		return
	}
	for _, m := range room.Members() {
		if m.Channel().Member() == m { // who may have left with another
			c.then("end a conference", jobj.Object{{Key: "Call-ID", Value: m.Channel().CallID()}})(m.Leave())
		}
	}
}

// conference does what a conference is told.
func (c *Control) conference(message jobj.Object) {
	then := c.then("conference "+message.String("Application-Name"), message)
	room, ok := c.Core.RoomNamed(message.String("Conference-ID"))
	if !ok {
		return
	}
	asked, all := message.Int("Participant-ID"), !message.Has("Participant-ID")
	switch message.String("Application-Name") {
	case "lock", "unlock":
		then(room.Lock(message.String("Application-Name") == "lock"))
		return
	}
	for _, m := range room.Members() {
		if !all && int64(m.Number()) != asked {
			continue
		}
		switch message.String("Application-Name") {
		case "mute_participant", "unmute_participant":
			then(m.Mute(message.String("Application-Name") == "mute_participant"))
		case "deaf_participant", "undeaf_participant":
			then(m.Deafen(message.String("Application-Name") == "deaf_participant"))
		case "kick":
			c.Board.Hangup(m.Channel(), "NORMAL_CLEARING", then)
		}
	}
}

// discover hears who looks for a conference: one question is who has it, the other has a call
// taken into it.
func (c *Control) discover(request jobj.Object) {
	switch request.String("Event-Name") {
	case "search_req":
		c.search(request)
	case "discovery_req":
		c.admit(request)
	}
}

// admit has a call join the conference of a discovery_req, in its turn (conf_discovery_req).
func (c *Control) admit(request jobj.Object) {
	callID := request.String("Call", "Call-ID")
	ch, ok := c.Core.Channel(callID)
	if !ok {
		return // another switch's
	}
	doc := request.Object("Conference-Doc")
	id := firstText(request, "Conference-ID")
	if id == "" {
		id = firstText(doc, "id", "_id")
	}
	if id == "" {
		c.Log.Warn("the switch was asked for a conference without a Conference-ID", "call_id", callID)
		return
	}
	moderator := request.Bool(false, "Moderator")
	seat := doc.Object("member")
	if moderator {
		seat = doc.Object("moderator")
	}
	profile := doc.Object("profile")
	c.order(jobj.Object{
		{Key: "Application-Name", Value: "conference"},
		{Key: "Call-ID", Value: ch.CallID()},
		{Key: "Conference-ID", Value: id},
		{Key: "Moderator", Value: moderator},
		{Key: "Mute", Value: seat.Bool(false, "join_muted")},
		{Key: "Deaf", Value: seat.Bool(false, "join_deaf")},
		{Key: "Max-Members", Value: plain(doc, "max_participants")},
		{Key: "Ends", Value: strings.Contains(profile.String("member-flags"), "endconf")},
	}, nil)
}

// search answers who has a conference, or those of an account.
func (c *Control) search(request jobj.Object) {
	def := kapi.Definition{
		Category: kapi.CategoryConference, Name: "search_resp",
		Optional: []string{"Answered", "Conference-ID", "Conferences", "Dynamic", "Locked", "Participant-Count", "Participants",
			"Run-Time", "Running", "Start-Time", "Switch-Hostname", "Switch-URL", "Switch-External-IP", "UUID"},
	}
	if account := request.String("Account-ID"); account != "" {
		all := jobj.Object{}
		for _, room := range c.Core.Rooms(account) {
			all = append(all, jobj.Member{Key: room.ID(), Value: room.Report()})
		}
		c.reply(request, def, jobj.Object{{Key: "Conferences", Value: all}})
		return
	}
	if room, ok := c.Core.RoomNamed(request.String("Conference-ID")); ok {
		c.reply(request, def, room.Report())
	}
}

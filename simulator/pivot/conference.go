package pivot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// enter has the caller join a conference (kzt_twiml_dial:dial_conference/4).
func (d *dialling) enter(n *twiml.Node) {
	p := d.p
	p.command(p.sender().Answer())
	id := kapi.ConferenceID(p.w.accountID, n.OwnText())
	p.w.note(conferenceTenants, "the conference belongs to the account. In Kazoo everybody who names it so meets in it, whatever their account")
	p.w.bind(kapi.ExchangeConference, fmt.Sprintf("conference.event.*.*.%s.%s", id, kapi.EncodeKey(p.w.callID)))
	start, given := n.Attr("startConferenceOnEnter")
	moderator := !given || start == "true"
	s := dialplan.Sender{CallID: p.w.callID, Node: p.w.e.Node, MsgID: p.sender().MsgID}
	p.w.publish(kapi.ExchangeConference, "conference.discovery", s.As("translator", "4.0.0", "conference", "discovery_req",
		jobj.Member{Key: "Moderator", Value: moderator},
		jobj.Member{Key: "Conference-Name", Value: id},
		jobj.Member{Key: "Conference-ID", Value: id},
		jobj.Member{Key: "Conference-Doc", Value: d.conferenceDoc(n, id)},
		jobj.Member{Key: "Call", Value: p.serialised()},
	))
	method := p.method(n)
	if _, given := d.n.Attr("method"); given {
		method = p.method(d.n)
	}
	d.read()
	d.setCaller()
	d.attendConference(method)
}

func (d *dialling) conferenceDoc(n *twiml.Node, id string) jobj.Object {
	start, given := n.Attr("startConferenceOnEnter")
	waits := given && start != "true"
	flags := jobj.Object{
		{Key: "join_muted", Value: n.Bool("muted", false)}, {Key: "join_deaf", Value: n.Bool("deaf", false)},
		{Key: "play_name", Value: n.Bool("play_name", false)}, {Key: "play_entry_prompt", Value: n.Bool("play_entry_prompt", true)},
	}
	member, moderator := flags, jobj.Object{}
	if given && start == "true" {
		member, moderator = moderator, member
	}
	most := int64(40)
	if v, given := n.Int("maxParticipants"); given {
		if v < 3 || v > 40 {
			bound := min(max(v, 3), 40)
			d.p.bad(n, "maxParticipants", fmt.Sprintf("is not within 3 and 40: %d is taken", bound))
			v = bound
		}
		most = v
	}
	return jobj.Object{
		{Key: "name", Value: id}, {Key: "id", Value: id},
		{Key: "play_welcome", Value: false},
		{Key: "play_entry_tone", Value: n.Bool("beep", true)},
		{Key: "member", Value: member}, {Key: "moderator", Value: moderator},
		{Key: "require_moderator", Value: waits},
		{Key: "wait_for_moderator", Value: true},
		{Key: "max_participants", Value: most},
		{Key: "profile_name", Value: id + "_" + d.p.w.accountID},
		{Key: "profile", Value: d.profile(n, waits, most)},
	}
}

// profile is the switch's view of the conference; its keys are alphabetical.
func (d *dialling) profile(n *twiml.Node, waits bool, most int64) jobj.Object {
	var o jobj.Object
	put := func(key string, value any) { o = append(o, jobj.Member{Key: key, Value: value}) }
	given := func(key, attr, otherwise string) {
		v, ok := d.p.text(n, attr)
		if !ok {
			v = otherwise
		}
		if v != "" {
			put(key, v)
		}
	}
	number := func(key, attr string, otherwise int64) {
		v, ok := n.Int(attr)
		if !ok {
			v = otherwise
		}
		put(key, v)
	}
	if v, ok := n.Int("announceCount"); ok {
		put("announce-count", v)
	}
	given("caller-controls", "callerControls", "default")
	given("caller-id-name", "callerIdName", "unknown")
	given("caller-id-number", "callerIdNumber", "anonymous")
	number("comfort-noise", "comfortNoise", 1000)
	if waits {
		put("conference-flags", "wait-mod")
	}
	number("energy-level", "energyLevel", 20)
	number("interval", "interval", 20)
	put("max-members", most)
	if n.Bool("endConferenceOnExit", false) {
		put("member-flags", "endconf")
	}
	given("moderator-controls", "moderatorControls", "default")
	given("moh-sound", "waitUrl", d.p.w.e.settings.ConferenceMusic)
	number("rate", "rate", 16000)
	given("tts-engine", "engine", d.p.w.e.settings.Engine)
	put("tts-voice", d.p.voice(n))
	return o
}

// serialised is the call as messages carry it (kapps_call:to_json/1).
func (p *process) serialised() jobj.Object {
	state := p.state.Set(keyCounter, int64(p.w.iteration)).Set(keyURI, p.w.uri)
	slices.SortFunc(state, func(a, b jobj.Member) int { return strings.Compare(a.Key, b.Key) })
	o := jobj.Object{{Key: "Key-Value-Store", Value: state}}
	otherwise := map[string]any{
		"Call-Bridged": false, "Is-Recording": false, "Is-Call-Forward": false, "Message-Left": false,
		"Custom-Application-Vars": jobj.Object{}, "Custom-Channel-Vars": jobj.Object{}, "Custom-SIP-Headers": jobj.Object{},
		"From": "nouser@norealm", "To": "nouser@norealm", "Request": "nouser@norealm",
		"From-Realm": p.realm("From"), "From-User": p.user("From"), "To-Realm": p.realm("To"), "To-User": p.user("To"),
		"Request-Realm": p.realm("Request"), "Request-User": p.user("Request"),
		"Caller-ID-Name": "unknown", "Caller-ID-Number": "anonymous",
		"Language": request.DefaultLanguage,
	}
	for _, key := range kapi.CallKeys() {
		if key == "Key-Value-Store" { // it stands first
			continue
		}
		v, has := p.call.Get(key)
		if !has || v == nil || v == "" {
			v, has = otherwise[key]
		}
		if key == "Controller-Queue" {
			v = p.w.queue
		}
		if has {
			o = append(o, jobj.Member{Key: key, Value: v})
		}
	}
	return o
}

// attendConference waits until the caller has left.
func (d *dialling) attendConference(method string) {
	p := d.p
	c := &course{dialling: d}
	p.set(request.KeyCallStatus, statusProgress)
	end := func(why string) {
		c.over = true
		if c.timer != nil {
			c.timer.Cancel()
		}
		p.w.tell(Step{Kind: Judged, Verb: "Dial", Text: "the conference is over, for " + why})
		if _, given := p.text(d.n, "action"); given {
			if p.w.e.corrected() {
				d.then(p.next(p.action(d.n), method))
				return
			}
			p.w.note(conferenceNoAction, "the action of a Dial with a Conference is never asked: the document ends")
		}
		d.then(stops)
	}
	c.alarm(d.timeout, func() { end("nobody has let the caller in before its time was up") })
	joined := func() {
		c.alarm(d.limit, func() {
			p.command(p.sender().Park())
			end("its time limit is over")
		})
	}
	var wait func()
	wait = func() {
		p.receive(0, func(event jobj.Object) {
			name, what := named(event)
			switch {
			case name == "CHANNEL_EXECUTE" && what == "conference", name == "conference" && what == "conference-create",
				name == "conference" && what == "add-member" && p.own(event):
				joined()
			case name == "CHANNEL_EXECUTE_COMPLETE" && what == "conference", name == "conference" && what == "conference-destroy":
				p.command(p.sender().Park())
				end("the caller has left it")
				return
			case name == "CHANNEL_DESTROY":
				end("the caller has hung up")
				return
			case name == "DTMF":
				digit := event.String("DTMF-Digit")
				if d.hangupOn != "" && digit == d.hangupOn {
					p.command(p.sender().Hangup())
					end("hangupOn was pressed")
					return
				}
				p.collect(digit)
			}
			wait()
		}, nil)
	}
	wait()
}

package callflow

import (
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// usualTimeout is how long telephones ring, in seconds, where nothing is said.
const usualTimeout = 20

// endpoint is a telephone to ring.
type endpoint struct {
	device         jobj.Object
	timeout, delay int64 // seconds
	weight         int64
}

// device rings a telephone (cf_device).
func (a *act) device() {
	id := a.data.String("id")
	a.document("devices", id, func(doc jobj.Object, found bool) {
		if !found {
			a.next(anyKey, "there is no device "+id)
			return
		}
		timeout := a.whole("timeout", usualTimeout)
		if timeout == 0 && a.Compat != fidelity.Kazoo { // quirk default-terminator: the schema writes it
			timeout = usualTimeout
		}
		a.bridge(dial{
			ends: []endpoint{{device: doc, timeout: timeout, delay: a.whole("delay", 0)}}, timeout: timeout,
			strategy: a.data.String("dial_strategy"),
		})
	})
}

// user rings the telephones of a user (cf_user).
func (a *act) user() {
	id := a.data.String("id")
	timeout := a.whole("timeout", usualTimeout)
	a.owned(id, timeout, a.whole("delay", 0), func(ends []endpoint) {
		a.bridge(dial{ends: ends, timeout: timeout, strategy: a.data.String("strategy"), single: a.data.Bool(false, "fail_on_single_reject")})
	})
}

func (a *act) owned(id string, timeout, delay int64, then func([]endpoint)) {
	a.Documents.Owned(a.call.account, id, func(devices []jobj.Object) {
		if a.over {
			return
		}
		var ends []endpoint
		for _, doc := range devices {
			ends = append(ends, endpoint{device: doc, timeout: timeout, delay: delay})
		}
		then(ends)
	})
}

// ringGroup rings telephones, users and groups together or in turn (cf_ring_group).
func (a *act) ringGroup() {
	value, _ := a.data.Get("endpoints")
	list, _ := value.([]any)
	a.members(list, nil, func(ends []endpoint) {
		strategy := a.data.String("strategy")
		if strategy == "weighted_random" {
			a.shuffle(ends)
			strategy = "single"
		}
		a.bridge(dial{
			ends: ends, timeout: a.whole("timeout", usualTimeout), strategy: strategy, ringback: a.data.String("ringback"),
			repeats: a.whole("repeats", 1), single: a.data.Bool(false, "fail_on_single_reject"),
		})
	})
}

// group rings those of a stored group (cf_group).
func (a *act) group() {
	a.document("groups", a.data.String("id"), func(doc jobj.Object, _ bool) {
		list, _ := a.data.Get("endpoints")
		given, _ := list.([]any)
		for _, m := range doc.Object("endpoints") {
			if one, is := m.Value.(jobj.Object); is {
				given = append(given, jobj.Object{{Key: "id", Value: m.Key}, {Key: "endpoint_type", Value: one.String("type")}})
			}
		}
		a.data = a.data.Set("endpoints", given)
		a.ringGroup()
	})
}

// members finds the telephones of a list of devices, users and groups.
func (a *act) members(list []any, found []endpoint, then func([]endpoint)) {
	if len(list) == 0 {
		then(found)
		return
	}
	one, _ := list[0].(jobj.Object)
	if id, is := list[0].(string); is {
		one = jobj.Object{{Key: "id", Value: id}, {Key: "endpoint_type", Value: "device"}}
	}
	inner := &act{leg: a.leg, data: one}
	timeout, delay, weight := inner.whole("timeout", usualTimeout), inner.whole("delay", 0), inner.whole("weight", 20)
	id := one.String("id")
	add := func(ends []endpoint) {
		for i := range ends {
			ends[i].weight = weight
		}
		a.members(list[1:], append(found, ends...), then)
	}
	switch one.String("endpoint_type") {
	case "user":
		a.owned(id, timeout, delay, add)
	case "group":
		a.document("groups", id, func(doc jobj.Object, _ bool) {
			more := []any{}
			for _, m := range doc.Object("endpoints") {
				member, _ := m.Value.(jobj.Object)
				if kind := member.String("type"); kind != "group" {
					more = append(more, jobj.Object{
						{Key: "id", Value: m.Key}, {Key: "endpoint_type", Value: kind}, {Key: "timeout", Value: timeout}, {Key: "delay", Value: delay},
					})
				}
			}
			a.members(append(more, list[1:]...), found, then)
		})
	default:
		a.document("devices", id, func(doc jobj.Object, has bool) {
			if !has {
				a.note("there is no device " + id)
				add(nil)
				return
			}
			add([]endpoint{{device: doc, timeout: timeout, delay: delay}})
		})
	}
}

// heavy is the weight of an endpoint, 1 to 100: other writers than REST may have anything.
func heavy(e endpoint) int64 { return min(max(e.weight, 1), 100) }

// shuffle puts endpoints in an order in which the heavier ones tend to stand first.
func (a *act) shuffle(ends []endpoint) {
	for i := range ends {
		var sum int64
		for _, e := range ends[i:] {
			sum += heavy(e)
		}
		drawn := int64(a.IDs.IntN(int(sum)))
		for j := i; j < len(ends); j++ {
			if drawn -= heavy(ends[j]); drawn < 0 {
				ends[i], ends[j] = ends[j], ends[i]
				break
			}
		}
	}
}

// dial is what is rung, and how.
type dial struct {
	ends     []endpoint
	timeout  int64 // seconds; 0 is as long as the switch likes
	strategy string
	ringback string
	repeats  int64
	single   bool // whoever refuses does so for all
}

// bridge rings telephones; who answers talks to the caller until the call ends.
func (a *act) bridge(d dial) {
	if a.over {
		return
	}
	var ends []jobj.Object
	early := false
	for _, end := range d.ends {
		fields, ok := a.endpoint(end)
		if ok {
			early = early || fields.Bool(false, "Ignore-Early-Media")
			ends = append(ends, fields)
		}
	}
	if len(ends) == 0 {
		a.next(anyKey, "there is no telephone to ring")
		return
	}
	var more []jobj.Member
	if d.ringback != "" {
		more = append(more, jobj.Member{Key: "Ringback", Value: a.mediaName(d.ringback)})
	}
	if d.single {
		more = append(more, jobj.Member{Key: "Fail-On-Single-Reject", Value: true})
	}
	if headers := a.data.Object("custom_sip_headers"); len(headers) > 0 {
		more = append(more, jobj.Member{Key: "Custom-SIP-Headers", Value: headers})
	}
	a.say(a.Bridge(dialplan.Bridge{
		Timeout: d.timeout, IgnoreEarlyMedia: early, Method: firstOf(d.strategy, "simultaneous"), Endpoints: ends, More: more, App: app,
	}))
	a.rung(d.timeout, func(cause string) {
		if d.repeats > 1 {
			a.note("nobody answers (" + cause + "): once more")
			d.repeats--
			a.bridge(d)
			return
		}
		a.next(cause, "nobody answers: "+cause)
	})
}

// rung waits for the end of a bridge: a call that was answered stops the flow when it is over.
func (a *act) rung(timeout int64, failed func(cause string)) {
	const grace = 10 * time.Second
	halt := func() {}
	if timeout > 0 {
		halt = a.after(time.Duration(timeout)*time.Second+grace, func() {
			a.hears = nil
			failed("NO_ANSWER")
		})
	}
	a.hears = func(message jobj.Object) {
		switch {
		case isCallEvent(message, kapi.ChannelBridge):
			a.call.set("Call-Bridged", true)
			a.note("answered by " + firstOf(message.String("Other-Leg-Destination-Number"), message.String("Other-Leg-Call-ID")))
			halt()
		case isCallEvent(message, kapi.ChannelExecuted) && message.String("Application-Name") == "bridge":
			a.hears = nil
			halt()
			a.bridged(outcome(message), failed)
		case message.String("Event-Category") == "resource" && message.String("Event-Name") == "offnet_resp":
			a.hears = nil
			halt()
			a.bridged(firstOf(message.String("Response-Message"), message.String("Response-Code"), "NORMAL_TEMPORARY_FAILURE"), failed)
		}
	}
}

// bridged goes on after a bridge.
func (a *act) bridged(cause string, failed func(cause string)) {
	switch cause {
	case "SUCCESS", "NORMAL_CLEARING", "TRANSFER":
		a.stop("the bridge is over: " + cause)
	default:
		failed(cause)
	}
}

// outcome is why a bridge has ended (kapps_call_command:wait_for_bridge/4).
func outcome(event jobj.Object) string {
	return firstOf(event.String("Application-Response"), event.String("Hangup-Cause"), event.String("Disposition"), "SUCCESS")
}

// endpoint is a telephone as a bridge names it (kz_endpoint:build/3). One that is switched off is none, and
// so is the caller's own, unless it may call itself.
func (a *act) endpoint(e endpoint) (jobj.Object, bool) {
	doc := e.device
	id, name := firstOf(doc.String("id"), doc.String("_id")), doc.String("sip", "username")
	switch {
	case !doc.Bool(true, "enabled"):
		a.note("device " + id + " is disabled")
		return nil, false
	case id != "" && id == a.call.text("Authorizing-ID") && !a.data.Bool(false, "can_call_self"):
		a.note("device " + id + " is the caller's own")
		return nil, false
	case name == "":
		a.note("device " + id + " has no SIP user name")
		return nil, false
	}
	realm := firstOf(doc.String("sip", "realm"), a.realm())
	vars := jobj.Object{{Key: "Account-ID", Value: a.call.account}, {Key: "Authorizing-ID", Value: id}, {Key: "Authorizing-Type", Value: "device"}}
	if owner := doc.String("owner_id"); owner != "" {
		vars = append(vars, jobj.Member{Key: "Owner-ID", Value: owner})
	}
	fields := jobj.Object{
		{Key: "Invite-Format", Value: "username"},
		{Key: "Endpoint-Type", Value: "sip"},
		{Key: "Endpoint-ID", Value: id},
		{Key: "Endpoint-Timeout", Value: e.timeout},
		{Key: "Endpoint-Delay", Value: e.delay},
		{Key: "To-User", Value: name},
		{Key: "To-Username", Value: name},
		{Key: "To-Realm", Value: realm},
		{Key: "To-DID", Value: a.call.text("Request-User")},
		{Key: "Presence-ID", Value: name + "@" + realm},
		{Key: "Outbound-Caller-ID-Name", Value: a.call.text("Caller-ID-Name")},
		{Key: "Outbound-Caller-ID-Number", Value: a.call.text("Caller-ID-Number")},
		{Key: "Outbound-Callee-ID-Name", Value: doc.String("name")},
		{Key: "Outbound-Callee-ID-Number", Value: firstOf(doc.String("caller_id", "internal", "number"), a.call.text("Request-User"))},
		{Key: "Custom-SIP-Headers", Value: a.data.Object("custom_sip_headers")},
		{Key: "Custom-Channel-Vars", Value: vars},
	}
	if invite := a.data.String("static_invite"); invite != "" {
		fields = fields.Set("SIP-Invite-Parameters", invite)
	}
	return fields.Filter(func(m jobj.Member) bool {
		held, is := m.Value.(jobj.Object)
		return m.Value != "" && (!is || len(held) > 0)
	}), true
}

// realm is the account's.
func (a *act) realm() string {
	vars := a.call.fields.Object("Custom-Channel-Vars")
	return firstOf(vars.String("Account-Realm"), vars.String("Realm"), a.call.text("To-Realm"), a.call.text("From-Realm"))
}

// resources dials a number over the carriers (cf_resources). It goes to the child of the hangup cause.
func (a *act) resources() {
	to := firstOf(a.data.String("to_did"), a.call.text("Request-User"))
	if !a.data.Bool(false, "do_not_normalize") {
		to = kapi.E164(to)
	}
	var timeout any
	seconds := a.whole("timeout", 0)
	if seconds > 0 {
		timeout = seconds
	}
	more := []jobj.Member{}
	for _, one := range []struct{ from, to string }{
		{"outbound_flags", "Flags"}, {"ignore_early_media", "Ignore-Early-Media"},
		{"format_from_uri", "Format-From-URI"}, {"from_uri_realm", "From-URI-Realm"}, {"custom_sip_headers", "Custom-SIP-Headers"},
		{"bypass_e164", "Bypass-E164"}, {"ringback", "Ringback"},
	} {
		if value, has := a.data.Get(one.from); has && value != "" && value != false {
			if list, is := value.([]any); is && len(list) == 0 {
				continue
			}
			more = append(more, jobj.Member{Key: one.to, Value: value})
		}
	}
	if a.data.Bool(true, "use_local_resources") {
		more = append(more, jobj.Member{Key: "Hunt-Account-ID", Value: firstOf(a.data.String("hunt_account_id"), a.call.account)})
	}
	request := a.Offnet(dialplan.Offnet{
		Timeout: timeout, CallerNumber: a.call.text("Caller-ID-Number"), CallerName: a.call.text("Caller-ID-Name"),
		Media: "process", ControlQueue: a.call.text("Control-Queue"), AccountRealm: a.call.text("From-Realm"), AccountID: a.call.account,
		To: to, More: more, App: app,
	})
	a.Bus.Publish(kapi.ExchangeResources, dialplan.OffnetKey, request)
	a.rung(0, func(cause string) { a.next(cause, to+" was not reached: "+cause) })
}

// conference has the caller go into a conference, which leads the call from then on (cf_conference).
func (a *act) conference() {
	a.say(a.Answer())
	id := a.data.String("id")
	if id == "" {
		id = kapi.ConferenceID(a.call.account, strings.TrimSpace(a.data.String("config", "name")))
	}
	a.document("conferences", a.data.String("id"), func(doc jobj.Object, _ bool) {
		config := doc.Merge(a.data.Object("config"))
		config = config.Delete("id").Set("id", id)
		welcome := a.data.Bool(true, "welcome_prompt", "play")
		if welcome && doc.Bool(true, "play_welcome") {
			a.play(func() { a.enter(id, config) }, a.part(firstOf(a.mediaName(a.data.String("welcome_prompt", "media_id")), a.prompt("conf-welcome"))))
			return
		}
		a.enter(id, config)
	})
}

func (a *act) enter(id string, config jobj.Object) {
	own := []jobj.Member{
		{Key: "Moderator", Value: a.data.Bool(false, "moderator")}, {Key: "Conference-Name", Value: firstOf(config.String("name"), id)},
		{Key: "Conference-ID", Value: id}, {Key: "Conference-Doc", Value: config},
	}
	for _, one := range []struct{ from, to string }{{"play_entry_tone", "Play-Entry-Tone"}, {"play_exit_tone", "Play-Exit-Tone"}} {
		if value, has := a.data.Get(one.from); has {
			own = append(own, jobj.Member{Key: one.to, Value: value})
		}
	}
	own = append(own, jobj.Member{Key: "Call", Value: a.call.object()})
	a.Bus.Publish(kapi.ExchangeConference, "conference.discovery", a.As(app, appVersion, kapi.CategoryConference, "discovery_req", own...))
	a.wait("the conference " + strings.TrimSpace(id) + " leads the call")
}

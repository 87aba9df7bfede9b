package pivot

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// dialling is a Dial at work.
type dialling struct {
	p        *process
	n        *twiml.Node
	timeout  time.Duration
	limit    time.Duration
	record   bool
	collect  bool
	hangupOn string
	callerID bool // whether the Dial names the caller's number, be it empty
	then     func(outcome)
}

// dial finds out what a Dial holds (kzt_twiml_dial:exec/3).
func (p *process) dial(n *twiml.Node, then func(outcome)) {
	content := n.Content()
	if len(content) > 0 && content[0].Kind != twiml.Text && content[0].Kind != twiml.Element {
		p.w.note(dialCommentCrash, "a comment, an instruction or a CDATA section in a Dial is passed over. Kazoo ends the document over one that comes first")
		content = slices.DeleteFunc(slices.Clone(content), func(c *twiml.Node) bool { return c.Kind != twiml.Text && c.Kind != twiml.Element })
	}
	d := &dialling{p: p, n: n, then: then}
	if len(content) == 0 {
		p.w.note(dialCommentCrash, "the Dial holds nothing to dial: the document ends")
		p.why = "it holds nothing to dial"
		then(errs)
		return
	}
	if content[0].Kind == twiml.Text {
		p.command(p.sender().Answer())
		if number := digitsOf(n.OwnText()); number != "" {
			d.read()
			d.dialNumber(number)
			return
		}
		content = n.Elements()
		if len(content) == 0 {
			p.w.note(dialCommentCrash, "the Dial holds neither a number nor somebody to dial: the document ends")
			p.why = "it holds neither a number nor somebody to dial"
			then(errs)
			return
		}
	}
	if len(content) == 1 && content[0].Kind == twiml.Element {
		switch only := content[0]; only.Name {
		case "Number":
			number := digitsOf(only.OwnText())
			if number == "" {
				p.w.tell(Step{Kind: Found, Verb: "Number", Position: only.Position, Text: "Number holds no digit: nobody is dialled, as in Kazoo"})
				then(ok)
				return
			}
			d.read()
			d.dialNumber(number)
			return
		case "Conference":
			d.enter(only)
			return
		case "Queue":
			p.method(only)
			d.read()
			d.setCaller()
			p.w.tell(Step{Kind: Failed, Verb: only.Name, Position: only.Position, Text: "Queue cannot be dialled: the document ends, as in Kazoo"})
			then(stops) // unsupported in Kazoo; twiml.Check has told
			return
		}
	}
	d.read()
	d.dialEndpoints(content)
}

// digitsOf are the characters of a text that a number is dialled by.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// maxLimit is how many seconds a bridge may last: the milliseconds that Erlang waits.
const maxLimit = (1<<32 - 1) / 1000

// read takes the attributes.
func (d *dialling) read() {
	p, n := d.p, d.n
	if id, given := n.Attr("callerId"); given {
		if twiml.BeyondLatin1(id) {
			p.bad(n, "callerId", "has a character beyond Latin-1: it is told as it is")
		}
		p.call = p.call.Set("Caller-ID-Number", id)
		d.callerID = true
	}
	d.timeout = time.Duration(p.seconds(n, "timeout", 30)) * time.Second
	d.limit = 14400 * time.Second
	if v, given := n.Int("timeLimit"); given {
		if v > maxLimit {
			p.bad(n, "timeLimit", "is longer than any timer there: the most, 49 days, is taken")
		}
		d.limit = time.Duration(min(max(v, 0), maxLimit)) * time.Second
	}
	d.record, d.collect = n.Bool("record", false), n.Bool("collect_dtmf", false)
	if key, _ := p.text(n, "hangupOn"); twiml.IsKey(key) {
		d.hangupOn = key
	}
	if p.w.e.corrected() { // quirk stale-dial
		p.drop(request.KeyDialCallStatus, request.KeyDialCallID)
		p.call = p.call.Delete(otherLeg)
	}
}

func (d *dialling) callerNumber() string {
	if number := text(d.p.call, "Caller-ID-Number"); !request.Nothing(number) {
		return number
	}
	return "anonymous"
}

func (d *dialling) callerName() string {
	if name := text(d.p.call, "Caller-ID-Name"); !request.Nothing(name) {
		return name
	}
	return "unknown"
}

// setCaller tells the switch the caller's number, and keeps what the Dial wants with the call
// (kzt_twiml_dial:setup_call_for_dial/2).
func (d *dialling) setCaller() {
	if d.hangupOn != "" {
		d.p.set(keyHangupOn, d.hangupOn)
	}
	d.p.set(keyRecord, d.record)
	d.p.set(keyTimeout, int64(d.timeout/time.Second))
	d.p.set(keyTimeLimit, int64(d.limit/time.Second))
	number := d.callerNumber()
	if d.callerID {
		number = text(d.p.call, "Caller-ID-Number")
	}
	d.p.command(d.p.sender().Set(jobj.Object{
		{Key: "Caller-ID-Number", Value: number}, {Key: "Privacy-Hide-Number", Value: false},
	}, nil))
}

var (
	northAmerican = regexp.MustCompile(`^(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$`)
	international = regexp.MustCompile(`^(?:011|00)([0-9]{5,})$`)
	long          = regexp.MustCompile(`^([2-9][0-9]{7,})$`)
)

// normalised is a number in E.164 where it looks like one (knm_converters).
func normalised(number string) string {
	if m := northAmerican.FindStringSubmatch(number); m != nil {
		return "+1" + m[1]
	}
	for _, shape := range []*regexp.Regexp{international, long} {
		if m := shape.FindStringSubmatch(number); m != nil {
			return "+" + m[1]
		}
	}
	return number
}

// dialNumber has a number dialled over the resources, once it is known which numbers the caller shows.
func (d *dialling) dialNumber(number string) {
	if number == "0" {
		d.p.w.note(attributeCrash, "0 is dialled. Kazoo takes it for no number, and ends the document")
	}
	var wanted []string
	if id := d.p.call.String("Authorizing-ID"); id != "" {
		wanted = []string{id, d.p.w.accountID}
	}
	d.p.fetch(wanted, func() {
		d.p.fetch([]string{d.p.w.documents[d.p.call.String("Authorizing-ID")].String("owner_id")}, func() { d.offnet(number) })
	})
}

// offnet asks the resources for a number (kzt_twiml_dial:dial_number/3).
func (d *dialling) offnet(number string) {
	p := d.p
	d.setCaller()
	number = normalised(number)
	realm := p.realm("From")
	p.call = p.call.Set("Request", number+"@"+realm).Set("Request-User", number).Set("Request-Realm", realm)
	media := "bypass"
	if d.record {
		media = "process"
	} else if d.hangupOn != "" {
		p.w.note(hangupOnCrash, "the call's media are processed, so that hangupOn is heard. Kazoo ends the document over hangupOn without record")
		media = "process"
	}
	offnet := dialplan.Offnet{
		Timeout: int64(d.timeout / time.Second), Media: media, ForceOutbound: d.n.Bool("continueOnFail", true),
		ControlQueue: p.w.control, AccountRealm: realm, AccountID: p.w.accountID, To: number,
	}
	d.callerIDs(&offnet)
	p.w.publish(kapi.ExchangeResources, dialplan.OffnetKey, p.sender().Offnet(offnet))
	d.follow()
}

// callerIDs are those of a number dial: the authorizing device's, else the call's own.
func (d *dialling) callerIDs(o *dialplan.Offnet) {
	p := d.p
	id := p.call.String("Authorizing-ID")
	device, account := p.w.documents[id], p.w.documents[p.w.accountID]
	if id == "" || device != nil && account == nil {
		p.w.note(noEndpointCrash, "the number is dialled with the call's own caller id. Kazoo ends the document when the call was authorized by no endpoint, "+
			"or the account has no document")
		device = nil
	}
	pick := func(kind, key, otherwise string) string {
		if text(p.call, "Inception") != "" || device == nil {
			return otherwise
		}
		owner := p.w.documents[device.String("owner_id")]
		v := callerID(owner, device, kind, key)
		if kind == "emergency" {
			v = cmp.Or(v, callerID(owner, device, "external", key))
		}
		return cmp.Or(v, otherwise)
	}
	o.CallerNumber, o.CallerName = pick("external", "number", d.callerNumber()), pick("external", "name", d.callerName())
	o.EmergencyNumber, o.EmergencyName = pick("emergency", "number", d.callerNumber()), pick("emergency", "name", d.callerName())
	if dynamic := p.state.String(keyDynamicCID); dynamic != "" {
		o.CallerNumber, o.EmergencyNumber = dynamic, dynamic
	}
	if user := device.String("sip", "username"); user != "" {
		o.PresenceID = user + "@" + account.String("realm")
	}
}

// text reads a member of the call as text; numbers are such, too.
func text(call jobj.Object, key string) string {
	v, _ := call.Get(key)
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

// user and realm are the parts of From, To or Request.
func (p *process) user(name string) string {
	if v := text(p.call, name+"-User"); v != "" {
		return v
	}
	user, _, _ := strings.Cut(text(p.call, name), "@")
	if user == "" {
		return "nouser"
	}
	return user
}

func (p *process) realm(name string) string {
	if v := text(p.call, name+"-Realm"); v != "" {
		return v
	}
	if _, realm, cut := strings.Cut(text(p.call, name), "@"); cut {
		return realm
	}
	return "norealm"
}

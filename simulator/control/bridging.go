package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const (
	// patience is how long a bridge rings that has no Timeout (FreeSWITCH's own).
	patience = 60 * time.Second
	// silence is how long a caller listens to nothing once a bridge is over, of which only the
	// application knows what comes next.
	silence = 20 * time.Second
)

// attempt is a bridge that is being made.
type attempt struct {
	*Control

	ch      *pbx.Channel
	message jobj.Object
	over    bool
	delayed int // endpoints that are to be rung later
	planned []*timeline.Planned
}

// after plans something that does not happen once the bridge, or who called, is gone.
func (a *attempt) after(d time.Duration, do func()) {
	a.planned = append(a.planned, a.Line.After(d, do))
}

// drop has nothing of it happen any more: whoever waits for all that is planned would wait for it.
func (a *attempt) drop() {
	for _, p := range a.planned {
		p.Cancel()
	}
	a.planned = nil
}

// bridge rings the endpoints of a command, for as long as its Timeout says; who answers is
// connected. They ring at once, or each after its Endpoint-Delay, or with the Dial-Endpoint-Method
// single one after the other. then is told when that is over, or did not come about: the
// application goes on.
func (c *Control) bridge(ch *pbx.Channel, message jobj.Object, then func(error)) {
	if ch.Peer() != nil || ch.Led() {
		then(&pbx.StateError{CallID: ch.CallID(), Doing: "bridge", State: "bridged"})
		return
	}
	ends := c.endpoints(message, ch.Account())
	ch.Shows(shows(message, ends))
	a := &attempt{Control: c, ch: ch, message: message}
	ch.Lead(func() {
		a.over = true
		a.drop()
		c.Board.Next(ch, nil)
		c.attend(ch)
		then(nil)
	})
	c.Board.AtEnd(ch, a.drop)
	if len(ends) == 0 {
		c.failed(ch, "USER_NOT_REGISTERED", message)
		return
	}
	if message.String("Dial-Endpoint-Method") == "single" {
		a.inTurn(ends)
	} else {
		a.together(ends)
	}
	timeout := patience
	if asked := seconds(message, "Timeout"); asked > 0 {
		timeout = asked
	}
	a.after(timeout, func() {
		if a.rings() {
			c.Board.Next(ch, nil)
			c.giveUp(ch, message)
		}
	})
}

// rings tells whether the bridge is still to come about.
func (a *attempt) rings() bool {
	return !a.over && a.ch.Led() && !a.ch.Gone() && a.ch.Peer() == nil && !slices.ContainsFunc(a.ch.Dialled(), (*pbx.Channel).Answered)
}

// giveUp stops what rings for a bridge, which fails by that unless there is something else to try.
func (c *Control) giveUp(ch *pbx.Channel, message jobj.Object) {
	c.Board.GiveUp(ch, true, c.then("bridge", message))
}

// together rings all endpoints, some of them later than others. The bridge does not fail while one
// is to come.
func (a *attempt) together(ends []endpoint) {
	var first []endpoint
	for _, end := range ends {
		delay := seconds(end.fields, "Endpoint-Delay")
		if delay == 0 {
			first = append(first, end)
			continue
		}
		a.delayed++
		a.after(delay, func() {
			a.delayed--
			a.await()
			if a.rings() {
				a.ring([]endpoint{end})
			}
		})
	}
	a.await()
	a.ring(first)
}

// await has the bridge wait for endpoints that are to be rung later.
func (a *attempt) await() {
	if a.delayed == 0 || a.over {
		a.Board.Next(a.ch, nil)
		return
	}
	a.Board.Next(a.ch, a.await)
}

// inTurn rings endpoints one after the other, each for its Endpoint-Timeout.
func (a *attempt) inTurn(ends []endpoint) {
	first, rest := ends[0], ends[1:]
	a.Board.Next(a.ch, nil)
	turn := false // whether it is somebody else's
	if len(rest) > 0 {
		a.Board.Next(a.ch, func() {
			turn = true
			if a.rings() {
				a.inTurn(rest)
			}
		})
	}
	a.ring([]endpoint{first})
	if timeout := seconds(first.fields, "Endpoint-Timeout"); timeout > 0 && len(rest) > 0 {
		a.after(timeout, func() {
			if !turn && a.rings() {
				a.giveUp(a.ch, a.message)
			}
		})
	}
}

// ring rings endpoints.
func (a *attempt) ring(ends []endpoint) {
	c, ch := a.Control, a.ch
	told := c.then("bridge", a.message)
	rung := func(err error) {
		told(err)
		if err != nil && !a.over {
			c.failed(ch, "NO_ROUTE_DESTINATION", a.message)
		}
	}
	var devices []pbx.Device
	for _, end := range ends {
		switch {
		case end.device != nil:
			devices = append(devices, *end.device)
		case end.loopback:
			c.loop(ch, end.route, rung)
		case end.host != "":
			c.Board.RingURI(ch, end.route, end.host, rung)
		default:
			c.Board.RingNumber(ch, end.route, rung)
		}
	}
	if len(devices) > 0 {
		c.Board.Ring(ch, devices, false, rung)
	}
}

// loop has the switch call itself for what could be dialled, and rings there.
func (c *Control) loop(ch *pbx.Channel, route string, rung func(error)) {
	var inner *pbx.Channel
	inner, err := c.Board.Across(ch, ch.Account(), route, func(err error) {
		if err != nil {
			rung(err)
			return
		}
		c.Board.RingCalled(inner, route, func(err error) {
			if err != nil && !inner.Gone() { // of which the board tells who called
				c.Board.Hangup(inner, "NO_ROUTE_DESTINATION", nil)
				return
			}
			rung(err)
		})
	})
	if err != nil {
		rung(err)
	}
}

// failed ends a bridge that cannot come about, unless something else rings for it.
func (c *Control) failed(ch *pbx.Channel, cause string, message jobj.Object) {
	if ch.Gone() || ch.Peer() != nil || len(ch.Dialled()) > 0 {
		return
	}
	if c.Board.TryNext(ch) {
		return
	}
	c.then("bridge", message)(ch.Bridged(cause))
}

// attend has who called hang up if nobody says for a while what is to come.
func (c *Control) attend(ch *pbx.Channel) {
	if c.Led != nil && c.Led(ch.CallID()) {
		return
	}
	since := c.Line.Now()
	c.idle[ch] = since
	c.Line.After(silence, func() {
		if at, idle := c.idle[ch]; !idle || !at.Equal(since) {
			return
		}
		delete(c.idle, ch)
		if !ch.Gone() && ch.Peer() == nil && ch.Member() == nil && len(ch.Dialled()) == 0 {
			c.Board.Hangup(ch, "", nil)
		}
	})
}

// shows is whom the legs of a bridge show as calling, where that is another than who does.
func shows(message jobj.Object, ends []endpoint) pbx.Party {
	shown := pbx.Party{Name: message.String("Outbound-Caller-ID-Name"), Number: message.String("Outbound-Caller-ID-Number")}
	if len(ends) > 0 && shown == (pbx.Party{}) {
		first := ends[0].fields
		shown = pbx.Party{Name: first.String("Outbound-Caller-ID-Name"), Number: first.String("Outbound-Caller-ID-Number")}
	}
	return shown
}

// endpoint is who a request or a command wants called: a telephone, a number of the telephone
// network, a SIP address or, by way of the switch itself, what a telephone could dial.
type endpoint struct {
	device   *pbx.Device
	route    string
	host     string // of a SIP address, whose user the route is
	loopback bool
	fields   jobj.Object
}

// endpoints are those of a message that can be called.
func (c *Control) endpoints(message jobj.Object, account pbx.Account) []endpoint {
	value, _ := message.Get("Endpoints")
	list, _ := value.([]any)
	told := c.then("call an endpoint", message)
	var ends []endpoint
	for i, one := range list {
		fields, _ := one.(jobj.Object)
		if fields.String("Invite-Format") == "endpoint" && fields.Has("Endpoint-ID") {
			devices := c.belonging(fields, account)
			for _, d := range devices {
				ends = append(ends, endpoint{device: &d, fields: fields})
			}
			if len(devices) == 0 {
				told(fmt.Errorf("endpoint %d names nobody: account %s has no telephone %q", i+1, account.ID, fields.String("Endpoint-ID")))
			}
			continue
		}
		end := endpoint{route: fields.String("Route"), loopback: fields.String("Invite-Format") == "loopback", fields: fields}
		d := device(fields, c.Offices, account)
		switch user, host, isURI := strings.Cut(strings.TrimPrefix(end.route, "sip:"), "@"); {
		case isURI && !end.loopback && d.Username == "" && user != "" && host != "":
			end.route, end.host = user, host
		case end.route != "" && (end.loopback || routed(end.route)):
		case d.Username != "" && !end.loopback:
			end.device = &d
		default:
			told(fmt.Errorf("endpoint %d names nobody: give it a To-Username, a number as its Route, or the Invite-Format loopback and a Route", i+1))
			continue
		}
		ends = append(ends, end)
	}
	return ends
}

// belonging are the telephones of an endpoint that is a device, or a user, by its id.
func (c *Control) belonging(fields jobj.Object, account pbx.Account) []pbx.Device {
	o, _ := office.Of(c.Offices, account.ID)
	return o.Telephones(fields.String("Endpoint-ID"))
}

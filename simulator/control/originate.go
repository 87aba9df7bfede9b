package control

import (
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// originate calls the endpoints of a request, and connects the first who answers with the
// number that it names (ecallmgr_originate). The asker hears of the answer, or why there
// is none.
func (c *Control) originate(request jobj.Object) {
	o := &origination{Control: c, request: request, told: func() {}}
	account := o.account()
	if c.Elsewhere != nil && c.Elsewhere(account.ID) {
		return
	}
	if c.Awaited != nil && request.String("Server-ID") != "" {
		o.told = c.Awaited()
	}
	for _, end := range c.endpoints(request, account) {
		leg, err := o.call(account, end)
		if err != nil {
			c.then("originate", request)(err)
			continue
		}
		o.legs = append(o.legs, leg)
	}
	if len(o.legs) == 0 {
		o.refuse(errors.New("no endpoint could be called"))
		return
	}
	seconds := request.Int("Timeout")
	if seconds <= 0 {
		seconds = 30
	}
	o.until = c.Line.Now().Add(time.Duration(seconds) * time.Second)
	o.watch()
}

// origination is a request under way.
type origination struct {
	*Control

	request jobj.Object
	legs    []*pbx.Channel
	until   time.Time
	told    func() // whoever has asked
}

// call begins to ring for an endpoint. What is no telephone is called by way of the switch itself.
func (o *origination) call(account pbx.Account, end endpoint) (*pbx.Channel, error) {
	id, shown := end.fields.String("Outbound-Call-ID"), o.shown(end.fields)
	to, then := o.request.String("Application-Data", "Route"), o.then("originate", o.request)
	if end.device != nil {
		return o.Board.Originate(account, *end.device, id, shown, to, then)
	}
	if end.host != "" {
		return nil, fmt.Errorf("sip:%s@%s: a call can only begin at a telephone of the account or at a number", end.route, end.host)
	}
	vars := o.request.Object("Custom-Channel-Vars").Merge(end.fields.Object("Custom-Channel-Vars")).Delete("Account-ID")
	return o.Board.Click(account, switchboard.Click{First: end.route, Second: to, CallID: id, Shown: shown, Vars: vars}, then)
}

// account is that of the request, as the offices know it: the one that it, or its first endpoint,
// names, else the one of the endpoint's realm.
func (o *origination) account() pbx.Account {
	value, _ := o.request.Get("Endpoints")
	list, _ := value.([]any)
	var first jobj.Object
	if len(list) > 0 {
		first, _ = list[0].(jobj.Object)
	}
	realm := first.String("To-Realm")
	id := o.request.String("Custom-Channel-Vars", "Account-ID")
	if id == "" {
		id = first.String("Custom-Channel-Vars", "Account-ID")
	}
	for _, known := range o.Offices {
		if known.Account.ID == id || id == "" && known.Account.Realm == realm {
			return known.Account
		}
	}
	if realm == "" {
		realm = "unknown.sip.example.com"
	}
	return pbx.Account{ID: id, Realm: realm}
}

// shown is who the telephones show as calling.
func (o *origination) shown(endpoint jobj.Object) pbx.Party {
	shown := pbx.Party{}
	for _, from := range []jobj.Object{endpoint, o.request} {
		if shown.Name == "" {
			shown.Name = from.String("Outbound-Caller-ID-Name")
		}
		if shown.Number == "" {
			shown.Number = from.String("Outbound-Caller-ID-Number")
		}
	}
	return shown
}

// device is the telephone that an endpoint names.
func device(endpoint jobj.Object, offices []office.Office, account pbx.Account) pbx.Device {
	d := pbx.Device{
		ID: endpoint.String("Custom-Channel-Vars", "Authorizing-ID"), OwnerID: endpoint.String("Custom-Channel-Vars", "Owner-ID"),
		Username: firstText(endpoint, "To-Username", "To-User"), Name: endpoint.String("Outbound-Callee-ID-Name"),
		Extension: firstText(endpoint, "Outbound-Callee-ID-Number", "To-User", "To-Username"),
	}
	if o, ok := office.Of(offices, account.ID); ok {
		if known, ok := o.Device(d.Username); ok {
			return known
		}
	}
	return d
}

// watch looks, four times a second, what has become of the legs.
func (o *origination) watch() {
	up := 0
	for _, leg := range o.legs {
		switch {
		case leg.Answered():
			o.answered(leg)
			return
		case !leg.Gone():
			up++
		}
	}
	switch {
	case up == 0:
		o.refuse(errors.New(o.legs[len(o.legs)-1].Cause()))
	case o.Line.Now().After(o.until):
		o.stop(nil, "NO_ANSWER")
		o.refuse(errors.New("NO_ANSWER"))
	default:
		o.Line.After(250*time.Millisecond, o.watch)
	}
}

// stop ends the legs but one.
func (o *origination) stop(but *pbx.Channel, cause string) {
	for _, leg := range o.legs {
		if leg != but && !leg.Gone() {
			o.Board.Hangup(leg, cause, nil)
		}
	}
}

func (o *origination) answered(leg *pbx.Channel) {
	o.stop(leg, "LOSE_RACE")
	defer o.told()
	o.reply(o.request, kapi.Definition{
		Category: kapi.CategoryResource, Name: "originate_resp", Required: []string{"Call-ID"},
		Optional: []string{"Channel-Call-State", "Caller-ID-Name", "Caller-ID-Number", "Custom-Channel-Vars", "Timestamp", "Channel-State"},
	}, jobj.Object{
		{Key: "Call-ID", Value: leg.CallID()},
		{Key: "Channel-Call-State", Value: "ACTIVE"},
		{Key: "Custom-Channel-Vars", Value: leg.Named().Object("Custom-Channel-Vars")},
		{Key: "Timestamp", Value: kapi.Gregorian(o.Line.Now())},
	})
}

func (o *origination) refuse(why error) {
	defer o.told()
	o.reply(o.request, kapi.Definition{
		Category: "error", Name: "originate_resp", Required: []string{"Error-Message"}, Optional: []string{"Request"},
	}, jobj.Object{{Key: "Error-Message", Value: why.Error()}})
}

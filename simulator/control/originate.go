package control

import (
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// originate calls the endpoints of a request, and connects the first who answers with the
// number that it names (ecallmgr_originate). The asker hears of the answer, or why there
// is none.
func (c *Control) originate(request jobj.Object) {
	if c.Elsewhere != nil && c.Elsewhere(request.String("Custom-Channel-Vars", "Account-ID")) {
		return
	}
	o := &origination{Control: c, request: request, told: func() {}}
	if c.Awaited != nil && request.String("Server-ID") != "" {
		o.told = c.Awaited()
	}
	value, _ := request.Get("Endpoints")
	endpoints, _ := value.([]any)
	account := o.account()
	for _, one := range endpoints {
		endpoint, _ := one.(jobj.Object)
		leg, err := c.Board.Originate(account, device(endpoint, c.Offices, account), endpoint.String("Outbound-Call-ID"), o.shown(endpoint),
			request.String("Application-Data", "Route"), c.then("originate", request))
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

// account is that of the request, as the offices know it.
func (o *origination) account() pbx.Account {
	id := o.request.String("Custom-Channel-Vars", "Account-ID")
	if known, ok := office.Of(o.Offices, id); ok {
		return known.Account
	}
	realm := "unknown.sip.example.com"
	if value, _ := o.request.Get("Endpoints"); value != nil {
		if list, _ := value.([]any); len(list) > 0 {
			if first, _ := list[0].(jobj.Object); first.String("To-Realm") != "" {
				realm = first.String("To-Realm")
			}
		}
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
		o.refuse(errors.New("NO_ANSWER"))
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

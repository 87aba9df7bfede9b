package pbx

import (
	"fmt"
	"maps"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/fixtures"
)

// scene is a call and everything around it, so that whatever is told of one scene
// agrees: the same account, people, phones, documents and times.
type scene struct {
	call   *Call
	values map[string]any
}

func (s *Switch) newScene(k Kind, spec Spec) *scene {
	event := k.event
	if k.category != kapi.CategoryCallEvent {
		event = kapi.ChannelDestroy
	}
	call := s.newCall(event, k.at, spec)
	call.spec = s.completeScene(call.spec)
	sc := &scene{call: call, values: map[string]any{}}
	for _, values := range []func() map[string]any{sc.account, sc.people, sc.hosts, sc.callValues, sc.documents, sc.change} {
		maps.Copy(sc.values, values())
	}
	return sc
}

func (sc *scene) account() map[string]any {
	spec, now := sc.call.spec, sc.call.happened
	return map[string]any{
		"account_id":   spec.AccountID,
		"account_name": spec.AccountName,
		"realm":        spec.AccountRealm,
		"reseller_id":  spec.ResellerID,
		"account_db":   kapi.AccountDB(spec.AccountID),
		"month_db":     kapi.MonthlyDB(spec.AccountID, now),
		"month":        now.Format("200601"),
		"now":          kapi.Gregorian(now),
		"now_text":     fmt.Sprintf("%d", kapi.Gregorian(now)),
		"year_ago":     kapi.Gregorian(now.AddDate(-1, 0, 0)),
		"month_end":    kapi.Gregorian(now.AddDate(0, 1, -now.Day())),
	}
}

func (sc *scene) people() map[string]any {
	c := sc.call
	first, last, _ := strings.Cut(c.spec.CalleeName, " ")
	return map[string]any{
		"caller_name":   c.callerName,
		"caller_number": c.callerNumber,
		"dialled":       c.spec.Dialled,
		"callee_name":   c.spec.CalleeName,
		"extension":     c.spec.Extension,
		"first_name":    first,
		"last_name":     last,
		"owner_id":      c.spec.OwnerID,
		"email":         c.spec.Email,
		"receiver":      c.spec.Receiver,
		"device_user":   c.deviceUser,
	}
}

func (sc *scene) hosts() map[string]any {
	host := sc.call.sw.host
	return map[string]any{
		"switch":      host.Switch,
		"switch_node": sc.call.sw.node(),
		"switch_uri":  "sip:" + host.Address + ":11000",
		"switch_url":  "sip:mod_sofia@" + host.Address + ":11000",
		"apps_node":   sc.call.sw.appsNode(),
		"ecallmgr":    "ecallmgr@" + host.Apps,
		"carrier":     host.Carrier,
		"public":      host.Public,
		"proxy":       host.Proxy,
		"phone":       host.Phone,
		"phone_port":  fmt.Sprintf("%d", 49152+sc.call.sw.ids.IntN(16384)),
	}
}

func (sc *scene) callValues() map[string]any {
	c := sc.call
	return map[string]any{
		"call_id":     c.spec.CallID,
		"other_leg":   c.otherID,
		"third_leg":   c.sw.uuid4(),
		"core_uuid":   c.sw.uuid1(),
		"fetch_id":    c.fetchID,
		"interaction": c.interaction,
		"from_tag":    c.fromTag,
		"to_tag":      c.toTag,
		"vars":        c.inboundLeg().customChannelVars(),
		"hex8":        c.sw.ids.Hex(8),
		"hex32":       c.sw.ids.Hex(32),
	}
}

// documents draws the ids of what the account has.
func (sc *scene) documents() map[string]any {
	sw := sc.call.sw
	values := map[string]any{"callflow_id": sc.call.callflowID, "resource_id": sc.call.resourceID}
	for _, name := range []string{
		"device_id", "vmbox_id", "faxbox_id", "hook_id", "media_id", "conference_id", "port_id", "fax_job",
		"message_hex", "fax_hex", "recording_hex", "sms_hex",
	} {
		values[name] = sw.ids.Hex(32)
	}
	values["instance_id"] = sw.uuid1()
	for name, from := range map[string]string{
		"message_id": "message_hex", "fax_id": "fax_hex", "recording_id": "recording_hex", "sms_id": "sms_hex", "sent_fax_id": "fax_job",
	} {
		values[name] = fmt.Sprintf("%s-%s", sc.call.happened.Format("200601"), values[from])
	}
	return values
}

// completeScene draws what the spec leaves open around the call.
func (s *Switch) completeScene(spec Spec) Spec {
	owner := fixtures.NewPerson(s.ids).Last
	for _, drawn := range []struct {
		field *string
		value string
	}{
		{&spec.OwnerID, s.ids.Hex(32)},
		{&spec.AccountName, owner + " Dental"},
		{&spec.Email, mailbox(spec.CalleeName) + "@" + spec.AccountRealm},
		{&spec.Type, "device"},
		{&spec.Receiver, "127.0.0.1:8099"},
	} {
		if *drawn.field == "" {
			*drawn.field = drawn.value
		}
	}
	return spec
}

// mailbox is a name as it begins an e-mail address.
func mailbox(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case r == ' ':
			return '.'
		}
		return -1
	}, strings.ToLower(name))
}

package explain_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
)

// setup is a reason why nothing fired, as somebody meets it.
type setup struct {
	name string
	// hooks are the webhooks by their owner; more does what one line cannot say.
	hooks []ownedHook
	more  func(l *lab)
	// event is the message, and after is what happens between it and the question.
	event string
	after func(l *lab)
	// reason is what is given for the nearest miss, or for the event as a whole, and
	// says are words of it.
	reason webhooks.Reason
	says   string
	// wouldFireIf is the way out.
	wouldFireIf string
}

type ownedHook struct{ owner, document string }

func acmeHas(document string) []ownedHook { return []ownedHook{{acme, document}} }

// call is a new call of an account, with other members.
func call(account, more string) string {
	return `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1","Call-Direction":"inbound",` + more +
		`"Custom-Channel-Vars":{"Account-ID":"` + account + `"}}`
}

func object(name, members string) string {
	return `{"Event-Category":"configuration","Event-Name":"` + name + `","ID":"doc1",` + members + `"App-Name":"crossbar","App-Version":"1","Msg-ID":"m1"}`
}

func notification(name, members string) string {
	return `{"Event-Category":"notification","Event-Name":"` + name + `",` + members + `"App-Name":"crossbar","App-Version":"1","Msg-ID":"m1"}`
}

func setups() []setup {
	return []setup{
		{
			name: "the hook was switched off", hooks: acmeHas(`{"hook":"channel_create","enabled":false}`), event: call(acme, ""),
			reason: explain.ReasonDisabled, says: "by hand", wouldFireIf: "enabled were true",
		},
		{
			name:  "too many failures switched it off",
			hooks: acmeHas(`{"hook":"channel_create","enabled":false,"pvt_disabled_message":"too many failed attempts"}`), event: call(acme, ""),
			reason: explain.ReasonAutoDisabled, says: "too many failed attempts", wouldFireIf: "enabled were true",
		},
		{
			name: "it was switched off with \"false\" as text", hooks: acmeHas(`{"hook":"channel_create","enabled":"false"}`), event: call(acme, ""),
			reason: explain.ReasonDisabled, wouldFireIf: "enabled were true",
		},
		{
			name: "it was deleted", hooks: acmeHas(`{"hook":"channel_create"}`), event: call(acme, ""),
			more: func(l *lab) {
				doc, err := l.store.Get(l.ctx, "webhooks", "id of CRM")
				l.g.Expect(err).NotTo(HaveOccurred())
				doc.Deleted = true
				l.save(doc)
			},
			reason: explain.ReasonDeleted, wouldFireIf: "it were not deleted",
		},
		{
			name: "its document has no hook", hooks: acmeHas(`{"name":"CRM"}`), event: call(acme, ""),
			reason: explain.ReasonUnreadable, says: "hook",
		},
		{
			name: "its verb is none", hooks: acmeHas(`{"hook":"channel_create","http_verb":"patch"}`), event: call(acme, ""),
			reason: explain.ReasonUnreadable, says: `http_verb is "patch"`,
		},
		{
			name: "its uri is empty", hooks: acmeHas(`{"hook":"channel_create","uri":""}`), event: call(acme, ""),
			reason: explain.ReasonUnreadable, says: "uri is missing",
		},
		{
			name: "it listens to another event", hooks: acmeHas(`{"hook":"channel_answer"}`), event: call(acme, ""),
			reason: webhooks.ReasonOtherEvent, says: "listens to channel_answer, not to channel_create", wouldFireIf: "hook were channel_create or all",
		},
		{
			name: "it listens to object, and this is a call", hooks: acmeHas(`{"hook":"object"}`), event: call(acme, ""),
			reason: webhooks.ReasonOtherEvent, says: "listens to object", wouldFireIf: "hook were channel_create or all",
		},
		{
			name: "it wants no internal legs, and Channel-Is-Loopback is true", hooks: acmeHas(`{"hook":"channel_create","include_internal_legs":false}`),
			event: call(acme, `"Channel-Is-Loopback":true,`), reason: webhooks.ReasonInternalLeg, wouldFireIf: "include_internal_legs were true",
		},
		{
			name: "it wants no internal legs, and the channel is called loopback/…", hooks: acmeHas(`{"hook":"all","include_internal_legs":false}`),
			event: call(acme, `"Channel-Name":"loopback/1001-a",`), reason: webhooks.ReasonInternalLeg, wouldFireIf: "include_internal_legs were true",
		},
		{
			name: "a modifier wants another direction", hooks: acmeHas(`{"hook":"channel_create","modifiers":{"call_direction":"outbound"}}`), event: call(acme, ""),
			reason: webhooks.ReasonModifier, says: `modifiers.call_direction = "outbound", and the event has "inbound"`,
			wouldFireIf: `modifiers.call_direction let "inbound" pass`,
		},
		{
			name: "a modifier is no list member", hooks: acmeHas(`{"hook":"channel_create","modifiers":{"call_direction":["outbound","both"]}}`), event: call(acme, ""),
			reason: webhooks.ReasonModifier, says: `["outbound","both"]`,
		},
		{
			name: "a modifier is text and the event has a boolean", hooks: acmeHas(`{"hook":"channel_create","modifiers":{"is_internal_leg":"false"}}`), event: call(acme, ""),
			reason: webhooks.ReasonModifier, says: `modifiers.is_internal_leg = "false", and the event has false`,
		},
		{
			name: "a hook for all events has a modifier too", hooks: acmeHas(`{"hook":"all","modifiers":{"hook_event":"channel_answer"}}`), event: call(acme, ""),
			reason: webhooks.ReasonModifier, wouldFireIf: `modifiers.hook_event let "channel_create" pass`,
		},
		{
			name: "the reseller's hook does not include sub-accounts", hooks: []ownedHook{{reseller, `{"hook":"channel_create"}`}}, event: call(acme, ""),
			reason: webhooks.ReasonNoDescendant, wouldFireIf: "include_subaccounts were true",
		},
		{
			name:  "the reseller's hook does not include sub-accounts, and would want another direction",
			hooks: []ownedHook{{reseller, `{"hook":"channel_create","modifiers":{"call_direction":"outbound"}}`}}, event: call(acme, ""),
			reason: webhooks.ReasonNoDescendant, wouldFireIf: `include_subaccounts were true and modifiers.call_direction let "inbound" pass`,
		},
		{
			name: "the hook is the sub-account's", hooks: []ownedHook{{branch, `{"hook":"channel_create"}`}}, event: call(acme, ""),
			reason: explain.ReasonForeign, says: "below", wouldFireIf: "it belonged to the event's account",
		},
		{
			name: "the hook is a sibling's", hooks: []ownedHook{{rival, `{"hook":"channel_create","include_subaccounts":true}`}}, event: call(acme, ""),
			reason: explain.ReasonForeign, says: "beside",
		},
		{
			name: "an object hook for edits, and a user was created", hooks: acmeHas(`{"hook":"object","custom_data":{"action":"doc_edited","type":"user"}}`),
			event:  object("doc_created", `"Type":"user","Database":"account%2Faa%2Faa%2F`+acme[4:]+`","Account-ID":"`+acme+`",`),
			reason: webhooks.ReasonAction, says: `custom_data.action = "doc_edited", and the event has "doc_created"`,
			wouldFireIf: `custom_data.action were "doc_created" or "all"`,
		},
		{
			name: "an object hook for devices, and a user was created", hooks: acmeHas(`{"hook":"object","custom_data":{"action":"all","type":"device"}}`),
			event:  object("doc_created", `"Type":"user","Database":"account%2Faa%2Faa%2F`+acme[4:]+`","Account-ID":"`+acme+`",`),
			reason: webhooks.ReasonType, wouldFireIf: `custom_data.type were "user" or "all"`,
		},
		{
			name: "an object hook whose custom_data has neither type nor action", hooks: acmeHas(`{"hook":"object","custom_data":{"tier":"gold"}}`),
			event:  object("doc_created", `"Type":"user","Database":"account%2Faa%2Faa%2F`+acme[4:]+`","Account-ID":"`+acme+`",`),
			reason: webhooks.ReasonAction, says: "custom_data.action = nothing",
		},
		{
			name: "a notifications hook for voicemail, and the balance is low", hooks: acmeHas(`{"hook":"notifications","custom_data":{"type":"voicemail_new"}}`),
			event:  notification("low_balance", `"Current-Balance":5,"Account-ID":"`+acme+`",`),
			reason: webhooks.ReasonType, wouldFireIf: `custom_data.type were "low_balance" or "all"`,
		},
		{
			name: "an object hook wants both another type and another action", hooks: acmeHas(`{"hook":"object","custom_data":{"type":"user","action":"doc_created"}}`),
			event:       object("doc_edited", `"Type":"device","Database":"account%2Faa%2Faa%2F`+acme[4:]+`","Account-ID":"`+acme+`",`),
			reason:      webhooks.ReasonAction,
			wouldFireIf: `custom_data.action were "doc_edited" or "all" and custom_data.type were "device" or "all"`,
		},
		{
			name:  "it wants no internal legs, and two of its modifiers something else",
			hooks: acmeHas(`{"hook":"channel_create","include_internal_legs":false,"modifiers":{"call_direction":"outbound","call_id":"c2","from":"x"}}`),
			event: call(acme, `"Channel-Is-Loopback":true,`), reason: webhooks.ReasonInternalLeg,
			wouldFireIf: `include_internal_legs were true and modifiers.call_direction let "inbound" pass and modifiers.call_id let "c1" pass`,
		},
		{
			name: "the reseller's hook is for another event, and not for sub-accounts", hooks: []ownedHook{{reseller, `{"hook":"sms"}`}}, event: call(acme, ""),
			reason: webhooks.ReasonOtherEvent, wouldFireIf: "hook were channel_create or all and include_subaccounts were true",
		},
		{
			name: "the hook was created after the call", event: call(acme, ""),
			after: func(l *lab) {
				l.clock.Advance(3 * time.Second)
				l.hook(acme, `{"hook":"channel_create"}`)
			},
			reason: explain.ReasonCreatedAfter, says: "created 3s after", wouldFireIf: "the event came again",
		},
		{
			name: "the hook was corrected after the call", hooks: acmeHas(`{"hook":"channel_answer"}`), event: call(acme, ""),
			after: func(l *lab) {
				l.clock.Advance(2 * time.Second)
				doc, err := l.store.Get(l.ctx, "webhooks", "id of CRM")
				l.g.Expect(err).NotTo(HaveOccurred())
				l.edit(doc, jobj.Member{Key: "hook", Value: "channel_create"})
			},
			reason: explain.ReasonChangedAfter, says: "changed 2s after", wouldFireIf: "the event came again",
		},
		{
			name: "the hook was written a moment before, and this node had not heard of it", hooks: acmeHas(`{"hook":"channel_create"}`),
			more:  func(l *lab) { l.live.Remove(acme, "id of CRM") },
			event: call(acme, ""), reason: explain.ReasonNotLive, wouldFireIf: "the event came again",
		},
		{
			name: "the call names no account", hooks: acmeHas(`{"hook":"channel_create"}`),
			event:  `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1"}`,
			reason: explain.ReasonNoAccount, says: "Custom-Channel-Vars.Account-ID is absent; Request or To is absent",
		},
		{
			name: "the call names no account, and nobody owns the number", hooks: acmeHas(`{"hook":"channel_create"}`),
			event:  `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1","Request":"19995550000@gw"}`,
			reason: explain.ReasonNoAccount, says: "the number +19995550000 in Request or To belongs to nobody",
		},
		{
			name: "the call's account has no document", hooks: []ownedHook{{ghost, `{"hook":"channel_create"}`}}, event: call(ghost, ""),
			reason: explain.ReasonNoDocument, says: "account " + ghost + " (Custom-Channel-Vars.Account-ID), which has no document",
		},
		{
			name: "the number's owner has no document", event: `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"c1","To":"14158867901@gw"}`,
			reason: explain.ReasonNoDocument, says: "account " + ghost + " (Request or To)",
		},
		{
			name: "a document of no account changed", hooks: acmeHas(`{"hook":"object"}`),
			event:  object("doc_edited", `"Type":"config","Database":"system_config",`),
			reason: explain.ReasonNoAccount, says: `Database "system_config" is of no account`,
		},
		{
			name: "a parking event lacks its Call-ID", hooks: acmeHas(`{"hook":"parking"}`),
			event: `{"Event-Category":"call_event","Event-Name":"PARK_PARKED","Custom-Channel-Vars":{"Account-ID":"` + acme + `"},` +
				`"App-Name":"callflow","App-Version":"1","Msg-ID":"m1"}`,
			reason: explain.ReasonDropped, says: "Call-ID",
		},
		{
			name: "no hook is for this event", hooks: acmeHas(`{"hook":"all"}`), event: strings.Replace(call(acme, ""), "CREATE", "HOLD", 1),
			reason: explain.ReasonDropped, says: "no hook is for this Event-Name",
		},
		{
			name: "the message is no JSON", hooks: acmeHas(`{"hook":"all"}`), event: `{"Event-Name":`,
			reason: explain.ReasonDropped, says: "not a JSON object",
		},
		{
			name: "the message is too large", hooks: acmeHas(`{"hook":"all"}`), event: call(acme, `"Pad":"`+strings.Repeat("x", 5000)+`",`),
			reason: explain.ReasonDropped, says: "too large",
		},
	}
}

func TestTheRightReasonIsNamed(t *testing.T) {
	t.Parallel()
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			g, l := NewWithT(t), newLab(t)
			for _, hook := range s.hooks {
				l.hook(hook.owner, hook.document)
			}
			if s.more != nil {
				s.more(l)
			}
			l.event(s.event)
			if s.after != nil {
				s.after(l)
			}
			e := l.explain()
			g.Expect(e.Fired).To(BeEmpty())
			if e.Why != nil {
				g.Expect(e.Why.Reason).To(Equal(s.reason), e.Why.Text)
				g.Expect(e.Why.Text).To(ContainSubstring(s.says))
				return
			}
			g.Expect(e.Silent).NotTo(BeEmpty())
			nearest := e.Silent[0]
			g.Expect(nearest.Name).To(Equal("CRM"))
			g.Expect(nearest.Obstacles[0].Reason).To(Equal(s.reason), nearest.Obstacles[0].Text)
			g.Expect(nearest.Obstacles[0].Text).To(ContainSubstring(s.says))
			if s.wouldFireIf != "" {
				g.Expect(nearest.WouldFireIf()).To(Equal(s.wouldFireIf))
			}
		})
	}
}

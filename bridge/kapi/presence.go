package kapi

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// CategoryPresence is the Event-Category of everything on ExchangePresence.
const CategoryPresence = "presence"

// presencePublications are the states of lines and of voicemail boxes, and the
// requests for them (kapi_presence).
func presencePublications() []Publication {
	on := func(name, required, optional string, rules []Rule, address ...Segment) Publication {
		return Publication{
			Definition: Definition{
				Category: CategoryPresence,
				Name:     name,
				Optional: strings.Fields(optional),
				Required: strings.Fields(required),
				Rules:    rules,
			},
			Exchange: ExchangePresence,
			Address:  address,
		}
	}
	const counts = "Messages-New Messages-Saved To"
	const mwi = `Call-ID Expires Extended-Presence-ID From From-Realm From-User Message-Account Messages-Urgent
		Messages-Urgent-Saved Messages-Waiting Presence-ID To-Realm To-User`
	state := func(states string) []Rule { return []Rule{{Field: "State", OneOf: strings.Fields(states)}} }
	waiting := on("mwi_update", counts, mwi, mwiRules(), literal("mwi_updates"), encoded("To").of(realm), encoded("To").of(user))
	waiting.Prepare = mwiPrepare
	return []Publication{
		on(
			"dialog_update", "From To",
			`Call-Cookie Call-ID Direction Event-Package Expires Flush-Level From-Realm From-Tag From-URI From-User
				Presence-ID Presentity Presentity-Realm Presentity-User State Switch-URI Target-Call-ID To-Realm To-Tag
				To-URI To-User`,
			state("confirmed early terminated"),
			literal("dialog"), encoded("Presence-ID").of(realm), encoded("Call-ID"),
		),
		on(
			"update", "Presence-ID State",
			`Call-Direction Call-ID Event-Package From From-Realm From-Tag From-User Switch-URI Target-Call-ID To
				To-Realm To-Tag To-User`,
			state("offline online trying confirmed early terminated"),
			literal("update"), encoded("Presence-ID").of(realm), encoded("Call-ID"),
		),
		waiting,
		on("mwi_unsolicited_update", counts, mwi, mwiRules(), literal("mwi_unsolicited_updates"), encoded("To").of(realm)),
		on("mwi_query", "Realm Username", "Call-ID", nil, literal("mwi_queries"), encoded("Realm")),
		on(
			"probe", "Event-Package Realm Username", "Call-ID Expires From-Realm From-User To-Realm To-User", nil,
			literal("probes"), raw("Event-Package"),
		),
		on(
			"subscription", "User Expires", "Call-ID Contact Event-Package From From-Tag Queue To-Tag", nil,
			literal("subscriptions"), encoded("User").of(realm),
		),
		on("search_req", "Realm", "Event-Package Username", nil, literal("presence.search_req"), encoded("Realm")),
		on("reset", "Realm Username", "Event-Package", nil, literal("presence.reset"), encoded("Realm"), encoded("Username")),
		on("register_overwrite", "Contact Previous-Contact Realm Username", "", nil, literal("register_overwrites"), encoded("Realm")),
		on("sync", "Action", "Event-Package", []Rule{{Field: "Action", OneOf: []string{"End", "Request", "Start"}}}, literal("sync")),
		on("flush", "Type", "Event-Package User", nil, literal("flush")),
	}
}

func mwiRules() []Rule {
	var rules []Rule
	for field := range strings.FieldsSeq("Messages-New Messages-Saved Messages-Urgent Messages-Urgent-Saved") {
		rules = append(rules, Rule{Field: field, Kind: KindInteger})
	}
	return rules
}

// mwiPrepare is kapi_presence:mwi_extended_update/1: To gains sip:, the Call-ID is
// the MD5 of the plain address, and what the caller did not say is filled in.
func mwiPrepare(fields jobj.Object) jobj.Object {
	to := fields.String("To")
	if to == "" {
		return fields // refused for want of it
	}
	sum := md5.Sum([]byte(to))
	waiting := "yes"
	if n, _ := fields.Get("Messages-New"); n == json.Number("0") || n == 0 || n == nil {
		waiting = "no"
	}
	fields = fields.Set("To", "sip:"+to).Set("Call-ID", hex.EncodeToString(sum[:]))
	for _, m := range []jobj.Member{
		{Key: "From", Value: "sip:" + to},
		{Key: "From-User", Value: user(to)},
		{Key: "From-Realm", Value: realm(to)},
		{Key: "To-User", Value: user(to)},
		{Key: "To-Realm", Value: realm(to)},
		{Key: "Message-Account", Value: "sip:" + to},
		{Key: "Messages-Waiting", Value: waiting},
		{Key: "Messages-Saved", Value: 0},
		{Key: "Messages-Urgent", Value: 0},
		{Key: "Messages-Urgent-Saved", Value: 0},
		{Key: "Presence-ID", Value: to},
	} {
		if !fields.Has(m.Key) {
			fields = append(fields, m)
		}
	}
	return fields
}

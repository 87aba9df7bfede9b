package webhooks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// quirkRow shows one quirk of the catalogue in both modes: a message from the bus
// meets a hook, and something of what a receiver or a reader of attempts sees.
type quirkRow struct {
	id string
	// event is laid over a channel_create of the account, vars are channel variables
	// beside its Account-ID; messages, if there are any, come instead.
	event, vars string
	messages    []string
	// hook is laid over a channel_create hook that posts form text, with retries 2.
	hook string
	// answers are what the receiver does, the last for ever; 200 if there are none.
	answers []answer
	// logged: log_successful_attempts is on.
	logged bool
	shows  func(b *bench) string

	kazoo, corrected string
}

const (
	sender        = `"Msg-ID":"m1","App-Name":"a","App-Version":"1","Node":"n@h"`
	change        = `{` + sender + `,"Event-Category":"configuration","Event-Name":"doc_edited","ID":"` + recordedAccount + `","Type":"account","Database":"`
	accountChange = change + `account%2Fac%2Fco%2Funt0000000000000000000000001"}`
	treeChange    = change + `accounts"}`
	voicemail     = `{` + sender + `,"Event-Category":"notification","Event-Name":"voicemail_saved","Account-ID":"` + recordedAccount +
		`","From-User":"1001","From-Realm":"r","To-User":"1002","To-Realm":"r","Voicemail-Box":"v","Voicemail-ID":"i","Caller-ID-Number":"1",` +
		`"Caller-ID-Name":"n","Voicemail-Timestamp":63871234567,"Call-ID":"c1"`
	inboundSMS = `{` + sender + `,"Event-Category":"sms","Event-Name":"inbound","Message-ID":"t1","Account-ID":"` + recordedAccount +
		`","From":"+15551110000","To":"+15552220000","Body":"Hello","Route-Type":"offnet","Route-ID":"r"}`
)

// keptQuirks are those that compat kazoo reproduces.
func keptQuirks() []quirkRow {
	drop := answer{close: true}
	return []quirkRow{
		{id: "raw-keys", hook: `{"custom_data":{"a&b":"1"}}`, shows: added, kazoo: "&a&b=1", corrected: "&a%26b=1"},
		{id: "raw-keys", hook: `{"custom_data":{"o":{"c d":"1"}}}`, shows: added, kazoo: "&o[c d]=1", corrected: "&o[c+d]=1"},
		{id: "empty-ampersand", hook: `{"custom_data":{"b":{}}}`, shows: added, kazoo: "&", corrected: ""},
		{id: "duplicate-first", hook: `{"custom_data":{"o":{"a":1,"b":2,"a":3}}}`, shows: added, kazoo: "&o[a]=1&o[b]=2&o[a]=1", corrected: "&o[b]=2&o[a]=3"},
		{id: "list-object-json", hook: `{"custom_data":{"k":[{"b":1}]}}`, shows: added, kazoo: "&k[]=%7B%22b%22%3A1%7D", corrected: "&k[0][b]=1"},
		{id: "nested-list-bytes", hook: `{"custom_data":{"k":[[72,101,"y"]]}}`, shows: added, kazoo: "&k[]=Hey", corrected: "&k[0][]=72&k[0][]=101&k[0][]=y"},
		{id: "nested-list-bytes", hook: `{"custom_data":{"k":[[1.5]]}}`, answers: []answer{{status: 404}}, shows: attempt("quirks"), kazoo: `["nested-list-bytes"]`, corrected: "absent"},
		{id: "float-forms", event: `{"From":1e6}`, shows: member("from"), kazoo: "from=1.0e%2B6", corrected: "from=1e6"},
		{id: "float-forms", event: `{"Call-ID":1.50}`, shows: member("call_id"), kazoo: "call_id=1.5", corrected: "call_id=1.50"},
		{id: "float-forms", event: `{"From":1e6}`, hook: `{"format":"json"}`, shows: member(`"from"`), kazoo: `"from" : 1000000.0`, corrected: `"from" : 1e6`},
		{
			id: "key-bytes", hook: `{"hook":"notifications"}`, messages: []string{voicemail + `,"Ñandú":"x"}`},
			shows: memberWith("and"), kazoo: "\xe3\x91and\xe3\xba=x", corrected: "%C3%91and%C3%BA=x",
		},
		{
			id: "key-bytes", hook: `{"hook":"notifications","format":"json"}`, messages: []string{voicemail + `,"Ñandú":"x"}`},
			answers: []answer{{status: 404}}, shows: attempt("quirks"), kazoo: `["key-bytes"]`, corrected: "absent",
		},

		{id: "null-as-text", vars: `{"Owner-ID":null}`, shows: member("owner_id"), kazoo: "owner_id=null", corrected: "absent"},
		{id: "request-missing", event: `{"Request":"1002@a.example"}`, shows: member("request"), kazoo: "absent", corrected: "request=1002%40a.example"},
		{id: "request-missing", vars: `{"Inception":"+1555"}`, shows: member("inception"), kazoo: "absent", corrected: "inception=%2B1555"},
		{id: "ccv-vanish", vars: `{"Bridge-ID":"b"}`, shows: member("custom_channel_vars"), kazoo: "absent", corrected: "custom_channel_vars[Bridge-ID]=b"},
		{id: "resource-used-default", shows: member("local_resource_used"), kazoo: "local_resource_used=true", corrected: "local_resource_used=false"},
		{id: "no-hook-event", hook: `{"hook":"sms"}`, messages: []string{inboundSMS}, shows: member("hook_event"), kazoo: "absent", corrected: "hook_event=sms"},
		{id: "no-hook-event", hook: `{"hook":"object"}`, messages: []string{accountChange}, shows: member("hook_event"), kazoo: "absent", corrected: "hook_event=object"},
		{id: "custom-data-reversed", hook: `{"custom_data":{"x":"1","y":"2"}}`, shows: added, kazoo: "&y=2&x=1", corrected: "&x=1&y=2"},
		{id: "type-action-stripped", hook: `{"custom_data":{"type":"t","action":"a"}}`, shows: added, kazoo: "", corrected: "&type=t&action=a"},

		{id: "custom-data-blocks", hook: `{"hook":"notifications","custom_data":{"k":"v"}}`, messages: []string{voicemail + "}"}, shows: requests, kazoo: "nothing", corrected: "POST /hook"},
		{id: "custom-data-blocks", hook: `{"hook":"object","custom_data":{"type":"account"}}`, messages: []string{accountChange}, shows: requests, kazoo: "nothing", corrected: "POST /hook"},
		{id: "object-twice", hook: `{"hook":"object"}`, messages: []string{accountChange, treeChange}, shows: requests, kazoo: "POST /hook, POST /hook", corrected: "POST /hook"},
		{id: "migrated-type", hook: `{"hook":"notifications","type":"inbound_fax"}`, messages: []string{voicemail + "}"}, shows: requests, kazoo: "POST /hook", corrected: "nothing"},

		{id: "double-question", hook: `{"http_verb":"get","uri":"http://127.0.0.1:18999/hook?v=1"}`, shows: targetUpTo("account_id"), kazoo: "/hook?v=1?account_id", corrected: "/hook?v=1&account_id"},
		{id: "fragment-query", hook: `{"http_verb":"get","uri":"http://127.0.0.1:18999/hook#f"}`, shows: targetUpTo("account_id"), kazoo: "/hook", corrected: "/hook?account_id"},
		{
			id: "three-part-credentials", hook: `{"uri":"http://u:pa:ss@127.0.0.1:18999/hook"}`, shows: authorized,
			kazoo: `POST /hook as ""`, corrected: `POST /hook as "Basic dTpwYTpzcw=="`,
		},
		{id: "redirect-drop", answers: []answer{{status: 302, header: "location: /there"}, {status: 200}}, shows: requests, kazoo: "POST /hook, GET /there without a body", corrected: "POST /hook"},
		{id: "redirect-drop", hook: `{"http_verb":"put"}`, answers: []answer{{status: 308, header: "location: /there"}, {status: 200}}, shows: requests, kazoo: "PUT /hook", corrected: "PUT /hook, PUT /there"},

		{id: "status-final", answers: []answer{{status: 503}, {status: 200}}, shows: requests, kazoo: "POST /hook", corrected: "POST /hook, POST /hook"},
		{id: "status-final", answers: []answer{{status: 202}}, shows: attempt("result"), kazoo: `"failure"`, corrected: "none"},
		{id: "retries-are-tries", answers: []answer{drop}, shows: requests, kazoo: "POST /hook, POST /hook", corrected: "POST /hook, POST /hook, POST /hook"},
		{id: "retries-are-tries", hook: `{"retries":0}`, answers: []answer{drop}, shows: requests, kazoo: "POST /hook", corrected: "POST /hook"},
		{id: "retries-are-tries", hook: `{"retries":1}`, answers: []answer{drop}, shows: requests, kazoo: "POST /hook", corrected: "POST /hook, POST /hook"},

		{id: "retries-left", answers: []answer{drop}, shows: attempt("retries_left"), kazoo: `2, "retries exceeded"`, corrected: "2, 1, 0"},
		{id: "retries-left", answers: []answer{{status: 404}}, shows: attempt("retries_left"), kazoo: "1", corrected: "0"},
		{id: "put-201-failure", hook: `{"http_verb":"put"}`, answers: []answer{{status: 201}}, logged: true, shows: attempt("result"), kazoo: `"failure"`, corrected: `"success"`},
		{
			id: "body-as-list", hook: `{"hook":"sms"}`, messages: []string{inboundSMS}, answers: []answer{{status: 404}}, shows: attempt("req_body"),
			kazoo: `[["id","=","t1"],"&",["account_id","=","` + recordedAccount + `"],"&",["type","=","sms"],"&",["from","=","%2B15551110000"],"&",` +
				`["to","=","%2B15552220000"],"&",["body","=","Hello"],"&",["origin","=","offnet"],"&",["cluster_id","=","` + recordedCluster + `"]]`,
			corrected: `"id=t1&account_id=` + recordedAccount + `&type=sms&from=%2B15551110000&to=%2B15552220000&body=Hello&origin=offnet&hook_event=sms&cluster_id=` + recordedCluster + `"`,
		},
		{
			id: "headers-lowered", answers: []answer{{status: 404, header: "Server: Nginx (Debian)"}}, shows: attempt("resp_headers", "server"),
			kazoo: `"nginx (debian)"`, corrected: `"Nginx (Debian)"`,
		},
		{id: "headers-lowered", hook: `{"_id":"Hook-A"}`, answers: []answer{{status: 404}}, shows: attempt("req_headers", "x-hook-id"), kazoo: `"hook-a"`, corrected: `"Hook-A"`},
	}
}

// refusedQuirks are of those that no mode reproduces. The others' tests stand where
// they are prevented: delivery (guard-literal, no-timeout, tls-unverified, tls-wait),
// the disabler (disabler-per-node), changes (stale-table) and REST.
func refusedQuirks() []quirkRow {
	row := func(id, sent string, r quirkRow) quirkRow {
		r.id, r.kazoo, r.corrected = id, sent, sent
		return r
	}
	return []quirkRow{
		row("null-crash", "from=", quirkRow{event: `{"From":null}`, shows: member("from")}),
		row("format-absent", "POST /hook as application/x-www-form-urlencoded", quirkRow{hook: `{"format":null}`, shows: requestsAs}),
		row("format-absent", "POST /hook as application/x-www-form-urlencoded", quirkRow{hook: `{"format":"xml"}`, shows: requestsAs}),
		row("created-disabled", "nothing", quirkRow{hook: `{"enabled":false}`, shows: requests}),
		row("uri-brackets", "custom_application_vars[a]=1", quirkRow{
			event: `{"Custom-Application-Vars":{"a":1}}`, hook: `{"http_verb":"get"}`, shows: inTarget("custom_application_vars"),
		}),
		{
			id: "get-raw-bytes", event: `{"Custom-Application-Vars":{"a b#c\r\nd":1}}`, hook: `{"http_verb":"get"}`, shows: inTarget("custom_application_vars"),
			kazoo: "custom_application_vars[a%20b%23c%0D%0Ad]=1", corrected: "custom_application_vars[a+b%23c%0D%0Ad]=1",
		},
	}
}

func TestQuirksSideBySide(t *testing.T) {
	for _, row := range slices.Concat(keptQuirks(), refusedQuirks()) {
		t.Run(row.id, func(t *testing.T) {
			for _, side := range []struct {
				compat fidelity.Compat
				want   string
			}{{fidelity.Kazoo, row.kazoo}, {fidelity.Corrected, row.corrected}} {
				b := newBench(t, row.script()...)
				for _, message := range row.bus(t) {
					b.run(t, play{
						event: message, hook: row.document(t, b), accounts: recordedAccounts("", ""),
						log: row.logged, compat: side.compat, reserved: payload.ReservedVars{},
					})
				}
				if got := row.shows(b); got != side.want {
					t.Errorf("%s: got %s, want %s", side.compat, got, side.want)
				}
			}
		})
	}
}

// The order of one account's hooks is the same in both modes, and one of Kazoo's
// possible ones (quirk hook-order).
func TestHooksOfAnAccountFireByID(t *testing.T) {
	registry := webhooks.NewRegistry()
	for _, id := range []string{"b", "c", "a"} {
		registry.Set(hook(id, "http://h/"))
	}
	var order []string
	for _, found := range registry.Find("channel_create", "acme", nil) {
		order = append(order, found.ID)
	}
	if got := strings.Join(order, " "); got != "a b c" {
		t.Errorf("got %s", got)
	}
}

func TestEachKeptQuirkIsShown(t *testing.T) {
	// The first is no difference, the others are shown where failures are counted and
	// where REST serves samples, sockets and quickcalls.
	shown := map[string]bool{
		"hook-order": true, "failure-per-millisecond": true, "samples-by-hand": true, "socket-no-account": true, "quickcall-silence": true,
	}
	for _, row := range keptQuirks() {
		shown[row.id] = true
		if q, ok := fidelity.Find(row.id); !ok || q.Class != fidelity.Keep {
			t.Errorf("%s is of class %q", row.id, q.Class)
		}
	}
	for _, row := range refusedQuirks() {
		if q, ok := fidelity.Find(row.id); !ok || q.Class != fidelity.Never {
			t.Errorf("%s is of class %q", row.id, q.Class)
		}
	}
	for _, q := range fidelity.Quirks() {
		// bridge/blackhole shows those of sockets, and bridge/crossbar what REST has of them; simulator/pivot those of Pivot.
		elsewhere := q.Area == fidelity.AreaSockets || q.Area == fidelity.AreaPivot
		if q.Class == fidelity.Keep && !shown[q.ID] && !elsewhere {
			t.Errorf("%s has no row", q.ID)
		}
	}
}

func (r quirkRow) script() []answer {
	if len(r.answers) == 0 {
		return []answer{{status: 200}}
	}
	return r.answers
}

func (r quirkRow) bus(t *testing.T) []string {
	t.Helper()
	if len(r.messages) > 0 {
		return r.messages
	}
	vars := layOver(t, jobj.Object{{Key: "Account-ID", Value: recordedAccount}}, r.vars)
	event := jobj.Object{
		{Key: "Event-Category", Value: "call_event"}, {Key: "Event-Name", Value: "CHANNEL_CREATE"},
		{Key: "Call-ID", Value: "c1"}, {Key: "Custom-Channel-Vars", Value: vars},
	}
	return []string{string(jobj.Append(nil, layOver(t, event, r.event)))}
}

func (r quirkRow) document(t *testing.T, b *bench) jobj.Object {
	t.Helper()
	doc := layOver(t, jobj.Object{
		{Key: "_id", Value: "hook0000000000000000000000000001"}, {Key: "pvt_account_id", Value: recordedAccount},
		{Key: "hook", Value: "channel_create"}, {Key: "uri", Value: "http://127.0.0.1:18999/hook"},
		{Key: "http_verb", Value: "post"}, {Key: "format", Value: "form-data"}, {Key: "retries", Value: 2},
	}, r.hook)
	return doc.Set("uri", b.receiver.here(doc.String("uri")))
}

func layOver(t *testing.T, obj jobj.Object, members string) jobj.Object {
	t.Helper()
	if members == "" {
		return obj
	}
	for _, m := range document(t, members) {
		obj = obj.Set(m.Key, m.Value)
	}
	return obj
}

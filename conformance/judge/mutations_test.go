package judge_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// mutation is a sound message with one fault, and the one rule that is to find it.
type mutation struct {
	of, what string
	change   func(t *testing.T, d *draft)
	rule     string
}

func set(key, raw string) func(*testing.T, *draft) {
	return func(t *testing.T, d *draft) { t.Helper(); d.set(t, key, raw) }
}

func drop(key string) func(*testing.T, *draft) {
	return func(_ *testing.T, d *draft) { d.drop(key) }
}

func put(before, key, raw string) func(*testing.T, *draft) {
	return func(t *testing.T, d *draft) { t.Helper(); d.put(t, before, key, raw) }
}

// swap changes the places of two neighbours.
func swap(first string) func(*testing.T, *draft) {
	return func(_ *testing.T, d *draft) {
		i := d.index(first)
		d.members[i], d.members[i+1] = d.members[i+1], d.members[i]
	}
}

// within replaces text in the JSON of a member.
func within(key, old, replacement string) func(*testing.T, *draft) {
	return func(t *testing.T, d *draft) {
		t.Helper()
		i := d.index(key)
		if i < 0 || !strings.Contains(d.members[i].raw, old) {
			t.Fatalf("no %s in %s", old, key)
		}
		d.members[i].raw = strings.Replace(d.members[i].raw, old, replacement, 1)
	}
}

func envelope(change func(d *draft)) func(*testing.T, *draft) {
	return func(_ *testing.T, d *draft) { change(d) }
}

func envelopeMutations() []mutation {
	body := func(change func(string) string) func(*testing.T, *draft) {
		return func(_ *testing.T, d *draft) { d.Body = []byte(change(string(d.message().Body))) }
	}
	return []mutation{
		{"CHANNEL_CREATE", "on another exchange", envelope(func(d *draft) { d.Exchange = "callmgr" }), "message.exchange"},
		{"doc_edited", "on an exchange that Kazoo lacks", envelope(func(d *draft) { d.Exchange = "documents" }), "message.exchange"},
		{"CHANNEL_CREATE", "no content type", envelope(func(d *draft) { d.ContentType = "" }), "message.content-type"},
		{"mwi_update", "another content type", envelope(func(d *draft) { d.ContentType = "text/plain" }), "message.content-type"},
		{"CHANNEL_CREATE", "an encoding", envelope(func(d *draft) { d.ContentEncoding = "deflate" }), "message.content-encoding"},
		{"inbound 2", "an MMS as it is", envelope(func(d *draft) { d.ContentEncoding = "" }), "message.content-encoding"},
		{"inbound", "a compressed SMS", envelope(func(d *draft) { d.ContentEncoding = "gzip" }), "message.content-encoding"},
		{"inbound 2", "what is no gzip", envelope(func(d *draft) { d.Body = []byte("{}") }), "message.json"},
		{"doc_edited", "a header", envelope(func(d *draft) { d.Headers = map[string]any{"x-tenant": "1"} }), "message.headers"},
		{"usurp_control", "the header of call events", envelope(func(d *draft) { d.Headers = map[string]any{"call-id": []byte("x")} }), "message.headers"},
		{"CHANNEL_CREATE", "a timestamp in seconds", envelope(func(d *draft) { d.TimestampMicros = 1710253474 }), "message.timestamp"},
		{"doc_edited", "no JSON", body(func(s string) string { return s[:len(s)-1] }), "message.json"},
		{"doc_edited", "no object", body(func(string) string { return "[]" }), "message.json"},
		{"doc_edited", "Latin-1", body(func(s string) string { return strings.Replace(s, "device", "dev\xefce", 1) }), "message.json"},
		{"doc_edited", "spaces", body(func(s string) string { return strings.Replace(s, `":`, `": `, 1) }), "message.compact"},
		{"CHANNEL_CREATE", "escaped slashes", body(func(s string) string { return strings.Replace(s, `sofia/`, `sofia\/`, 1) }), "message.compact"},
		{"CHANNEL_CREATE", "escaped letters", set("Caller-ID-Name", `"PAT \u00c9"`), "message.compact"},
		{"CHANNEL_CREATE", "a field twice", put("To", "To", `"x@y"`), "message.repeated"},
		{"CHANNEL_CREATE", "no Msg-ID", drop("Msg-ID"), "message.default-fields"},
		{"doc_edited", "no App-Name", drop("App-Name"), "message.default-fields"},
		{"doc_edited", "a number for the App-Version", set("App-Version", `4`), "message.default-fields"},
		{"voicemail_new", "a notification that Kazoo lacks", set("Event-Name", `"voicemail_heard"`), "message.kind"},
		{"doc_edited", "a change that Kazoo lacks", set("Event-Name", `"doc_moved"`), "message.kind"},
	}
}

func callMutations() []mutation {
	header := func(value any) func(*testing.T, *draft) {
		return envelope(func(d *draft) { d.Headers = map[string]any{"call-id": value} })
	}
	return []mutation{
		{"CHANNEL_CREATE", "a field of the switch's that is cut off", put("To", "To-URI", `"sip:x@y"`), "call-event.closed-fields"},
		{"CHANNEL_BRIDGE", "the A side's id", put("Bridge-B-Unique-ID", "Bridge-A-Unique-ID", `"x"`), "call-event.closed-fields"},
		{"CHANNEL_CREATE", "no Call-ID", drop("Call-ID"), "call-event.required"},
		{"CHANNEL_CREATE", "neighbours that changed places", swap("Switch-URL"), "call-event.order"},
		{"DTMF", "alphabetical at its end", swap("Event-Name"), "call-event.order"},
		{"CHANNEL_CREATE", "a string for the Timestamp", set("Timestamp", `"63877472675"`), "call-event.type"},
		{"CHANNEL_DESTROY", "a string for a duration", set("Duration-Seconds", `"41"`), "call-event.type"},
		{"CHANNEL_CREATE 2", "a string for a boolean", set("Channel-Is-Loopback", `"true"`), "call-event.type"},
		{"CHANNEL_CREATE", "a number for a number dialled", set("Caller-ID-Number", `12125550199`), "call-event.type"},
		{"CHANNEL_CREATE", "a null", set("Callee-ID-Number", `null`), "call-event.empty"},
		{"CHANNEL_CREATE", "an empty string", set("Callee-ID-Number", `""`), "call-event.empty"},
		{"CHANNEL_CREATE", "an empty variable", within("Custom-Channel-Vars", `"DID-Classifier":"did_us"`, `"DID-Classifier":""`), "call-event.empty"},
		{"CHANNEL_CREATE", "the key of url.QueryEscape", envelope(func(d *draft) { d.Key = strings.ReplaceAll(d.Key, "%2E", ".") }), "call-event.key"},
		{"CHANNEL_CREATE", "a key in lower case", envelope(func(d *draft) { d.Key = strings.ReplaceAll(d.Key, "%2E", "%2e") }), "call-event.key"},
		{"CHANNEL_FAX_STATUS", "the key with the Call-ID where another counts", envelope(func(d *draft) { d.Key = "call.CHANNEL_FAX_STATUS.7d1f03aa-2c1b-4a53%40203%2E0%2E113%2E20" }), "call-event.key"},
		{"CHANNEL_CREATE", "no header", envelope(func(d *draft) { d.Headers = nil }), "call-event.call-id"},
		{"CHANNEL_CREATE", "a string in the header", header("7d1f03aa-2c1b-4a53@203.0.113.20"), "call-event.call-id"},
		{"CHANNEL_CREATE", "another id in the header", header([]byte("other")), "call-event.call-id"},
		{"CHANNEL_CREATE", "a random Msg-ID", set("Msg-ID", `"0a1b2c3d4e5f60718293a4b5c6d7e8f9"`), "call-event.msg-id"},
		{"CHANNEL_CREATE", "no Node", drop("Node"), "call-event.node"},
		{"CHANNEL_CREATE", "a host for the Node", set("Node", `"fs001.example.com"`), "call-event.node"},
		{"CHANNEL_CREATE", "the App-Name of older versions", set("App-Name", `"ecallmgr"`), "call-event.app"},
		{"CHANNEL_BRIDGE", "the Request that Kazoo 5 has", put("Presence-ID", "Request", `"1002@acme.example.com"`), "call-event.event-fields"},
		{"DTMF", "the direction", put("Call-ID", "Call-Direction", `"inbound"`), "call-event.event-fields"},
		{"CHANNEL_CREATE", "an account at the top", put("Msg-ID", "Account-ID", `"a1b2c3d4e5f60718293a4b5c6d7e8f90"`), "call-event.event-fields"},
		{"CHANNEL_CREATE", "no From", drop("From"), "call-event.event-required"},
		{"CHANNEL_DESTROY", "no Billing-Seconds", drop("Billing-Seconds"), "call-event.event-required"},
		{"CHANNEL_HOLD", "no state", drop("Channel-State"), "call-event.event-required"},
		{"CHANNEL_CREATE", "the switch's own name of a state", set("Channel-State", `"CS_INIT"`), "call-event.value"},
		{"CHANNEL_CREATE", "no answer state", set("Channel-Answer-State", `"up"`), "call-event.value"},
		{"CHANNEL_CREATE", "no direction", set("Call-Direction", `"in"`), "call-event.value"},
		{"CHANNEL_DESTROY", "a code without sip:", set("Hangup-Code", `"200"`), "call-event.value"},
		{"CHANNEL_DISCONNECTED", "a state of the switch's", set("Channel-Call-State", `"ACTIVE"`), "call-event.value"},
		{"CHANNEL_FAX_STATUS", "an event spelled right", set("Application-Event", `"negotiateresult"`), "call-event.value"},
		{"CHANNEL_ANSWER", "still ringing", set("Channel-Answer-State", `"ringing"`), "call-event.state"},
		{"CHANNEL_HOLD", "not held", set("Channel-Call-State", `"ACTIVE"`), "call-event.state"},
		{"CHANNEL_CREATE", "a Timestamp rounded down", set("Timestamp", `63877472674`), "call-event.timestamp"},
		{"CHANNEL_CREATE", "a Timestamp of Unix", set("Timestamp", `1710253475`), "call-event.timestamp"},
		{"CHANNEL_CREATE", "created after it was told", set("Channel-Created-Time", `"1710253474999456"`), "call-event.timestamp"},
		{"CHANNEL_CREATE", "nobody at a host", set("To", `"@203.0.113.5"`), "call-event.addresses"},
		{"CHANNEL_CREATE", "a channel of nobody's", set("Channel-Name", `"sofia/sipinterface_1/@203.0.113.5"`), "call-event.addresses"},
		{"CHANNEL_CREATE", "digits for a number", within("Custom-Channel-Vars", `"E164-Destination":"+`, `"E164-Destination":"`), "call-event.vars"},
		{"CHANNEL_CREATE", "a URI", set("Request", `"sip:+14155550100@203.0.113.5"`), "call-event.addresses"},
		{"CHANNEL_CREATE", "the channel's name without its kind", set("Channel-Name", `"+12125550199@203.0.113.20"`), "call-event.addresses"},
		{"CHANNEL_CREATE", "two hosts", set("Media-Server", `"fs002.example.com"`), "call-event.switch-names"},
		{"CHANNEL_DISCONNECTED", "the host where the node is named", set("Media-Server", `"fs001.example.com"`), "call-event.switch-names"},
		{"CHANNEL_TRANSFEREE", "another's subclass", set("Raw-Application-Name", `"sofia::transferor"`), "call-event.applications"},
		{"CHANNEL_EXECUTE_COMPLETE", "no raw name", drop("Raw-Application-Name"), "call-event.applications"},
		{"CHANNEL_EXECUTE_COMPLETE", "an application that ends untold", set("Application-Name", `"park"`), "call-event.suppressed"},
		{"CHANNEL_HOLD", "an event that is not relayed", envelope(func(d *draft) {
			d.members[d.index("Event-Name")].raw = `"CALL_UPDATE"`
			d.Key = strings.Replace(d.Key, "CHANNEL_HOLD", "CALL_UPDATE", 1)
		}), "call-event.never-published"},
		{"CHANNEL_CREATE", "a boolean variable as a string", within("Custom-Channel-Vars", `"Privacy-Hide-Name":false`, `"Privacy-Hide-Name":"false"`), "call-event.vars"},
		{"CHANNEL_CREATE", "a variable as a boolean", within("Custom-Channel-Vars", `"Global-Resource":"true"`, `"Global-Resource":true`), "call-event.vars"},
		{"CHANNEL_CREATE", "an interaction without its time", within("Custom-Channel-Vars", `63877472675-`, ``), "call-event.vars"},
		{"CHANNEL_CREATE", "the identity behind the privacy", within("Custom-Channel-Vars", `"Privacy-Hide-Name":false}`, `"Privacy-Hide-Name":false,"Original-Number":"1"}`), "call-event.vars-order"},
		{"CHANNEL_CREATE", "no Presence-ID among the variables", within("Custom-Channel-Vars", `"Presence-ID":"+12125550199@203.0.113.20",`, ``), "call-event.presence-vars"},
		{"CHANNEL_CREATE 2", "the wrong way", set("Call-Direction", `"inbound"`), "call-event.loopback"},
		{"CHANNEL_CREATE 2", "the other end's name", set("Channel-Name", `"loopback/1002-b"`), "call-event.loopback"},
		{"CHANNEL_BRIDGE", "two partners", set("Other-Leg-Call-ID", `"other"`), "call-event.bridge-partner"},
		{"CHANNEL_DESTROY", "it rang longer than it was", set("Ringing-Seconds", `42`), "call-event.durations"},
		{"CHANNEL_DESTROY", "a caller who gave up and paid", set("Hangup-Cause", `"ORIGINATOR_CANCEL"`), "call-event.durations"},
		{"CHANNEL_FAX_STATUS", "pages as a string", within("Application-Data", `"Fax-Total-Pages":2`, `"Fax-Total-Pages":"2"`), "call-event.fax-info"},
		{"PARK_PARKED", "a time", put("Parking-Slot", "Timestamp", `63877472675`), "parking.event-fields"},
		{"PARK_PARKED", "no slot", drop("Parking-Slot"), "parking.event-required"},
		{"PARK_PARKED", "a number for the slot", set("Parking-Slot", `101`), "parking.type"},
		{"PARK_PARKED", "the switch's Msg-ID", set("Msg-ID", `"1710253474123456"`), "parking.msg-id"},
		{"PARK_PARKED", "no realm", within("Custom-Channel-Vars", `"Realm":"acme.sip.example.com",`, ``), "parking.vars"},
		{"usurp_control", "no reason of ecallmgr's", set("Reason", `"Because"`), "usurp.value"},
		{"usurp_control", "no Fetch-ID", drop("Fetch-ID"), "usurp.required"},
		{"usurp_publisher", "a long reference", set("Reference", `"0a1b2c3d4e"`), "usurp.value"},
		{"channel_status_req", "nobody to answer to", drop("Server-ID"), "channel-query.asked"},
		{"channel_status_req", "the key of an event", envelope(func(d *draft) { d.Key = "call.channel_status_req.7d1f03aa" }), "channel-query.key"},
		{"report", "the node's name", set("Node", `"freeswitch@fs001.example.com"`), "call-record.core"},
		{"report", "the event's time", set("Timestamp", `63877472716`), "call-record.interaction"},
	}
}

func otherMutations() []mutation {
	return []mutation{
		{"doc_edited", "the document", put("Date-Modified", "Doc", `{"_id":"x"}`), "document.event-fields"},
		{"doc_edited", "no cache named", drop("Origin-Cache"), "document.event-fields"},
		{"doc_edited", "a type that is not told", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Type", `"cdr"`)
			d.Key = strings.Replace(d.Key, ".device.", ".cdr.", 1)
		}, "document.not-announced"},
		{"doc_edited", "the raw name of the database", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Database", `"a1b2c3d4e5f60718293a4b5c6d7e8f90"`)
			d.Key = "doc_edited.a1b2c3d4e5f60718293a4b5c6d7e8f90.device.5e1f0e2d3c4b5a69788796a5b4c3d2e1"
		}, "document.database"},
		{"doc_edited", "another's account", set("Account-ID", `"00000000000000000000000000000000"`), "document.account"},
		{"doc_edited", "no account", drop("Account-ID"), "document.account"},
		{"doc_created", "the id of another month", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "ID", `"202404-3513f829b23ce4ec8e4bc372701a0cae"`)
			d.Key = strings.Replace(d.Key, ".202403-", ".202404-", 1)
		}, "document.month"},
		{"doc_edited", "a revision without its hash", set("Rev", `"7"`), "document.revision"},
		{"doc_edited", "the dates as they should be", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Date-Created", `63870000000`)
			d.set(t, "Date-Modified", `63877472700`)
		}, "document.dates"},
		{"doc_edited", "deleted and edited", set("Is-Soft-Deleted", `true`), "document.deleted"},
		{"doc_edited", "an id in the key that is not encoded", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "ID", `"a/b"`)
			d.Key = strings.Replace(d.Key, "5e1f0e2d3c4b5a69788796a5b4c3d2e1", "a/b", 1)
		}, "document.key"},
		{"doc_edited", "a long Msg-ID", set("Msg-ID", `"0a1b2c3d4e5f60718293a4b5c6d7e8f9"`), "document.msg-id"},
		{"db_created", "an account", put("Database", "Account-ID", `"a1b2c3d4e5f60718293a4b5c6d7e8f90"`), "database.event-fields"},
		{"db_created", "the documents' version", set("App-Version", `"4.0.0"`), "database.app"},
		{"voicemail_new", "a document without its month", set("Voicemail-ID", `"6e097cd291aed294d2018ecf4b3a6cb8"`), "notification.id"},
		{"voicemail_new", "a length as a string", set("Voicemail-Length", `"14580"`), "notification.type"},
		{"voicemail_new", "nobody who waits", drop("Server-ID"), "notification.asked"},
		{"voicemail_new", "logged under another id", set("System-Log-ID", `"5d0c8e7f6a5b4c3d"`), "notification.asked"},
		{"voicemail_new", "the time of Unix", set("Voicemail-Timestamp", `1710253540`), "notification.timestamp"},
		{"voicemail_new", "a database with slashes", set("Account-DB", `"account/a1/b2/c3d4e5f60718293a4b5c6d7e8f90"`), "notification.database"},
		{"voicemail_saved", "the transcription", put("Voicemail-Length", "Voicemail-Transcription", `{"text":"hi"}`), "notification.fields"},
		{"missed_call", "it was bridged", set("Call-Bridged", `true`), "notification.value"},
		{"missed_call", "another call's end", within("Notify", `"Call-ID":"7d1f`, `"Call-ID":"8d1f`), "notification.value"},
		{"missed_call", "the answer", within("Notify", `CHANNEL_DESTROY`, `CHANNEL_ANSWER`), "notification.value"},
		{"missed_call", "a call of the account's own telephone",
			within("Notify", `{`, `{"Custom-Channel-Vars":{"Authorizing-Type":"device"},`), "notification.value"},
		{"system_alert", "name and version as they should be", set("App-Name", `"kazoo_apps"`), "notification.swapped"},
		{"register", "the Msg-ID of a worker", set("Msg-ID", `"0a1b2c3d4e5f6071"`), "notification.msg-id"},
		{"register", "a field of the registrar's", put("Realm", "Proxy-IP", `"10.0.0.1"`), "notification.closed-fields"},
		{"webhook", "an account at the top", put("System-Log-ID", "Account-ID", `"a1b2c3d4e5f60718293a4b5c6d7e8f90"`), "notification.hook"},
		{"outbound_fax", "the job's id without its month", set("Fax-JobId", `"e58ddc2b6d8a4e0f9c3b7a6d5e4f3021"`), "notification.id"},
		{"outbound_fax", "a code of SIP", within("Fax-Info", `"Fax-Hangup-Code":0`, `"Fax-Hangup-Code":200`), "notification.fax-info"},
		{"inbound_fax", "another month's database", within("Account-DB", "-202403", "-202404"), "notification.database"},
		{"status", "one space", set("Status", `"Received Page 1"`), "fax-status.state"},
		{"status", "a state of another text", set("Fax-State", `"end"`), "fax-status.state"},
		{"status 3", "the state of faxes that come in", set("Fax-State", `"receive"`), "fax-status.state"},
		{"status 2", "the month before the job", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Job-ID", `"202403-e58ddc2b6d8a4e0f9c3b7a6d5e4f3021"`)
			d.Key = strings.Replace(d.Key, ".e58", ".202403-e58", 1)
		}, "fax-status.job"},
		{"status 3", "another page", set("Page", `2`), "fax-status.page"},
		{"status 3", "no report", drop("Fax-Info"), "fax-status.fields"},
		{"status 2", "a caller", put("Page", "Caller-ID-Number", `"+14155550142"`), "fax-status.fields"},
		{"status", "the faxes' other id", put("Msg-ID", "Fax-ID", `"x"`), "fax-status.closed-fields"},
		{"event", "an event that is kept back", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Event", `"floor-change"`)
			d.Key = strings.Replace(d.Key, "add-member", "floor-change", 1)
		}, "conference.never-published"},
		{"event", "a time", put("Event", "Timestamp", `63877472675`), "conference.closed-fields"},
		{"event", "two members", set("Participant-ID", `2`), "conference.member"},
		{"event", "a member's string", within("Conference-Channel-Vars", `"Floor":true`, `"Floor":"true"`), "conference.vars"},
		{"event 2", "a member at the beginning", put("Instance-ID", "Participant-ID", `1`), "conference.member"},
		{"dialog_update", "a state of update", set("State", `"online"`), "presence.value"},
		{"dialog_update", "an hour", set("Expires", `3600`), "presence.derived"},
		{"dialog_update", "somebody else", set("From", `"sip:1002@acme.sip.example.com"`), "presence.derived"},
		{"mwi_update", "no scheme", set("To", `"1001@acme.sip.example.com"`), "lamp.derived"},
		{"mwi_update", "off with a new message", set("Messages-Waiting", `"no"`), "lamp.derived"},
		{"mwi_update", "the key with the scheme", envelope(func(d *draft) { d.Key = strings.Replace(d.Key, ".1001", ".sip%3A1001", 1) }), "lamp.key"},
		{"inbound", "another route", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Route-Type", `"carrier"`)
			d.Key = strings.Replace(d.Key, "offnet", "carrier", 1)
		}, "text.type"},
		{"inbound", "no body", drop("Body"), "text.required"},
		{"inbound", "the key without its route", envelope(func(d *draft) { d.Key = strings.Replace(d.Key, ".offnet", "", 1) }), "text.key"},
		{"action", "an action that konami lacks", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Action", `"dance"`)
			d.Key = strings.Replace(d.Key, ".transfer", ".dance", 1)
		}, "metaflow.value"},
		{"flow", "no object", set("Flow", `"hangup"`), "metaflow.type"},
		{"route_req", "another id than the call's fetch", set("Msg-ID", `"0f1e2d3c4b5a69788796a5b4c3d2e1f0"`), "route-request.fetch-id"},
		{"route_req", "no process to answer to", set("Server-ID", `"ecallmgr@apps001.example.com-<0.529.0>-24a8fcf0"`), "route-request.value"},
		{"route_req", "the realm where the account is known", envelope(func(d *draft) { d.Key = "route.req.audio.203%2E0%2E113%2E20.%2B12125550199" }), "route-request.key"},
		{"route_req", "a resource of another kind", func(t *testing.T, d *draft) {
			t.Helper()
			d.set(t, "Resource-Type", `"offnet-origination"`)
			d.Key = strings.Replace(d.Key, "audio", "offnet-origination", 1)
		}, "route-request.value"},
		{"reg_success", "the user as he is", envelope(func(d *draft) { d.Key = "registration.success.acme.sip.example.com.user_dana_desk" }), "registration.key"},
	}
}

func TestEachFaultIsFoundByItsRule(t *testing.T) {
	book := judge.NewBook(judge.Produced)
	all := samples(t)
	for _, mutations := range [][]mutation{envelopeMutations(), callMutations(), otherMutations()} {
		for _, m := range mutations {
			t.Run(m.of+": "+m.what, func(t *testing.T) {
				g := NewWithT(t)
				sound, known := all[m.of]
				g.Expect(known).To(BeTrue(), "no such sample")
				d := sound.clone()
				m.change(t, d)
				found := book.Check(d.message())
				g.Expect(rulesOf(found)).To(Equal([]string{m.rule}), "%v", found)
				for _, f := range found {
					g.Expect(f.Source).NotTo(BeEmpty())
				}
			})
		}
	}
}

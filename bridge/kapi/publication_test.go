package kapi_test

import (
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// published makes a message of fields that lack what every message has.
func published(t *testing.T, category, name, fields string) (kapi.Message, error) {
	t.Helper()
	kind, ok := kapi.FindPublication(category, name)
	if !ok {
		t.Fatalf("no kind of message is called %s / %s", category, name)
	}
	from := kapi.Sender{Node: "n", AppName: "a", AppVersion: "1", MsgID: func() string { return "m" }}
	return kind.Message(from, parse(t, fields).Set("Event-Name", name))
}

func TestAddressesOfMessages(t *testing.T) {
	for _, c := range []struct{ category, name, fields, exchange, key string }{
		{"sms", "inbound", `"Message-ID":"m.1","Body":"b","From":"f","To":"t","Route-Type":"offnet"`, "im", "sms.inbound.offnet.m%2E1"},
		{"sms", "inbound", `"Message-ID":"m.1","Body":"b","From":"f","To":"t"`, "im", "sms.inbound.m%2E1"},
		{"mms", "outbound", `"Message-ID":"m","Body":"b","From":"f","To":"t","Route-ID":"A b"`, "im", "mms.outbound.a+b.m"},
		{"configuration", "doc_edited", `"ID":"d","Database":"a%2Fb"`, "configuration", "doc_edited.a%2Fb.undefined.d"},
		{"configuration", "doc_edited", `"ID":"d","Database":"a","Type":null`, "configuration", "doc_edited.a.null.d"},
		{"conference", "event", `"Event":"lock","Conference-ID":"cf.1","Instance-ID":"i","Custom-Channel-Vars":{"Account-ID":"x"}`,
			"conference", "conference.event.lock.x.cf.1.cf%2E1"},
		{"conference", "participant_event", `"Event":1,"Call-ID":"a.b","Focus":1,"Conference-ID":"cf","Instance-ID":1,"Participant-ID":1,
			"Floor":1,"Hear":1,"Speak":1,"Talking":1,"Current-Energy":1,"Energy-Level":1,"Video":1,"Mute-Detect":1,"Caller-ID-Name":1,
			"Caller-ID-Number":1,"Channel-Presence-ID":1,"Custom-Channel-Vars":{}`, "conference", "conference.event.cf.a%252Eb"},
		{"fax", "status", `"Job-ID":"j","Fax-ID":"f.1","Account-ID":"x"`, "faxes", "fax.status.x.f%2E1"},
		{"presence", "dialog_update", `"From":"f","To":"t","Call-ID":"c","Presence-ID":"1001@a.b"`, "presence", "dialog.a%2Eb.c"},
		{"presence", "mwi_update", `"To":"sip:1001@r","Messages-New":0,"Messages-Saved":0`, "presence", "mwi_updates.r.sip%3A1001"},
		{"presence", "mwi_unsolicited_update", `"To":"1001@a.b","Messages-New":0,"Messages-Saved":0`, "presence", "mwi_unsolicited_updates.a%2Eb"},
		{"directory", "reg_query", `"Realm":"a.b"`, "registrar", "registration.query.a%2Eb.*"},
		{"dialplan", "route_req", `"From":"u@a.b","Request":"r","To":"t","Call-ID":"c","Resource-Type":"audio","Custom-Channel-Vars":{"Account-ID":"x"}`,
			"callmgr", "route.req.audio.x"},
		{"dialplan", "route_req", `"From":"u.1@a.b","Request":"r","To":"t","Call-ID":"c","Resource-Type":"audio"`, "callmgr", "route.req.audio.a%2Eb.u%2E1"},
		{"call_event", "usurp_control", `"Call-ID":"c@h","Fetch-ID":"f"`, "callevt", "call.usurp_control.c%40h"},
		{"call_event", "query_account_channels_req", `"Account-ID":"x","Usernames":[]`, "callevt", "call.status_req.x"},
		{"call_event", "query_user_channels_req", `"Realm":"a.b","Usernames":["u1","u2"]`, "callevt", "call.status_req.u1%3Aa%2Eb"},
		{"call_event", "query_channels_req", `"Call-ID":"c"`, "callevt", "call.status_req.channels"},
		{"metaflow", "action", `"Call-ID":"a c@1.2","Action":"hangup"`, "metaflow", "metaflow.action.a+c%401%2E2.hangup"},
		{"metaflow", "flow", `"Call-ID":"c@h","Flow":{}`, "metaflow", "metaflow.flow.c%40h"},
		{"websockets", "get_req", `"Account-ID":"x"`, "sysconf", "websockets.get"},
		{"resource", "originate_req", `"Application-Name":"transfer","Endpoints":[]`, "callmgr", "originate.resource.req"},
		{"cdr", "report", `"Call-ID":"c@h","Account-ID":"x"`, "cdr", "cdr.report.x.c%40h"},
		{"configuration", "doc_type_update", `"Type":"webhook"`, "configuration", "configuration.doc_type_update.webhook"},
	} {
		m, err := published(t, c.category, c.name, "{"+c.fields+"}")
		if err != nil || m.Exchange != c.exchange || m.Key != c.key {
			t.Errorf("%s / %s %s: sent to %s %s (%v), want %s %s", c.category, c.name, c.fields, m.Exchange, m.Key, err, c.exchange, c.key)
		}
	}
}

func TestNoMessageWithoutAnAddress(t *testing.T) {
	for _, c := range []struct{ category, name, fields, field string }{
		{"conference", "event", `{"Event":"lock","Conference-ID":"cf","Instance-ID":"i"}`, "Account-ID"},
		{"conference", "search_req", `{}`, "Conference-ID"}, // or an account
		{"fax", "status", `{"Job-ID":"j"}`, "Account-ID"},
		{"fax", "status", `{"Job-ID":"j","Account-ID":"x","Fax-State":"done"}`, "Fax-State"},
		{"presence", "mwi_update", `{"Messages-New":0,"Messages-Saved":0}`, "To"},
		{"presence", "mwi_update", `{"To":"1001@r","Messages-New":"1","Messages-Saved":0}`, "Messages-New"},
	} {
		_, err := published(t, c.category, c.name, c.fields)
		if invalid, ok := errors.AsType[*kapi.InvalidMessageError](err); !ok || invalid.Field != c.field {
			t.Errorf("%s / %s %s: %v, want an error on %s", c.category, c.name, c.fields, err, c.field)
		}
	}
}

// What a caller says stands; what it does not say is filled in.
func TestAMessageWaitingUpdateIsFilledIn(t *testing.T) {
	m, err := published(t, "presence", "mwi_update", `{"To":"1001@acme.sip.example.com","Messages-New":1,"Messages-Saved":2}`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"To-User":"1001","To-Realm":"acme.sip.example.com","Presence-ID":"1001@acme.sip.example.com","Messages-Waiting":"yes",` +
		`"Messages-Urgent-Saved":0,"Messages-Urgent":0,"Message-Account":"sip:1001@acme.sip.example.com","From-User":"1001",` +
		`"From-Realm":"acme.sip.example.com","From":"sip:1001@acme.sip.example.com","Call-ID":"b2a23555fc4f23c8032075d6c598e076",` +
		`"To":"sip:1001@acme.sip.example.com","Messages-Saved":2,"Messages-New":1,` +
		`"Node":"n","Msg-ID":"m","Event-Name":"mwi_update","Event-Category":"presence","App-Version":"1","App-Name":"a"}`
	if string(m.Body) != want {
		t.Errorf("\n got %s\nwant %s", m.Body, want)
	}
}

func TestAnMMSTravelsCompressed(t *testing.T) {
	for category, encoding := range map[string]string{"sms": "", "mms": "gzip"} {
		m, err := published(t, category, "inbound", `{"Message-ID":"m","Body":"b","From":"f","To":"t"}`)
		if err != nil || m.ContentEncoding() != encoding {
			t.Fatalf("%s: %q (%v)", category, m.ContentEncoding(), err)
		}
		text := string(m.Payload())
		if encoding != "" {
			z, err := gzip.NewReader(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			text = string(plain)
		}
		if text != string(m.Body) {
			t.Errorf("%s: %s travels, want %s", category, text, m.Body)
		}
	}
}

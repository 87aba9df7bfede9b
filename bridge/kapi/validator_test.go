package kapi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// defaults are what every message has.
const defaults = `"App-Name":"a","App-Version":"1","Msg-ID":"m"`

func TestTheValidatorNamesTheFieldThatIsWrong(t *testing.T) {
	v := kapi.NewValidator()
	for _, c := range []struct{ category, name, fields, field string }{
		{"call_event", "PARK_PARKED", `"Call-ID":"c"`, ""},
		{"call_event", "PARK_PARKED", `"Call-ID":"c","Bogus":1`, ""}, // what no definition knows is let through
		{"call_event", "PARK_PARKED", `"Parking-Slot":"101"`, "Call-ID"},
		{"call_event", "PARK_PARKED", `"Call-ID":"c","Custom-Channel-Vars":"x"`, "Custom-Channel-Vars"},
		{"call_event", "PARK_PARKED", `"Call-ID":"c","Custom-Channel-Vars":{},"Custom-Channel-Vars":1`, ""}, // the first counts
		{"configuration", "doc_edited", `"ID":"d","Database":"x"`, ""},
		{"configuration", "doc_edited", `"ID":"d","Database":null,"Type":null`, ""}, // a key is enough
		{"configuration", "doc_edited", `"Database":"x"`, "ID"},
		{"configuration", "doc_edited", `"ID":"d"`, "Database"},
		{"configuration", "doc_edited", `"ID":7,"Database":"x"`, "ID"},
		{"configuration", "doc_edited", `"ID":"d","Database":"x","Rev":1`, "Rev"},
		{"configuration", "doc_edited", `"ID":"d","Database":"x","Is-Soft-Deleted":"true"`, ""},
		{"configuration", "doc_edited", `"ID":"d","Database":"x","Is-Soft-Deleted":"yes"`, "Is-Soft-Deleted"},
		{"configuration", "db_views_updated", `"ID":"d","Database":"x"`, ""},
		{"configuration", "doc_type_update", `"Type":"webhook"`, "ID"},
		{"configuration", "doc_purged", `"ID":"d","Database":"x"`, "Event-Name"},
		{"sms", "inbound", `"Message-ID":"m","Body":"b","From":"f","To":"t"`, ""},
		{"sms", "inbound", `"Message-ID":"m","Body":"","From":"f","To":"t","Route-Type":"onnet"`, ""},
		{"sms", "inbound", `"Message-ID":"m","From":"f","To":"t"`, "Body"},
		{"sms", "inbound", `"Message-ID":"m","Body":"b","From":15551110000,"To":"t"`, "From"},
		{"sms", "inbound", `"Message-ID":"m","Body":"b","From":"f","To":"t","Route-Type":"x"`, "Route-Type"},
		{"mms", "inbound", `"Message-ID":"m","Body":"b","From":"f","To":"t","Custom-Vars":[]`, "Custom-Vars"},
		{"notification", "voicemail_full", `"Account-ID":"a","Max-Message-Count":1,"Message-Count":1,"Voicemail-Box":"b"`, ""},
		{"notification", "voicemail_full", `"Account-ID":"a","Max-Message-Count":1,"Message-Count":1`, "Voicemail-Box"},
		{"notification", "outbound_fax_error", `"Fax-ID":"f","Fax-JobId":"f"`, ""}, // for no account in particular
		{"notification", "outbound_smtp_fax_error", `"Account-ID":"a","Fax-From-Email":"e","Timestamp":1,"Errors":["x"]`, ""},
		{"notification", "outbound_smtp_fax_error", `"Account-ID":"a","Fax-From-Email":"e","Timestamp":1,"Errors":[]`, "Errors"},
		{"notification", "number_feature_manual_action", `"Account-ID":"","Number":"n","Feature":{}`, "Account-ID"},
		{"notification", "number_feature_manual_action", `"Account-ID":"a","Number":"n","Feature":"f"`, "Feature"},
		{"notification", "ported", `"Account-ID":"a","Port-Request-ID":"p","Reason":"r"`, "Reason"},
		{"notification", "service_added", `"Account-ID":"a","Audit-Log":1,"Timestamp":1,"Items":[{},1]`, "Items"},
		{"notification", "bill_reminder", `"Account-ID":"a","Due-Date":0,"Timestamp":1,"Items":[]`, "Due-Date"},
		{"notification", "bill_reminder", `"Account-ID":"a","Due-Date":1.5,"Timestamp":1,"Items":[]`, "Due-Date"},
		{"notification", "bill_reminder", `"Account-ID":"a","Due-Date":3,"Timestamp":1,"Items":[]`, ""},
		{"notification", "notify_update", `"Status":"done"`, "Status"},
		{"notification", "notify_update", `"Status":"completed"`, ""},
		{"notification", "voicemail_deleted", `"Account-ID":"a"`, "Event-Name"}, // published by no definition
		{"notification", "made_up", `"Account-ID":"a"`, "Event-Name"},
		{"conference", "event", `"Event":"lock"`, "Event-Name"}, // no hook listens
	} {
		body := fmt.Sprintf(`{"Event-Category":%q,"Event-Name":%q,%s,%s}`, c.category, c.name, c.fields, defaults)
		err := v.Check(c.category, c.name, []byte(body))
		field := ""
		if invalid, ok := errors.AsType[*kapi.InvalidMessageError](err); ok {
			field = invalid.Field
		}
		if field != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: %v, want an error on %q", body, err, c.field)
		}
	}
}

func TestTheValidatorAsksForWhatEveryMessageHas(t *testing.T) {
	v := kapi.NewValidator()
	whole := jobj.Object{
		{Key: "App-Name", Value: "a"}, {Key: "App-Version", Value: "1"}, {Key: "Event-Category", Value: "notification"},
		{Key: "Event-Name", Value: "new_account"}, {Key: "Msg-ID", Value: "m"}, {Key: "Account-ID", Value: "a"},
	}
	for _, m := range whole {
		err := v.Check("notification", "new_account", jobj.Append(nil, whole.Delete(m.Key)))
		if invalid, ok := errors.AsType[*kapi.InvalidMessageError](err); !ok || invalid.Field != m.Key {
			t.Errorf("without %s: %v", m.Key, err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	v := kapi.NewValidator()
	var change kapi.DocChange
	change.Action, change.DB, change.ID, change.Type, change.Rev = "edited", "x", "d", "device", "7-0a"
	body, err := change.Message("n", func() string { return "m" })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Check("configuration", "doc_edited", body); err != nil {
			b.Fatal(err)
		}
	}
}

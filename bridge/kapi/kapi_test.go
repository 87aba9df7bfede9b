package kapi_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const accountID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

func parse(t *testing.T, text string) jobj.Object {
	t.Helper()
	obj, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func TestTheIDOfACallEvent(t *testing.T) {
	for event, want := range map[string]string{
		`{"Call-ID":"c"}`: "c",
		`{"Call-ID":"c","Origination-Call-ID":"o"}`:                            "o",
		`{"Unique-ID":"u"}`:                                                    "u",
		`{"Call-ID":"c","Origination-Call-ID":"o","Channel-Is-Loopback":true}`: "c",
	} {
		if got := kapi.CallEventID(parse(t, event)); got != want {
			t.Errorf("%s: got %s, want %s", event, got, want)
		}
	}
	if got, want := kapi.CallEventKey("CHANNEL_CREATE", "a.b@c"), "call.CHANNEL_CREATE.a%2Eb%40c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGregorianSeconds(t *testing.T) {
	at := time.Date(2024, time.March, 12, 14, 24, 34, 123456000, time.UTC)
	if got := kapi.Gregorian(at); got != 63877472674 {
		t.Errorf("rounded down: %d", got)
	}
	if got := kapi.GregorianCeil(at); got != 63877472675 {
		t.Errorf("rounded up: %d", got)
	}
	if got := kapi.FromGregorian(63877472674); !got.Equal(at.Truncate(time.Second)) {
		t.Errorf("back again: %v", got)
	}
}

func TestDatabaseNames(t *testing.T) {
	const encoded = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
	if got := kapi.AccountDB(accountID); got != encoded {
		t.Errorf("got %s", got)
	}
	if got := kapi.AccountDB("short"); got != "" {
		t.Errorf("an id of another length has the database %s", got)
	}
	month := time.Date(2024, time.March, 31, 23, 0, 0, 0, time.FixedZone("", -2*3600))
	if got := kapi.MonthlyDB(accountID, month); got != encoded+"-202404" {
		t.Errorf("the month is not UTC's: %s", got)
	}
	for _, db := range []string{
		encoded, encoded + "-202403", accountID, accountID + "-202403",
		"account/a1/b2/c3d4e5f60718293a4b5c6d7e8f90", "account/a1/b2/c3d4e5f60718293a4b5c6d7e8f90-202403",
	} {
		if got, ok := kapi.AccountOfDB(db); !ok || got != accountID {
			t.Errorf("%s belongs to %q", db, got)
		}
	}
	for _, db := range []string{"", "accounts", "webhooks", encoded + "-2024", "numbers%2F%2B1415", "account%2Fa1%2Fb2", "account/a1/b2/c3/d4e5f60718293a4b5c6d7e8f9"} {
		if got, ok := kapi.AccountOfDB(db); ok {
			t.Errorf("%s belongs to %s", db, got)
		}
	}
}

func TestADocumentChangeOnTheWire(t *testing.T) {
	change := kapi.DocChange{
		Action: kapi.ActionEdited, DB: kapi.AccountDB(accountID), ID: "5e1f.2", Type: "device",
		Rev: "7-0a", AccountID: accountID, Created: 63870000000, Modified: 63877472700,
	}
	if got, want := change.Key(), "doc_edited."+change.DB+".device.5e1f%2E2"; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
	body, err := change.Message("kazoo_apps@apps001", func() string { return "c1d2e3f405162738" })
	if err != nil {
		t.Fatal(err)
	}
	// Date-Modified is the time of creation and Date-Created that of the last write.
	const want = `{"Origin-Cache":"kazoo_data_cache","Type":"device","Rev":"7-0a","Is-Soft-Deleted":false,` +
		`"Date-Modified":63870000000,"Date-Created":63877472700,"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90",` +
		`"Database":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90","ID":"5e1f.2","Node":"kazoo_apps@apps001",` +
		`"Msg-ID":"c1d2e3f405162738","Event-Name":"doc_edited","Event-Category":"configuration","App-Version":"4.0.0","App-Name":"datamgr"}`
	if string(body) != want {
		t.Errorf("\n got %s\nwant %s", body, want)
	}
	back, err := kapi.ParseDocChange(body)
	if err != nil || back != change {
		t.Errorf("read back as %+v (%v)", back, err)
	}
}

func TestAChangeWithoutTypeAndOfADatabase(t *testing.T) {
	if got := (kapi.DocChange{Action: kapi.ActionDeleted, DB: "webhooks", ID: "h"}).Key(); got != "doc_deleted.webhooks.undefined.h" {
		t.Errorf("got %s", got)
	}
	db := kapi.AccountDB(accountID)
	created := kapi.DocChange{Action: kapi.ActionCreated, DB: db, ID: db, Type: kapi.TypeDatabase, Rev: "1-a", AccountID: accountID}
	if got, want := created.Key(), "db_created."+db+".database.account%252Fa1%252Fb2%252Fc3d4e5f60718293a4b5c6d7e8f90"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	body, err := created.Message("n", func() string { return "m" })
	if err != nil {
		t.Fatal(err)
	}
	if got := parse(t, string(body)); got.Has("Account-ID") || got.Has("Rev") || got.String("App-Version") != "1.0.0" {
		t.Errorf("got %s", body)
	}
}

func TestChangesThatAreNone(t *testing.T) {
	for _, body := range []string{
		``, `[]`, `{}`, `{"Event-Name":"doc_edited","ID":"x"}`, `{"Event-Name":"doc_edited","Database":"x"}`,
		`{"Event-Name":"other","ID":"x","Database":"y"}`, `{"Event-Name":"doc_edited","ID":5,"Database":"y"}`,
	} {
		if change, err := kapi.ParseDocChange([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", body, change)
		}
	}
}

func TestBuildRefusesWhatTheReferenceDoesNotPublish(t *testing.T) {
	from := kapi.Sender{Node: "n", AppName: "freeswitch", AppVersion: "1.0", MsgID: func() string { return "m" }}
	for name, c := range map[string]struct{ fields, field string }{
		"without a call":            {`{"Event-Name":"CHANNEL_CREATE"}`, "Call-ID"},
		"without an event name":     {`{"Call-ID":"c"}`, "Event-Name"},
		"of another category":       {`{"Call-ID":"c","Event-Name":"X","Event-Category":"other"}`, "Event-Category"},
		"with vars that are a list": {`{"Call-ID":"c","Event-Name":"X","Custom-Channel-Vars":[]}`, "Custom-Channel-Vars"},
	} {
		_, err := kapi.Build(kapi.CallEvent(), from, parse(t, c.fields))
		var invalid *kapi.InvalidMessageError
		if !errors.As(err, &invalid) || invalid.Field != c.field {
			t.Errorf("%s: got %v, want an error on %s", name, err, c.field)
		}
	}
}

func TestNumbersAsTheReferenceHasThem(t *testing.T) {
	for number, want := range map[string]string{
		"4158867900": "+14158867900", "14158867900": "+14158867900", "+14158867900": "+14158867900",
		"+4522334455": "+4522334455", "+6591234567": "+6591234567", "442079460000": "+442079460000",
		"011442079460000": "+442079460000", "00442079460000": "+442079460000", "1001": "1001", "*97": "*97", "": "",
	} {
		if got := kapi.E164(number); got != want {
			t.Errorf("%s: got %s, want %s", number, got, want)
		}
	}
}

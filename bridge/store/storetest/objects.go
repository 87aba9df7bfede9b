package storetest

import (
	"testing"

	"github.com/kazoolab/kazoolab/bridge/store"
)

const ownDatabase = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"

func objects() []contract {
	return []contract{
		{"objects by what is theirs alone, each in its own account", func(t *testing.T, f *fixture) {
			for _, o := range []struct{ id, typ, body string }{
				{"d", "device", `{"mac_address":"aabb","sip":{"username":"Desk"}}`},
				{"c", "callflow", `{"numbers":["200","200",5],"patterns":["^9"]}`},
				{"v", "vmbox", `{"mailbox":"0500"}`},
				{"w", "vmbox", `{"mailbox":"x"}`},
				{"m", "conference", `{"conference_numbers":["1"],"member":{"numbers":["2"]},"moderator":{"numbers":["2","3"]}}`},
				{"u", "user", `{"hotdesk":{"id":"7"},"directories":{"dir":"flow"}}`},
			} {
				f.save(t, store.Document{DB: ownDatabase, ID: o.id, Type: o.typ, AccountID: accountOne, Body: object(t, o.body)})
				f.save(t, store.Document{DB: "elsewhere", ID: o.id, Type: o.typ, AccountID: accountOne, Body: object(t, o.body)})
			}
			for _, found := range []struct {
				view      store.View
				value, id string
			}{
				{store.DevicesByMAC, "aabb", "d"}, {store.DevicesByUsername, "desk", "d"},
				{store.CallflowsByNumber, "200", "c"}, {store.CallflowsByPattern, "^9", "c"}, {store.BoxesByMailbox, "500", "v"},
				{store.ConferencesByNumber, "1", "m"}, {store.ConferencesByNumber, "2", "m"}, {store.ConferencesByNumber, "3", "m"},
				{store.UsersByHotdesk, "7", "u"}, {store.UsersByDirectory, "dir", "u"},
			} {
				expectFound(t, f, found.view, store.ValueKey(accountOne, found.value), found.id)
				expectFound(t, f, found.view, store.ValueKey("another", found.value))
			}
		}},
		{"copies of objects in databases of all accounts", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "sip_auth", ID: "d", Type: "device", Body: object(t, `{"sip":{"ip":"192.0.2.1","realm":"R.org","username":"U"}}`)})
			f.save(t, store.Document{DB: "faxes", ID: "b", Type: "faxbox", Body: object(t, `{"pvt_smtp_email_address":"a@x","custom_smtp_email_address":"B@x"}`)})
			f.save(t, store.Document{DB: ownDatabase, ID: "b", Type: "faxbox", AccountID: accountOne, Body: object(t, `{"custom_smtp_email_address":"B@x"}`)})
			expectFound(t, f, store.DevicesByIP, "192.0.2.1", "d")
			expectFound(t, f, store.DevicesByRealm, store.ValueKey("r.org", "u"), "d")
			expectFound(t, f, store.FaxboxesByEmail, "a@x", "b")
			expectFound(t, f, store.FaxboxesByEmail, "b@x", "b")
		}},
		{"what lies in an account's monthly databases goes at once, and nothing else", func(t *testing.T, f *fixture) {
			const other = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f91-202611"
			for _, db := range []string{ownDatabase, ownDatabase + "-202512", ownDatabase + "-202611", other} {
				f.save(t, store.Document{DB: db, ID: "x", Type: "fax", AccountID: accountOne})
			}
			if err := f.RemoveMonthly(t.Context(), accountOne); err != nil {
				t.Fatal(err)
			}
			for db, want := range map[string]int{ownDatabase: 1, ownDatabase + "-202512": 0, ownDatabase + "-202611": 0, other: 1} {
				docs, err := f.List(t.Context(), store.Query{DB: db})
				if err != nil || len(docs) != want {
					t.Errorf("%s holds %v (%v), want %d", db, docs, err, want)
				}
			}
			if err := f.RemoveMonthly(t.Context(), "short"); err != nil {
				t.Error(err)
			}
		}},
	}
}

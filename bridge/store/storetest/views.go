package storetest

import (
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/store"
)

const accountOne = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

func views() []contract {
	return []contract{
		{"accounts by name, realm and key", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{
				DB: "accounts", ID: accountOne, Type: "account", AccountID: accountOne,
				Body: object(t, `{"name":"Customer, Inc.","realm":"Customer.ref.test","pvt_api_key":"aaaa"}`),
			})
			expectFound(t, f, store.AccountsByName, "CUSTO mer inc!", accountOne)
			expectFound(t, f, store.AccountsByRealm, "customer.REF.test", accountOne)
			expectFound(t, f, store.AccountsByAPIKey, "aaaa", accountOne)
			expectFound(t, f, store.AccountsByAPIKey, "AAAA")
			expectFound(t, f, store.AccountsByName, "custom")
			expectFound(t, f, store.AccountsByName, "!")
			expectFound(t, f, store.AccountsByName, "")
		}},
		{"the copy of an account in its own database is not found twice", func(t *testing.T, f *fixture) {
			for _, db := range []string{"accounts", "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"} {
				f.save(t, store.Document{DB: db, ID: accountOne, Type: "account", Body: object(t, `{"name":"one"}`)})
			}
			expectFound(t, f, store.AccountsByName, "one", accountOne)
		}},
		{"users by credentials and name, disabled ones by name only", func(t *testing.T, f *fixture) {
			for id, body := range map[string]string{
				"u1": `{"username":"Ann@x","pvt_md5_auth":"m1","pvt_sha1_auth":"s1"}`,
				"u2": `{"username":"bob","enabled":false,"pvt_md5_auth":"m1","pvt_sha1_auth":"s1"}`,
				"u3": `{"pvt_md5_auth":"m1"}`,
			} {
				f.save(t, store.Document{DB: "account", ID: id, Type: "user", AccountID: accountOne, Body: object(t, body)})
			}
			expectFound(t, f, store.UsersByMD5, "m1", "u1", "u3")
			expectFound(t, f, store.UsersBySHA1, "s1", "u1")
			expectFound(t, f, store.UsersByUsername, store.UserKey(accountOne, "ann@X"), "u1")
			expectFound(t, f, store.UsersByUsername, store.UserKey(accountOne, "bob"), "u2")
			expectFound(t, f, store.UsersByUsername, store.UserKey("another", "bob"))
		}},
		{"numbers by owner", func(t *testing.T, f *fixture) {
			for _, number := range []string{"+14155550101", "+14155550100"} {
				f.save(t, store.Document{DB: "numbers", ID: number, Type: "number", AccountID: accountOne})
			}
			expectFound(t, f, store.NumbersByAccount, accountOne, "+14155550100", "+14155550101")
		}},
		{"configurations of accounts, each in its account's own database", func(t *testing.T, f *fixture) {
			const own = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
			f.save(t, store.Document{DB: own, ID: "configs_webhooks", Type: "account_config", AccountID: accountOne})
			f.save(t, store.Document{DB: own, ID: "configs_other", Type: "account_config", AccountID: accountOne})
			f.save(t, store.Document{DB: "elsewhere", ID: "configs_webhooks", Type: "account_config", AccountID: accountOne})
			expectFound(t, f, store.AccountConfigs, "configs_webhooks", "configs_webhooks")
		}},
		{"only documents of the right type are found", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "accounts", ID: "x", Type: "limits", Body: object(t, `{"name":"one","pvt_md5_auth":"m1"}`)})
			expectFound(t, f, store.AccountsByName, "one")
			expectFound(t, f, store.UsersByMD5, "m1")
		}},
		{"a document is found by what it says now, and not once it is deleted", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "accounts", ID: "x", Type: "account", Body: object(t, `{"name":"before"}`)})
			doc.Body = object(t, `{"name":"after"}`)
			doc = f.save(t, doc)
			expectFound(t, f, store.AccountsByName, "before")
			expectFound(t, f, store.AccountsByName, "after", "x")

			doc.Deleted = true
			doc = f.save(t, doc)
			expectFound(t, f, store.AccountsByName, "after")
			doc.Deleted = false
			f.save(t, doc)
			expectFound(t, f, store.AccountsByName, "after", "x")

			if err := f.Remove(t.Context(), "accounts", "x"); err != nil {
				t.Fatal(err)
			}
			expectFound(t, f, store.AccountsByName, "after")
		}},
		{"a refused write does not show", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "accounts", ID: "x", Type: "account", Body: object(t, `{"name":"kept"}`)})
			doc.Rev, doc.Body = "1-stale", object(t, `{"name":"lost"}`)
			expectConflict(t, f, doc)
			expectFound(t, f, store.AccountsByName, "lost")
			expectFound(t, f, store.AccountsByName, "kept", "x")
		}},
		{"keys that no database holds find nothing and hinder nothing", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "u", Type: "user", Body: object(t, `{"username":"a\u0000b","pvt_md5_auth":"m1"}`)})
			expectFound(t, f, store.UsersByUsername, store.UserKey("", "a\x00b"))
			expectFound(t, f, store.UsersByMD5, "\xff")
			expectFound(t, f, store.UsersByMD5, "m1", "u")
		}},
	}
}

func expectFound(t *testing.T, f *fixture, view store.View, key string, want ...string) {
	t.Helper()
	docs, err := f.Find(t.Context(), view, key)
	if err != nil {
		t.Fatal(err)
	}
	if got := documentIDs(docs); !slices.Equal(got, want) {
		t.Errorf("%s %q: found %v, want %v", view, key, got, want)
	}
	var paged []string
	for after := (store.Document{}); ; {
		docs, err := f.FindPage(t.Context(), view, key, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 0 {
			break
		}
		paged, after = append(paged, documentIDs(docs)...), docs[len(docs)-1]
	}
	if !slices.Equal(paged, want) {
		t.Errorf("%s %q: found %v one by one, want %v", view, key, paged, want)
	}
}

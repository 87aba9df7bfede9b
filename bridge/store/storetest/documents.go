package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func documents() []contract {
	return []contract{
		{"a saved document is read back as Save returned it", func(t *testing.T, f *fixture) {
			saved := f.save(t, store.Document{
				DB: "webhooks", ID: "h1", Type: "webhook", AccountID: "a1",
				Body: object(t, `{"name":"New Calls","enabled":true,"pvt_vsn":"1"}`),
			})
			if got := f.get(t, "webhooks", "h1"); !reflect.DeepEqual(got, saved) {
				t.Errorf("got  %+v\nwant %+v", got, saved)
			}
			if !regexp.MustCompile(`^1-[0-9a-f]{32}$`).MatchString(saved.Rev) {
				t.Errorf("first revision %q", saved.Rev)
			}
			if saved.Created != startSeconds || saved.Modified != startSeconds {
				t.Errorf("created %d, modified %d, want %d", saved.Created, saved.Modified, startSeconds)
			}
		}},
		{"an edit keeps created and counts the revision up", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "webhooks", ID: "h1", Body: object(t, `{"n":1}`)})
			f.clock.Advance(90 * time.Second)
			doc.Created, doc.Body = 5, object(t, `{"n":2}`)
			edited := f.save(t, doc)
			if edited.Created != startSeconds || edited.Modified != startSeconds+90 {
				t.Errorf("created %d, modified %d", edited.Created, edited.Modified)
			}
			if !strings.HasPrefix(edited.Rev, "2-") {
				t.Errorf("second revision %q", edited.Rev)
			}
			if got := f.get(t, "webhooks", "h1"); !reflect.DeepEqual(got, edited) {
				t.Errorf("got  %+v\nwant %+v", got, edited)
			}
		}},
		{"a new document may bring the time it was made", func(t *testing.T, f *fixture) {
			if doc := f.save(t, store.Document{DB: "d", ID: "x", Created: 63700000000}); doc.Created != 63700000000 {
				t.Errorf("created %d", doc.Created)
			}
		}},
		{"equal histories have equal revisions, whenever and wherever", func(t *testing.T, f *fixture) {
			one := f.save(t, store.Document{DB: "d", ID: "one", Type: "t", Body: object(t, `{"n":1}`)})
			f.clock.Advance(time.Hour)
			two := f.save(t, store.Document{DB: "d", ID: "two", Type: "t", Body: object(t, `{"n":1}`)})
			if one.Rev != two.Rev {
				t.Errorf("%s and %s", one.Rev, two.Rev)
			}
			two.Deleted = true
			if one, two = f.save(t, one), f.save(t, two); one.Rev == two.Rev {
				t.Errorf("a deletion has the revision of an edit: %s", one.Rev)
			}
		}},
		{"a document without id gets one", func(t *testing.T, f *fixture) {
			a, b := f.save(t, store.Document{DB: "d"}), f.save(t, store.Document{DB: "d"})
			if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(a.ID) || a.ID == b.ID {
				t.Errorf("ids %q and %q", a.ID, b.ID)
			}
		}},
		{"a soft-deleted document is still there and says so", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "d", ID: "x", Body: object(t, `{"n":1}`)})
			doc.Deleted = true
			f.save(t, doc)
			if got := f.get(t, "d", "x"); !got.Deleted || text(got.Body) != `{"n":1}` {
				t.Errorf("got %+v", got)
			}
		}},
		{"a removed document is gone, and an unknown one was never there", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "x"})
			if err := f.Remove(t.Context(), "d", "x"); err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"x", "y"} {
				if _, err := f.Get(t.Context(), "d", id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("get %s: %v", id, err)
				}
				if err := f.Remove(t.Context(), "d", id); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("remove %s: %v", id, err)
				}
			}
		}},
		{"the same id in two databases is two documents", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "accounts", ID: "a1", Body: object(t, `{"n":1}`)})
			f.save(t, store.Document{DB: "account%2Fa1", ID: "a1", Body: object(t, `{"n":2}`)})
			if err := f.Remove(t.Context(), "accounts", "a1"); err != nil {
				t.Fatal(err)
			}
			if got := f.get(t, "account%2Fa1", "a1"); text(got.Body) != `{"n":2}` {
				t.Errorf("got %+v", got)
			}
		}},
		{"bodies keep order, repeated keys, numbers and every character", func(t *testing.T, f *fixture) {
			for _, body := range []string{
				`{}`,
				`{"z":1,"a":{"y":[1,{"x":null}],"b":[]},"m":{}}`,
				`{"k":1,"k":2}`,
				`{"n":[0,-1,1.50,1e400,123456789012345678901234567890,0.1E-7]}`,
				`{"naïve":"Zoë 東京 🙂 ﷽","":"","a.b":"$1 ? ' \" \\ / <&>"}`,
				`{"nul":"a\u0000b","\u0000":"\u0000","control":"\u0001\u001F\n\t\b\f\r"}`,
				`{"line":"\u2028\u2029","half":"\ud800","bom":"\ufeff"}`,
			} {
				want := object(t, body)
				doc := f.save(t, store.Document{DB: "d", Body: want})
				if got := f.get(t, "d", doc.ID); !reflect.DeepEqual(got.Body, want) {
					t.Errorf("%s came back as %s", body, text(got.Body))
				}
			}
		}},
		{"a body of Go's own numbers is returned as it will be read", func(t *testing.T, f *fixture) {
			doc := f.save(t, store.Document{DB: "d", ID: "x", Body: jobj.Object{{Key: "n", Value: 7}, {Key: "s", Value: "a\xffb"}}})
			want := jobj.Object{{Key: "n", Value: json.Number("7")}, {Key: "s", Value: "a\uFFFDb"}}
			if got := f.get(t, "d", "x"); !reflect.DeepEqual(got.Body, want) || !reflect.DeepEqual(doc.Body, want) {
				t.Errorf("saved %#v, got %#v", doc.Body, got.Body)
			}
		}},
		{"a body of 1 MB", func(t *testing.T, f *fixture) {
			want := jobj.Object{{Key: "text", Value: strings.Repeat("0123456789abcdé\n", 1<<16)}}
			f.save(t, store.Document{DB: "d", ID: "big", Body: want})
			if got := f.get(t, "d", "big"); !reflect.DeepEqual(got.Body, want) {
				t.Errorf("%d bytes came back", len(text(got.Body)))
			}
		}},
		{"what cannot be stored or read back is refused", func(t *testing.T, f *fixture) {
			deep := jobj.Object{}
			for range 2100 {
				deep = jobj.Object{{Key: "d", Value: deep}}
			}
			for name, doc := range map[string]store.Document{
				"no database":           {ID: "x"},
				"no id":                 {DB: "d", Rev: "1-00"},
				"NUL in the id":         {DB: "d", ID: "a\x00b"},
				"id not UTF-8":          {DB: "d", ID: "a\xffb"},
				"NUL in the type":       {DB: "d", ID: "x", Type: "\x00"},
				"an id of 513 bytes":    {DB: "d", ID: strings.Repeat("x", 513)},
				"a number that is none": {DB: "d", ID: "x", Body: jobj.Object{{Key: "n", Value: json.Number("one")}}},
				"nested too deep":       {DB: "d", ID: "x", Body: deep},
			} {
				if _, err := f.Save(t.Context(), doc); !errors.Is(err, store.ErrInvalid) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if docs, err := f.List(t.Context(), store.Query{DB: "d"}); err != nil || len(docs) != 0 {
				t.Errorf("stored all the same: %v, %v", documentIDs(docs), err)
			}
		}},
		{"an id of 512 bytes in every place", func(t *testing.T, f *fixture) {
			long := strings.Repeat("é", 256)
			f.save(t, store.Document{DB: long, ID: long, Type: long, AccountID: long})
			f.get(t, long, long)
			expectList(t, f, store.Query{DB: long, Type: long, AccountID: long}, long)
		}},
		{"names that no database holds find nothing", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "x"})
			for _, name := range []string{"x\x00", "\xff", strings.Repeat("x", 513)} {
				if _, err := f.Get(t.Context(), "d", name); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("get %q: %v", name, err)
				}
				if err := f.Remove(t.Context(), "d", name); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("remove %q: %v", name, err)
				}
				expectList(t, f, store.Query{DB: name})
				expectList(t, f, store.Query{DB: "d", Type: name})
				expectAttempts(t, f, store.AttemptQuery{AccountID: name})
				if err := f.DeleteAttemptsOf(t.Context(), name); err != nil {
					t.Error(err)
				}
				for doc, err := range f.Each(t.Context(), store.Query{DB: name}) {
					t.Errorf("%+v, %v", doc, err)
				}
			}
		}},
		{"an ended context stops reads and writes", func(t *testing.T, f *fixture) {
			f.save(t, store.Document{DB: "d", ID: "x"})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := f.Save(ctx, store.Document{DB: "d", ID: "y"})
			_, errGet := f.Get(ctx, "d", "x")
			_, errList := f.List(ctx, store.Query{DB: "d"})
			for what, err := range map[string]error{
				"save": err, "get": errGet, "list": errList, "remove": f.Remove(ctx, "d", "x"), "ping": f.Ping(ctx),
				"attempts": f.AddAttempts(ctx, []store.Attempt{{}}),
			} {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if docs, err := f.List(t.Context(), store.Query{DB: "d"}); err != nil || len(docs) != 1 {
				t.Errorf("left with %v, %v", documentIDs(docs), err)
			}
		}},
		{"an open store answers a ping", func(t *testing.T, f *fixture) {
			if err := f.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		}},
	}
}

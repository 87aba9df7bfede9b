package payload_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// readers speak every dialect in both modes.
func readers() []*payload.Reader {
	var all []*payload.Reader
	for _, dialect := range fidelity.Dialects() {
		for _, compat := range fidelity.Compats() {
			all = append(all, payload.NewReader(payload.Rules{Dialect: dialect, Compat: compat, Reserved: payload.DefaultReservedVars()}))
		}
	}
	return all
}

// FuzzRead: whatever a message holds, what is made of it is JSON and UTF-8, its form
// text is the list that an attempt keeps, and nothing breaks.
func FuzzRead(f *testing.F) {
	const header = `"Msg-ID":"m","App-Name":"a","App-Version":"1",`
	for _, seed := range []string{
		answeredCall,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_DESTROY","Custom-Channel-Vars":{"n":null,"l":[[1,2.5],{}],"o":{}},"Timestamp":"12","Call-ID":[200,"x"]}`,
		`{"Event-Category":"call_event","Event-Name":"CHANNEL_BRIDGE","Custom-Channel-Vars":[1],"Timestamp":1e999,"Request":{"a":1,"a":2},"To":null}`,
		`{"Event-Category":"call_event","Event-Name":"PARK_PARKED",` + header + `"Call-ID":"c","ÑAnd-Ú":{"Я":[{"Ω":null}]},"Custom-Channel-Vars":{"Account-ID":"a"}}`,
		`{"Event-Category":"configuration","Event-Name":"doc_edited",` + header + `"ID":"d","Type":null,"Database":"account%2Faa%2Fbb%2F0123456789012345678901234567"}`,
		`{"Event-Category":"configuration","Event-Name":"doc_type_update",` + header + `"Type":"webhook"}`,
		`{"Event-Category":"notification","Event-Name":"inbound_fax",` + header + `"Account-ID":"a","Fax-ID":"f","From-Realm":null,"From-User":1,"To-Realm":[],"To-User":{},"Fax-Info":{"Fax-ID":null,"A":1,"a":2}}`,
		`{"Event-Category":"notification","Event-Name":"webhook",` + header + `"Data":{"A-B":[[1]]},"Hook":{"_id":"h","pvt_account_id":"a","uri":"u"}}`,
		`{"Event-Category":"notification","Event-Name":"system_alert",` + header + `"Message":1,"Subject":2,"details":"{\"account_id\":\"x\"}","Details":{"Custom-Channel-Vars":{"Account-ID":"a"}}}`,
		`{"Event-Category":"sms","Event-Name":"inbound",` + header + `"Message-ID":"m","Body":"","From":"1","To":"2","Charges":"-007.50e1","Account-ID":[97]}`,
	} {
		f.Add(seed)
	}
	all := readers()
	f.Fuzz(func(t *testing.T, body string) {
		if payload.Check([]byte(body)) != nil {
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("Check let %q through", body)
		}
		for _, reader := range all {
			event, err := reader.Read([]byte(body))
			if err != nil {
				return // the next one refuses it as well, or ignores it
			}
			owner := payload.Owner{AccountID: "a", ResellerID: "r"}
			checkTexts(t, body, event.Payload(owner).Merge(reader.Compat, payload.Parse(body), "c"), reader.Compat)
			if event.OldHook != "" {
				checkTexts(t, body, event.OldPayload(owner), reader.Compat)
			}
			for _, filter := range event.Filters {
				filter.Passes(payload.Parse(body))
			}
		}
	})
}

func checkTexts(t *testing.T, body string, p payload.Payload, compat fidelity.Compat) {
	t.Helper()
	if out := p.JSON(compat); !json.Valid(out) || !utf8.Valid(out) {
		t.Errorf("the JSON body of %q is not JSON: %q", body, out)
	}
	list := p.FormList()
	if !utf8.Valid(list) {
		t.Errorf("what an attempt keeps of %q is no UTF-8: %q", body, list)
	}
	// A broken key stands whole in an attempt.
	if form := string(p.Form(fidelity.Kazoo)); utf8.ValidString(form) && joinDepthFirst(t, p) != form {
		t.Errorf("form list %q, form text %q", joinDepthFirst(t, p), form)
	}
}

// TestNormalising holds for any object: no key twice, no member null, keys in the
// form that receivers know, all else as it was; and doing it again changes nothing.
func TestNormalising(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := objectText(t, 3)
		for _, compat := range fidelity.Compats() {
			rules := payload.Rules{Dialect: fidelity.V50, Compat: compat}
			once := rules.Normalise(payload.Parse(text))
			if twice := rules.Normalise(once); !slices.Equal(once, twice) {
				t.Fatalf("%s, again: %v, then %v", text, once, twice)
			}
			got, err := jobj.ParseObject(once.JSON(compat))
			if err != nil {
				t.Fatal(err)
			}
			if fault := notNormal(got); fault != "" {
				t.Fatalf("%s: %s in %s", text, fault, jobj.Append(nil, got))
			}
			original, err := jobj.ParseObject([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if want := naive(original); string(jobj.Append(nil, keysOf(want))) != string(jobj.Append(nil, keysOf(got))) {
				t.Fatalf("%s\n got %s\nwant %s", text, jobj.Append(nil, got), jobj.Append(nil, want))
			}
		}
	})
}

func notNormal(v any) string {
	switch v := v.(type) {
	case jobj.Object:
		seen := map[string]bool{}
		for _, m := range v {
			if seen[m.Key] || m.Value == nil || strings.ContainsAny(m.Key, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
				return "key " + m.Key
			}
			seen[m.Key] = true
			if fault := notNormal(m.Value); fault != "" {
				return fault
			}
		}
	case []any:
		for _, element := range v {
			if fault := notNormal(element); fault != "" {
				return fault
			}
		}
	}
	return ""
}

// naive is the rule written down once more, on values.
func naive(v any) any {
	switch v := v.(type) {
	case jobj.Object:
		out := jobj.Object{}
		for _, m := range v {
			if m.Value != nil {
				key := strings.Map(func(r rune) rune {
					switch {
					case 'A' <= r && r <= 'Z':
						return r + 'a' - 'A'
					case r == '-':
						return '_'
					}
					return r
				}, m.Key)
				out = out.Set(key, naive(m.Value))
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = naive(element)
		}
		return out
	}
	return v
}

// keysOf is a value with the kinds of its scalars for their text, which the two
// spell differently.
func keysOf(v any) any {
	switch v := v.(type) {
	case jobj.Object:
		out := make(jobj.Object, len(v))
		for i, m := range v {
			out[i] = jobj.Member{Key: m.Key, Value: keysOf(m.Value)}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = keysOf(element)
		}
		return out
	case json.Number:
		return "number"
	}
	return v
}

// TestMergingIsTheListWalkItDescribes compares with the rule as the reference words
// it, a walk over lists, also where there are more members than are looked through
// one by one.
func TestMergingIsTheListWalkItDescribes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string, most int) payload.Payload {
			var p payload.Payload
			for range rapid.IntRange(0, most).Draw(t, label) {
				p = append(p, payload.Member{
					Key:   rapid.StringMatching("[a-h]|[i-z][a-z]").Draw(t, "key"),
					Value: rapid.SampledFrom([]string{"1", "null", `"x"`, `{"a":1}`}).Draw(t, "value"),
				})
			}
			return p
		}
		base, over := draw("payload", 90), draw("custom_data", 90)
		for _, compat := range fidelity.Compats() {
			want := slices.Clone(base)
			for i := range over {
				m := over[len(over)-1-i]
				if compat == fidelity.Corrected {
					m = over[i]
				}
				at := slices.IndexFunc(want, func(have payload.Member) bool { return have.Key == m.Key })
				switch {
				case at >= 0 && m.Value == "null":
					want = slices.Delete(want, at, at+1)
				case at >= 0:
					want[at].Value = m.Value
				case m.Value != "null":
					want = append(want, m)
				}
			}
			want = append(want, payload.Member{Key: "cluster_id", Value: `"c"`})
			if got := base.Merge(compat, over, "c"); !slices.Equal(got, want) {
				t.Fatalf("%s: %v over %v\n got %v\nwant %v", compat, over, base, got, want)
			}
		}
	})
}

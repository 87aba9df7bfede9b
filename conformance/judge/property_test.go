package judge_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// faults are ways to break any sound message. Each says whether it could break this one.
func faults() map[string]func(t *rapid.T, d *draft) bool {
	pick := func(t *rapid.T, d *draft) int { return rapid.IntRange(0, len(d.members)-1).Draw(t, "member") }
	return map[string]func(*rapid.T, *draft) bool{
		"an unknown field": func(t *rapid.T, d *draft) bool {
			name := "X-" + rapid.StringMatching(`[A-Z][a-z]{1,8}`).Draw(t, "name")
			d.members = slices.Insert(d.members, pick(t, d), member{name, `"x"`})
			return true
		},
		"neighbours in the wrong order": func(t *rapid.T, d *draft) bool {
			i := pick(t, d)
			if i == 0 {
				return false
			}
			d.members[i], d.members[i-1] = d.members[i-1], d.members[i]
			return true
		},
		"a default field less": func(t *rapid.T, d *draft) bool {
			d.drop(rapid.SampledFrom([]string{"App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Node"}).Draw(t, "field"))
			return true
		},
		"a field twice": func(t *rapid.T, d *draft) bool {
			i := pick(t, d)
			d.members = slices.Insert(d.members, i, d.members[i])
			return true
		},
		"an empty string": func(t *rapid.T, d *draft) bool {
			i := pick(t, d)
			if d.members[i].key == "Server-ID" {
				return false
			}
			d.members[i].raw = `""`
			return true
		},
		"a null": func(t *rapid.T, d *draft) bool {
			d.members[pick(t, d)].raw = "null"
			return true
		},
		"an object for a string": func(t *rapid.T, d *draft) bool {
			i := pick(t, d)
			// The specification does not say of these what they are.
			untyped := []string{"Account-DB", "Application-Response", "Terminator", "Number", "Data", "Expires", "Event-Timestamp", "Timestamp", "Length", "Active-Only", "To"}
			if !strings.HasPrefix(d.members[i].raw, `"`) || slices.Contains(untyped, d.members[i].key) {
				return false
			}
			d.members[i].raw = `{"x":1}`
			return true
		},
		"another key": func(t *rapid.T, d *draft) bool {
			d.Key += rapid.SampledFrom([]string{".x", "%2E", " ", "*"}).Draw(t, "end")
			return true
		},
		"another exchange": func(t *rapid.T, d *draft) bool {
			was := d.Exchange
			d.Exchange = rapid.SampledFrom([]string{"", "amq.topic", "callevt", "configuration", "nodes"}).Draw(t, "exchange")
			return d.Exchange != was
		},
		"another content type": func(t *rapid.T, d *draft) bool {
			d.ContentType = rapid.SampledFrom([]string{"", "text/json", "application/erlang"}).Draw(t, "type")
			return true
		},
		"white space": func(_ *rapid.T, d *draft) bool {
			if d.ContentEncoding == "gzip" {
				return false
			}
			d.Body = append(d.message().Body, '\n')
			return true
		},
		"half a body": func(t *rapid.T, d *draft) bool {
			body := d.message().Body
			d.Body = body[:rapid.IntRange(0, len(body)-1).Draw(t, "length")]
			return true
		},
		"a header": func(_ *rapid.T, d *draft) bool {
			d.Headers = map[string]any{"x": true, "call-id": d.Headers["call-id"]}
			return true
		},
	}
}

func TestAnyFaultIsFound(t *testing.T) {
	all, book := samples(t), judge.NewBook(judge.Produced)
	delete(all, "route_req") // of which further fields, in any order, are possible
	names, kinds := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(faults()))
	rapid.Check(t, func(t *rapid.T) {
		sound := all[rapid.SampledFrom(names).Draw(t, "message")]
		d := sound.clone()
		kind := rapid.SampledFrom(kinds).Draw(t, "fault")
		if !faults()[kind](t, d) {
			return
		}
		if found := book.Check(d.message()); len(found) == 0 {
			t.Fatalf("%s was not found in %s", kind, d.message().Body)
		}
	})
}

package payload_test

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

func TestQuerystringVector(t *testing.T) {
	tally := vectortest.NewTally(t, "querystring")
	for _, r := range vectortest.Read(t, "querystring", "in", "out", "error") {
		in := r.RawMember("in")
		if payload.Parse(string(in)) == nil || payload.Check(in) != nil {
			// Not an object: the reference refuses it, and so does Check.
			if r.Has("error") && payload.Check(in) != nil {
				tally.Agree()
				continue
			}
			tally.Disagree(r, "%s is refused, recorded %s", in, r.RawMember("out"))
			continue
		}
		got := string(payload.Parse(string(in)).Form(fidelity.Kazoo))
		switch {
		case !r.Has("error") && got == r.String("out"):
			tally.Agree()
		case r.Has("error") && crashesOnNull(string(in)):
			tally.Differ("null-crash")
		case r.Has("error") && crashesOnNestedList(string(in)):
			tally.Differ("nested-list-bytes")
		default:
			tally.Disagree(r, "%s\n got %s\nwant %s", in, got, r.String("out"))
		}
	}
}

// crashesOnNull: somewhere outside a list a member is null.
func crashesOnNull(in string) bool {
	for _, m := range payload.Parse(in) {
		if m.Value == "null" || strings.HasPrefix(m.Value, "{") && crashesOnNull(m.Value) {
			return true
		}
	}
	return false
}

// crashesOnNestedList: a list in a list holds what is neither text nor a byte.
func crashesOnNestedList(in string) bool { return strings.Contains(in, "[[") }

package frames_test

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// TestNormalizeVector compares whole frames, and the two steps that lead to their
// data; the second, how keys are normalised, with what hooks make of it as well.
func TestNormalizeVector(t *testing.T) {
	tally := vectortest.NewTally(t, "normalize")
	for _, r := range vectortest.Read(t, "normalize", "fn", "in", "out", "error") {
		in := string(r.RawMember("in"))
		if r.Has("error") {
			// The reference breaks the letters of a key, and then cannot encode it.
			if strings.ContainsFunc(in, func(c rune) bool { return c > 0xBF }) {
				tally.Differ("key-bytes")
			} else {
				tally.Disagree(r, "the reference crashes on %s", in)
			}
			continue
		}
		out := string(jobj.Append(nil, r.Object.Object("out")))
		if difference := differs(t, r.String("fn"), in, out); difference != "" {
			tally.Disagree(r, "%s: %s", in, difference)
		} else {
			tally.Agree()
		}
	}
}

// differs says in what the product differs from what a function of the reference
// made, or "".
func differs(t *testing.T, fn, in, out string) string {
	t.Helper()
	const subscribed, subscription, key = "call.*.*", "call.a1.CHANNEL_CREATE.*", "call.a1.CHANNEL_CREATE.c1"
	switch event := read(t, in, key); fn {
	case "blackhole_event":
		return unequal(compact(t, event.Frame(subscribed, subscription, "")), out)
	case "public_fields":
		return unequal(data(t, event), normalised(t, out))
	case "normalize":
		if difference := unequal(normalised(t, in), out); difference != "" {
			return difference
		}
		return unequal(data(t, event), normalised(t, string(public(t, in))))
	}
	return "unknown function " + fn
}

// normalised is what hooks make of an object.
func normalised(t *testing.T, object string) string {
	t.Helper()
	rules := payload.Rules{Dialect: fidelity.V50, Compat: fidelity.Kazoo}
	return compact(t, rules.Normalise(payload.Parse(object)).JSON(fidelity.Kazoo))
}

func unequal(got, want string) string {
	if got == want {
		return ""
	}
	return "\n got " + got + "\nwant " + want
}

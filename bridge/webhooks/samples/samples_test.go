package samples_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
	"github.com/kazoolab/kazoolab/bridge/webhooks/samples"
)

const cluster = "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0"

func set(t *testing.T, dialect fidelity.Dialect, compat fidelity.Compat) *samples.Set {
	t.Helper()
	s, err := samples.New(dialect, compat, cluster)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhichHooksHaveSamples(t *testing.T) {
	const reference = "channel_answer channel_bridge channel_create channel_destroy notifications object parking"
	for _, dialect := range fidelity.Dialects() {
		want := strings.Fields(reference)
		if dialect == fidelity.Talk {
			want = append(want, "inbound_fax", "outbound_fax", "callflow")
		}
		slices.Sort(want)
		if got := set(t, dialect, fidelity.Kazoo).Hooks(); !slices.Equal(got, want) {
			t.Errorf("%s, kazoo: %v", dialect, got)
		}
		hooks, err := catalogue.ForDialect(dialect)
		if err != nil {
			t.Fatal(err)
		}
		want = catalogue.Names(hooks)
		slices.Sort(want)
		if got := set(t, dialect, fidelity.Corrected).Hooks(); !slices.Equal(got, want) {
			t.Errorf("%s, corrected: %v, want each of %v", dialect, got, want)
		}
	}
}

// A receiver gets every sample with these members, whatever the hook.
func TestCorrectedSamplesAreWhatAReceiverGets(t *testing.T) {
	s := set(t, fidelity.Talk, fidelity.Corrected)
	for _, hook := range s.Hooks() {
		for _, sample := range s.Of(hook) {
			object, _ := sample.(jobj.Object)
			if object.String("cluster_id") != cluster || object.String("hook_event") != hook {
				t.Errorf("%s: %s", hook, jobj.Append(nil, object))
			}
		}
	}
	if n := len(s.Of("notifications")); n != 35 {
		t.Errorf("%d notifications; all have a sample but the callflow's, which no hook gets, and the three that the reference leaves out", n)
	}
}

// Where the reference's sample of a hook differs from what our encoder makes of the
// same call.
func TestHandWrittenSamplesDifferFromPayloads(t *testing.T) {
	byHand, made := set(t, fidelity.V50, fidelity.Kazoo), set(t, fidelity.V50, fidelity.Corrected)
	for hook, want := range map[string]string{
		// The timestamp is text there, and what the call has of its own is missing.
		"channel_create":  "cluster_id custom_channel_vars timestamp",
		"channel_answer":  "cluster_id custom_channel_vars timestamp",
		"channel_bridge":  "cluster_id custom_channel_vars original_number other_leg_destination_number timestamp",
		"channel_destroy": "cluster_id custom_channel_vars disposition timestamp",
		"parking":         "caller_id_Number caller_id_number cluster_id hook_event parking_slot",
	} {
		a, _ := byHand.Of(hook)[0].(jobj.Object)
		b, _ := made.Of(hook)[0].(jobj.Object)
		if got := strings.Join(differing(a, b), " "); got != want {
			t.Errorf("%s: %s, want %s\n%s\n%s", hook, got, want, jobj.Append(nil, a), jobj.Append(nil, b))
		}
	}
}

func differing(a, b jobj.Object) []string {
	var keys []string
	for _, m := range append(slices.Clone(a), b...) {
		x, inA := a.Get(m.Key)
		y, inB := b.Get(m.Key)
		same := inA && inB && string(jobj.Append(nil, x)) == string(jobj.Append(nil, y))
		if !same && !slices.Contains(keys, m.Key) {
			keys = append(keys, m.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

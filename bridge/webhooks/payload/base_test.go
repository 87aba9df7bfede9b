package payload_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

func whole(p payload.Payload, asJSON bool, mode fidelity.Compat) []byte {
	if asJSON {
		return p.JSON(mode)
	}
	return p.Form(mode)
}

// However a text is shared and put together, it is that of the merged payload.
func TestSharedTextsAreThoseOfTheMergedPayload(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := objectText(t, 3)
		mode := rapid.SampledFrom(fidelity.Compats()).Draw(t, "mode")
		base := payload.NewBase(func() payload.Payload { return payload.Parse(event) }, mode, "c1")
		for range rapid.IntRange(1, 4).Draw(t, "hooks") {
			var custom payload.Payload
			if rapid.Bool().Draw(t, "custom_data") {
				custom = payload.Parse(objectText(t, 2))
			}
			asJSON := rapid.Bool().Draw(t, "json")
			merged := payload.Parse(event).Merge(mode, custom, "c1")
			want := whole(merged, asJSON, mode)
			if got := base.Text(asJSON, custom); !bytes.Equal(got, want) {
				t.Fatalf("%s with %v\n got %s\nwant %s", event, custom, got, want)
			}
			if got := whole(base.Merged(custom), asJSON, mode); !bytes.Equal(got, want) {
				t.Fatalf("merged %s with %v\n got %s\nwant %s", event, custom, got, want)
			}
			if asJSON && !json.Valid(want) && mode == fidelity.Kazoo {
				t.Fatalf("%s is not JSON", want)
			}
		}
	})
}

// Deliveries of one event run side by side.
func TestABaseServesManyHooksAtOnce(t *testing.T) {
	base := payload.NewBase(func() payload.Payload { return payload.Parse(`{"a":1,"b":{"c":[1,2]}}`) }, fidelity.Kazoo, "c1")
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			custom := payload.Parse(fmt.Sprintf(`{"hook":"%d"}`, i))
			if got, want := string(base.Text(false, custom)), fmt.Sprintf("a=1&b[c][]=1&b[c][]=2&hook=%d&cluster_id=c1", i); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := base.Text(true, custom); !json.Valid(got) {
				t.Errorf("not JSON: %s", got)
			}
		})
	}
	wg.Wait()
	if got, want := string(base.Text(false, nil)), "a=1&b[c][]=1&b[c][]=2&cluster_id=c1"; got != want {
		t.Errorf("the shared text became %s", got)
	}
}

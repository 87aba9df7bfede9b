package payload_test

import (
	"fmt"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// BenchmarkEncode is what it costs to encode one event for so many hooks: plain ones
// share a text, those with custom_data put their own members behind it, and those
// whose custom_data replaces a member of the event have it encoded anew.
func BenchmarkEncode(b *testing.B) {
	read, err := recorded().Read([]byte(answeredCall))
	if err != nil {
		b.Fatal(err)
	}
	event := read.Payload(payload.Owner{AccountID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", ResellerID: "f0e1d2c3b4a5968778695a4b3c2d1e0f"})
	for _, format := range []string{"form", "json"} {
		for _, hooks := range []struct{ name, customData string }{
			{"plain", ``},
			{"custom_data", `{"crm":"7","tier":"gold"}`},
			{"replacing", `{"crm":"7","hook_event":"mine"}`},
		} {
			custom := payload.Parse(hooks.customData)
			for _, n := range []int{1, 10, 100} {
				b.Run(fmt.Sprintf("%s/%s/hooks=%d", format, hooks.name, n), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						base := payload.NewBase(func() payload.Payload { return event }, fidelity.Kazoo, "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0")
						for range n {
							_ = base.Text(format == "json", custom)
						}
					}
				})
			}
		}
	}
}

package journal_test

import (
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// BenchmarkRemember is all that an event with one hook and one try costs.
func BenchmarkRemember(b *testing.B) {
	j := journal.New(journal.Config{Events: 1000, Bytes: journal.DefaultBytes, Mark: "0000"})
	body, text := make([]byte, 2500), make([]byte, 1200)
	b.ReportAllocs()
	for b.Loop() {
		e := j.Add(time.Time{}, journal.Message{Body: body}, "acme", "", []journal.Delivery{{HookID: "h1", AccountID: "acme", Method: "POST"}})
		e.Sending("acme", "h1", "0123456789", "application/json", text)
		e.Tried("acme", "h1", journal.Try{Status: 200, Answer: "ok", Final: true})
	}
}

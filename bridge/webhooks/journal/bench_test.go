package journal_test

import (
	"testing"

	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// BenchmarkRemember is all that an event with one hook and one try costs.
func BenchmarkRemember(b *testing.B) {
	j := journal.New(journal.Config{Events: 1000, Bytes: journal.DefaultBytes, Mark: "0000"})
	body, text := make([]byte, 2500), make([]byte, 1200)
	b.ReportAllocs()
	for b.Loop() {
		e := j.Add(journal.Event{Message: journal.Message{Body: body}, AccountID: "acme"}, []journal.Delivery{{HookID: "h1", AccountID: "acme"}})
		e.Sending("acme", "h1", journal.Request{EventID: "0123456789", ContentType: "application/json", Sent: text})
		e.Tried("acme", "h1", journal.Try{Status: 200, Answer: "ok", Final: true})
	}
}

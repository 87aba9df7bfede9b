package journal_test

import (
	"strconv"
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

// BenchmarkRememberMany is one of 20,000 hooks that take the same event.
func BenchmarkRememberMany(b *testing.B) {
	hooks := make([]journal.Delivery, 20_000)
	for i := range hooks {
		hooks[i] = journal.Delivery{HookID: strconv.Itoa(i), AccountID: "acme"}
	}
	e := journal.New(journal.Config{Events: 1000, Bytes: journal.DefaultBytes}).Add(journal.Event{AccountID: "acme"}, hooks)
	for i := 0; b.Loop(); i++ {
		e.GaveUp("acme", hooks[i%len(hooks)].HookID, journal.HookGone)
	}
}

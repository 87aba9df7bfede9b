package pseudonyms_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/capture/pseudonyms"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// BenchmarkMessage is a call's message: about 2 kB, of which half the calls are new.
func BenchmarkMessage(b *testing.B) {
	sw := pbx.New(pbx.Config{Clock: clockwork.NewFakeClockAt(time.Date(2026, 3, 12, 14, 24, 34, 0, time.UTC)), IDs: ids.Seeded("bench")})
	var messages []capture.Message
	for range 500 {
		for _, e := range sw.WholeCall(pbx.Spec{AccountID: account, AccountRealm: "acme.sip.example.com"}) {
			m, err := e.Message()
			if err != nil {
				b.Fatal(err)
			}
			messages = append(messages, capture.Message{Exchange: m.Exchange, Key: m.Key, Headers: map[string]any{"call-id": []byte(m.CallID)}, Body: m.Body})
		}
	}
	p := pseudonyms.New("key")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m := messages[i%len(messages)]
		b.SetBytes(int64(len(m.Body)))
		p.Message(m)
		i++
	}
}

package judge_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// FuzzAdd: whatever travels, the judge goes on.
func FuzzAdd(f *testing.F) {
	for _, d := range samples(f) {
		f.Add(d.Exchange, d.Key, d.ContentEncoding, d.text("Call-ID"), d.message().Body)
	}
	f.Fuzz(func(t *testing.T, exchange, key, encoding, header string, body []byte) {
		j := judge.New(judge.Config{})
		for _, cfg := range []judge.Level{judge.Produced, judge.Published} {
			judge.NewBook(cfg).Check(judge.Message{Exchange: exchange, Key: key, Body: body})
		}
		m := judge.Message{Exchange: exchange, Key: key, ContentType: "application/json", ContentEncoding: encoding, Body: body}
		if header != "" {
			m.Headers = map[string]any{"call-id": []byte(header)}
		}
		for _, name := range []string{"CHANNEL_CREATE", "CHANNEL_DESTROY"} { // so that what follows has something to follow
			j.Add(m)
			other := m
			other.Body = []byte(strings.Replace(string(body), name, "CHANNEL_BRIDGE", 1))
			j.Add(other)
		}
		for _, found := range j.End() {
			if found.Rule == "" || found.Source == "" {
				t.Errorf("a finding without a rule: %+v", found)
			}
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	s := newStory(b, samples(b))
	var messages []judge.Message
	for _, p := range answeredCall() {
		messages = append(messages, s.message(p))
	}
	var traffic []judge.Message
	for call := range 1000 {
		for _, m := range messages {
			for _, leg := range []string{"a", "b"} {
				m.Body = bytes.ReplaceAll(m.Body, []byte(`"`+leg+"@203"), fmt.Appendf(nil, `"%s%d@203`, leg, call))
				m.Key = strings.Replace(m.Key, "."+leg+"%40", fmt.Sprintf(".%s%d%%40", leg, call), 1)
				if id, _ := m.Headers["call-id"].([]byte); bytes.HasPrefix(id, []byte(leg+"@")) {
					m.Headers = map[string]any{"call-id": fmt.Appendf(nil, "%s%d%s", leg, call, id[1:])}
				}
			}
			traffic = append(traffic, m)
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		j := judge.New(judge.Config{})
		for _, m := range traffic {
			j.Add(m)
		}
		if found := j.End(); len(found) > 0 {
			b.Fatal(found)
		}
		n += len(traffic)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/message")
}

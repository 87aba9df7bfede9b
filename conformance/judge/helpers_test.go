package judge_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// draft is a message whose body can still be changed, member by member.
type draft struct {
	judge.Message

	members []member
}

type member struct {
	key string
	raw string // JSON
}

// samples are sound messages as Kazoo master sends them, in the order of the wire.
func samples(t testing.TB) map[string]draft {
	t.Helper()
	text, err := os.ReadFile("testdata/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]draft{}
	for line := range strings.Lines(string(text)) {
		var record struct {
			Name, Exchange, Key string
			CallID              *string `json:"call_id"`
			Body                json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		d := draft{
			Message: judge.Message{
				Exchange: record.Exchange, Key: record.Key, ContentType: "application/json", TimestampMicros: 1710253474123456,
			},
			members: membersOf(t, record.Body),
		}
		if strings.HasPrefix(record.Key, "mms.") {
			d.ContentEncoding = "gzip"
		}
		if record.CallID != nil {
			d.Headers = map[string]any{"call-id": []byte(*record.CallID)}
		}
		all[record.Name] = d
	}
	return all
}

func membersOf(t testing.TB, object []byte) []member {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var members []member
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		name, _ := key.(string)
		members = append(members, member{name, string(raw)})
	}
	return members
}

// clone is a copy that can be changed.
func (d *draft) clone() *draft {
	c := *d
	c.members = slices.Clone(d.members)
	if d.Headers != nil {
		c.Headers = map[string]any{"call-id": d.Headers["call-id"]}
	}
	return &c
}

func (d *draft) index(key string) int {
	return slices.IndexFunc(d.members, func(m member) bool { return m.key == key })
}

// set replaces a member's value, which is JSON.
func (d *draft) set(t testing.TB, key, raw string) {
	t.Helper()
	i := d.index(key)
	if i < 0 {
		t.Fatalf("no %s to change in %s", key, d.Key)
	}
	d.members[i].raw = raw
}

func (d *draft) drop(key string) {
	d.members = slices.DeleteFunc(d.members, func(m member) bool { return m.key == key })
}

// put puts a member before another.
func (d *draft) put(t testing.TB, before, key, raw string) {
	t.Helper()
	i := d.index(before)
	if i < 0 {
		t.Fatalf("no %s in %s", before, d.Key)
	}
	d.members = slices.Insert(d.members, i, member{key, raw})
}

func (d *draft) text(key string) string {
	i := d.index(key)
	if i < 0 {
		return ""
	}
	var s string
	_ = json.Unmarshal([]byte(d.members[i].raw), &s)
	return s
}

// message is the draft with its body, compressed where it says so.
func (d *draft) message() judge.Message {
	m := d.Message
	if m.Body != nil {
		return m
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range d.members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(one.key) + ":" + one.raw)
	}
	b.WriteByte('}')
	m.Body = b.Bytes()
	if m.ContentEncoding == "gzip" {
		m.Body = zipped(m.Body)
	}
	return m
}

func zipped(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// rulesOf are the ids of findings, each once, in order.
func rulesOf(found []judge.Finding) []string {
	rules := []string{}
	for _, f := range found {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/simulator/capture"
)

// Accounts moves messages to other accounts: each id and each form of a database's name
// made of it, in bodies, routing keys and headers. The other bytes stay. The error is for
// an id that is none.
func Accounts(moves map[string]string) (Alteration, error) {
	var pairs []string
	for _, from := range slices.Sorted(maps.Keys(moves)) {
		to := moves[from]
		for _, id := range []string{from, to} {
			if !isID(id) {
				return nil, fmt.Errorf("%q is no account: an id has 32 digits of 0 to 9 and a to f", id)
			}
		}
		for _, between := range []string{"", "/", `\/`, "%2F", "%2f", "%252F", "%252f"} {
			pairs = append(pairs, parted(from, between), parted(to, between))
		}
	}
	replacer := strings.NewReplacer(pairs...)
	return func(_ time.Time, m capture.Message) capture.Message {
		if text, ok := capture.Unpack(m); ok {
			if made := replacer.Replace(string(text)); made != string(text) {
				m.Body = capture.Pack(m.ContentEncoding, []byte(made))
			}
		}
		m.Key = replacer.Replace(m.Key)
		m.Headers = onText(m.Headers, replacer.Replace)
		return m
	}, nil
}

// parted is an account's id as databases have it.
func parted(id, between string) string { return id[:2] + between + id[2:4] + between + id[4:] }

func isID(s string) bool { return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "" }

// onText changes the texts among headers.
func onText(table map[string]any, change func(string) string) map[string]any {
	if len(table) == 0 {
		return table
	}
	out := make(map[string]any, len(table))
	for name, value := range table {
		out[name] = onValue(value, change)
	}
	return out
}

func onValue(value any, change func(string) string) any {
	switch v := value.(type) {
	case string:
		return change(v)
	case []byte:
		return []byte(change(string(v)))
	case amqp.Table:
		return amqp.Table(onText(v, change))
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = onValue(element, change)
		}
		return out
	}
	return value
}

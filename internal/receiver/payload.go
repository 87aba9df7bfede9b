package receiver

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Field is one decoded value of a payload.
type Field struct {
	Key   string // in nested JSON the path, joined by dots
	Value string
}

// HookID is the id of the webhook that sent the request, "" when it does not say.
func (r Request) HookID() string { return r.Header.Get("X-Hook-Id") }

// AccountID is the id of the account the event belongs to, "" when not said.
func (r Request) AccountID() string { return r.Header.Get("X-Account-Id") }

// Event is the payload's hook_event, "" when there is none.
func (r Request) Event() string {
	for _, f := range r.Fields() {
		if f.Key == "hook_event" {
			return f.Value
		}
	}
	return ""
}

// Fields decodes the payload in the order it came: JSON or form from the body,
// the query when there is no body. A body that is neither gives no fields.
func (r Request) Fields() []Field {
	if len(r.Body) == 0 {
		_, query, _ := strings.Cut(r.Target, "?")
		return formFields(query)
	}
	if r.IsJSON() {
		value, err := jobj.Parse(r.Body)
		if err != nil {
			return nil
		}
		return jsonFields(nil, "", value)
	}
	return formFields(string(r.Body))
}

// IsJSON tells whether the request has a body that is said to be JSON.
func (r Request) IsJSON() bool {
	return len(r.Body) > 0 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

func formFields(text string) []Field {
	var fields []Field
	for pair := range strings.SplitSeq(text, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok && key == "" {
			continue
		}
		fields = append(fields, Field{unescape(key), unescape(value)})
	}
	return fields
}

// unescape leaves what is badly escaped as it came, so that it can be seen.
func unescape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

func jsonFields(fields []Field, path string, value any) []Field {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch value := value.(type) {
	case jobj.Object:
		for _, m := range value {
			fields = jsonFields(fields, below(m.Key), m.Value)
		}
	case []any:
		for i, v := range value {
			fields = jsonFields(fields, below(strconv.Itoa(i)), v)
		}
	case string:
		fields = append(fields, Field{path, value})
	default:
		fields = append(fields, Field{path, string(jobj.Append(nil, value))})
	}
	return fields
}

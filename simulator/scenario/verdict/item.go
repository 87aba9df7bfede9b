package verdict

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/receiver"
)

// Item is one thing that came.
type Item struct {
	// At is when, from the story's beginning.
	At time.Duration

	fields  map[string]string // by dotted paths; text as it is, anything else as JSON
	headers http.Header
	method  string
	hookID  string
	name    string // of the event
}

// Webhook is a request that a receiver got.
func Webhook(at time.Duration, r receiver.Request) Item {
	i := Item{At: at, fields: map[string]string{}, headers: r.Header, method: r.Method, hookID: r.HookID()}
	for _, f := range r.Fields() {
		// A form writes object[member] for what JSON nests.
		key := strings.ReplaceAll(strings.ReplaceAll(f.Key, "[", "."), "]", "")
		if _, there := i.fields[key]; !there {
			i.fields[key] = f.Value
		}
	}
	i.name = firstOf(i.fields, "hook_event", "event_name", "action")
	return i
}

// Frame is an event that a websocket got: its members, and those of its data.
func Frame(at time.Duration, frame jobj.Object) Item {
	i := Item{At: at, fields: map[string]string{}}
	flatten(i.fields, "", frame.Object("data"))
	flatten(i.fields, "", frame)
	i.name = frame.String("name")
	return i
}

// Message is one that was on the bus.
func Message(at time.Duration, fields jobj.Object) Item {
	i := Item{At: at, fields: map[string]string{}}
	flatten(i.fields, "", fields)
	i.name = i.fields["Event-Name"]
	return i
}

// flatten notes the values of an object by their paths; the first of a path counts.
func flatten(into map[string]string, path string, value any) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	note := func(text string) {
		if _, there := into[path]; !there && path != "" {
			into[path] = text
		}
	}
	switch v := value.(type) {
	case jobj.Object:
		for _, m := range v {
			flatten(into, below(m.Key), m.Value)
		}
	case []any:
		for n, element := range v {
			flatten(into, below(fmt.Sprint(n)), element)
		}
	case string:
		note(v)
	default:
		note(string(jobj.Append(nil, v)))
	}
}

func firstOf(fields map[string]string, names ...string) string {
	for _, name := range names {
		if fields[name] != "" {
			return fields[name]
		}
	}
	return "?"
}

// gist is the item in a line.
func (i Item) gist() string {
	text := fmt.Sprintf("%.1fs  %s", i.At.Seconds(), i.name)
	for _, name := range []string{"call_id", "Call-ID", "id", "ID", "account_id"} {
		if value := i.fields[name]; value != "" {
			return text + "  " + name + "=" + value
		}
	}
	return text
}

// has is the item's value at a path.
func (i Item) has(path string) (string, bool) {
	value, ok := i.fields[path]
	return value, ok
}

// header is the item's, of which the first counts.
func (i Item) header(name string) (string, bool) {
	values := i.headers.Values(name)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// paths are those that the item has, in order.
func (i Item) paths() []string {
	all := make([]string, 0, len(i.fields))
	for path := range i.fields {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}

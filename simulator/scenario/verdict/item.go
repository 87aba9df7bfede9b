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
	wholes  map[string]any    // objects and lists, of which fields has the members
	headers http.Header
	method  string
	hookID  string
	name    string // of the event
}

func newItem(at time.Duration) Item {
	return Item{At: at, fields: map[string]string{}, wholes: map[string]any{}}
}

// Webhook is a request that a receiver got.
func Webhook(at time.Duration, r receiver.Request) Item {
	i := newItem(at)
	i.headers, i.method, i.hookID = r.Header, r.Method, r.HookID()
	if value, err := jobj.Parse(r.Body); err == nil && r.IsJSON() {
		i.flatten("", value)
	} else {
		for _, f := range r.Fields() {
			i.noteForm(f)
		}
	}
	i.name = firstOf(i.fields, "hook_event", "event_name", "action")
	return i
}

// Frame is an event that a websocket got: its members, and those of its data.
func Frame(at time.Duration, frame jobj.Object) Item {
	i := newItem(at)
	i.flatten("", frame.Object("data"))
	i.flatten("", frame)
	i.name = frame.String("name")
	return i
}

// Message is one that was on the bus.
func Message(at time.Duration, fields jobj.Object) Item {
	i := newItem(at)
	i.flatten("", fields)
	i.name = i.fields["Event-Name"]
	return i
}

// noteForm notes a field of a form, which writes object[member] for what JSON nests.
func (i Item) noteForm(f receiver.Field) {
	path := strings.ReplaceAll(strings.ReplaceAll(f.Key, "[", "."), "]", "")
	if i.there(path) {
		return
	}
	i.fields[path] = f.Value
	for at, c := range path {
		if c != '.' || f.Key == path {
			continue
		}
		members, _ := i.wholes[path[:at]].(jobj.Object)
		i.wholes[path[:at]] = append(members, jobj.Member{Key: path[at+1:], Value: f.Value})
	}
}

// flatten notes the values of an object by their paths; the first of a path counts.
func (i Item) flatten(path string, value any) {
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	fresh := path != "" && !i.there(path)
	note := func(text string) {
		if fresh {
			i.fields[path] = text
		}
	}
	whole := func() {
		if fresh {
			i.wholes[path] = value
		}
	}
	switch v := value.(type) {
	case jobj.Object:
		whole()
		for _, m := range v {
			i.flatten(below(m.Key), m.Value)
		}
	case []any:
		whole()
		for n, element := range v {
			i.flatten(below(fmt.Sprint(n)), element)
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

// has is the item's value at a path; that of an object or a list is its JSON.
func (i Item) has(path string) (string, bool) {
	if value, ok := i.fields[path]; ok {
		return value, true
	}
	if whole, ok := i.wholes[path]; ok {
		return string(jobj.Append(nil, whole)), true
	}
	return "", false
}

// there tells whether anything is at a path.
func (i Item) there(path string) bool {
	_, isField := i.fields[path]
	_, isWhole := i.wholes[path]
	return isField || isWhole
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

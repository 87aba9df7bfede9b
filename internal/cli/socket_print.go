package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

// frameLine is a frame for people: nothing in it can move the cursor or begin a line.
func (w *watcher) frameLine(f socketclient.Frame) string {
	at := w.Clock.Now().Format("15:04:05.000")
	name := fmt.Sprintf("%-16s", visible(frameName(f.Fields)))
	switch f.Fields.String("action") {
	case "event":
		name = w.paint(green, name)
	case "gap":
		name = w.paint(red, name)
	case "reply":
		if f.Refused() != nil {
			name = w.paint(red, name)
		}
	}
	return at + "  " + name + "  " + frameAbout(f)
}

// frameGist is the same without time and colour.
func frameGist(f socketclient.Frame) string {
	return strings.TrimSpace(visible(frameName(f.Fields)) + "  " + frameAbout(f))
}

func frameAbout(f socketclient.Frame) string {
	switch f.Fields.String("action") {
	case "event":
		return visible(f.Fields.String("subscribed_key")) + members(f.Fields.Object("data"))
	case "gap":
		return visible(f.Fields.String("subscribed_key")) + "  events may be missing: " + visible(f.Fields.String("reason"))
	case "reply":
		about := orDash(f.Answers.Action)
		if f.Answers.Binding != "" {
			about += " " + f.Answers.Binding
		}
		if why := f.Refused(); why != nil {
			return visible(about) + "  " + visible(why.Error())
		}
		if f.Answers.Binding != "" {
			return visible(about) + "  " + visible(f.Fields.String("status")) + "  now: " + orDash(visible(strings.Join(each(f.Fields, "data", "subscribed"), " ")))
		}
		value, _ := f.Fields.Get("data")
		return visible(about) + "  " + visible(f.Fields.String("status")) + "  " + visible(string(jobj.Append(nil, value)))
	}
	return visible(string(f.Text))
}

// members are those of data that tell most, as far as there are any.
func members(data jobj.Object) string {
	var b strings.Builder
	for _, key := range []string{
		"call_id", "call_direction", "caller_id_number", "caller_id_name", "caller_destination_number", "other_leg_call_id", "hangup_cause",
		"type", "id", "event", "conference_id", "job_id", "status", "voicemail_box", "subject",
	} {
		value, ok := data.Get(key)
		if text := plainText(value); ok && text != "" {
			fmt.Fprintf(&b, "  %s=%s", key, visible(text))
		}
	}
	return b.String()
}

// each are the texts of a list, each once: Kazoo repeats bindings.
func each(object jobj.Object, path ...string) []string {
	value, _ := object.Get(path...)
	list, _ := value.([]any)
	var once []string
	for _, element := range list {
		if text, ok := element.(string); ok && !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

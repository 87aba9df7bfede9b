package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

var errTimeout = errors.New("not in time")

// expectation is one --expect.
type expectation struct {
	text    string
	name    string
	members []override
}

func parseExpected(texts []string) ([]expectation, error) {
	var all []expectation
	for _, text := range texts {
		words := strings.Fields(text)
		if len(words) == 0 || strings.Contains(words[0], "=") {
			return nil, usagef("--expect: %q begins with no name, such as CHANNEL_CREATE, reply or gap", text)
		}
		e := expectation{text: text, name: words[0]}
		for _, word := range words[1:] {
			path, value, ok := strings.Cut(word, "=")
			if !ok || path == "" {
				return nil, usagef("--expect: %q is no member=value, as in 'doc_edited type=user'", word)
			}
			e.members = append(e.members, override{path, value})
		}
		all = append(all, e)
	}
	return all, nil
}

// fits tells whether a frame is what is expected: members are those of data, or of the
// frame itself.
func (e expectation) fits(f socketclient.Frame) bool {
	if e.name != frameName(f.Fields) {
		return false
	}
	for _, m := range e.members {
		value, ok := f.Fields.Get(append([]string{"data"}, strings.Split(m.path, ".")...)...)
		if !ok {
			value, ok = f.Fields.Get(strings.Split(m.path, ".")...)
		}
		if !ok || plainText(value) != m.value {
			return false
		}
	}
	return true
}

// frameName is that of the event, else what kind of frame it is.
func frameName(fields jobj.Object) string {
	if action := fields.String("action"); action != "event" {
		return action
	}
	return fields.String("name")
}

// plainText is text as it is, and anything else as JSON.
func plainText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(jobj.Append(nil, value))
}

// meet ends the watcher with the last thing that is expected.
func (w *watcher) meet(f socketclient.Frame) error {
	if len(w.expected) == 0 {
		return nil
	}
	if !w.expected[w.met].fits(f) {
		if len(w.came) == maxCame {
			w.came, w.before = w.came[1:], w.before+1
		}
		w.came = append(w.came, frameGist(f))
		return nil
	}
	w.came, w.before = nil, 0
	if w.met++; w.met == len(w.expected) {
		return errMet
	}
	return nil
}

// maxCame is how much of what came instead is told.
const maxCame = 20

func (w *watcher) notMet(limit time.Duration) error {
	missing := fmt.Sprintf("no %s within %s", w.expected[w.met].text, limit)
	if w.met > 0 {
		missing += fmt.Sprintf(", after %s", w.expected[w.met-1].text)
	}
	if len(w.came) == 0 {
		return errors.New(missing + "; nothing came")
	}
	more := ""
	if w.before > 0 {
		more = fmt.Sprintf(" (and %d before)", w.before)
	}
	return fmt.Errorf("%s; this came%s:\n  %s", missing, more, strings.Join(w.came, "\n  "))
}

package scenario

import (
	"errors"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// WholeCall is what Emit's event says for a call from its beginning to its end.
const WholeCall = "call"

// emit checks an event, of which one is made for trial.
func (s *story) emit(d *Emit) {
	d.Account = s.which(s.act.Path, "account", d.Account, anAccount)
	if d.Call != "" {
		s.live("call", &d.Call)
	}
	kind, known := pbx.FindKind(d.Event)
	if !known && d.Event != WholeCall {
		if d.Event != "" { // else form has said so
			s.wrong(s.at("event"), "there is no event %q; kazoolab trigger --list shows them%s", d.Event, suggest.Hint(d.Event, kindNames()))
		}
		return
	}
	sw := pbx.New(pbx.Config{Clock: standing{}, IDs: ids.Seeded("trial")})
	spec := pbx.Spec{AccountID: strings.Repeat("0", 32)}
	events := sw.WholeCall(spec)
	if known {
		var err error
		if events, err = sw.Compose(kind, spec); err != nil {
			s.wrong(s.at("event"), "cannot be made: %s", err)
			return
		}
	}
	d.Set = s.overrides(d.Set, events)
}

// overrides checks the fields to change with events as they would be.
func (s *story) overrides(set jobj.Object, events []pbx.Event) jobj.Object {
	var changed jobj.Object
	for _, m := range flat("", set) {
		at := s.at("set") + "." + m.Key
		value := s.text(at, plain(m.Value))
		changed = append(changed, jobj.Member{Key: m.Key, Value: value})
		if strings.Contains(value, "{") && value != "" {
			continue // what will stand there is not known yet
		}
		for i, e := range events {
			with, err := e.With(m.Key, value)
			var unknown *pbx.UnknownFieldError
			switch {
			case errors.As(err, &unknown):
				s.reading.WrongKey(at, "%s%s", err, suggest.Hint(unknown.Path, unknown.Known))
			case err != nil:
				s.wrong(at, "%s", err)
			default:
				events[i] = with
			}
		}
	}
	for _, e := range events {
		if _, err := e.Message(); err != nil {
			s.wrong(s.at("set"), "%s", err)
			break
		}
	}
	return changed
}

func kindNames() []string {
	names := []string{WholeCall}
	for _, k := range pbx.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// standing is a clock for trials.
type standing struct{}

// Now is that of pbx.Clock.
func (standing) Now() time.Time { return time.Date(2026, time.March, 12, 14, 24, 34, 0, time.UTC) }

// flat lists the values of an object by their dotted paths.
func flat(path string, o jobj.Object) jobj.Object {
	var all jobj.Object
	for _, m := range o {
		at := m.Key
		if path != "" {
			at = path + "." + m.Key
		}
		if inner, ok := m.Value.(jobj.Object); ok {
			all = append(all, flat(at, inner)...)
			continue
		}
		all = append(all, jobj.Member{Key: at, Value: m.Value})
	}
	return all
}

// plain is text as it is, and anything else as JSON.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(jobj.Append(nil, value))
}

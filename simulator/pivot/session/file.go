package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// kind names the file, and format its version too.
const (
	kind   = "kazoolab pivot session"
	format = kind + " 1"
)

// Outcome is the status in digits, or why there is none.
func (a *Answer) Outcome() string {
	if a.Failed != "" {
		return a.Failed
	}
	return strconv.Itoa(a.Status)
}

// MarshalJSON is the span in seconds, to the microsecond.
func (s Span) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, math.Round(time.Duration(s).Seconds()*1e6)/1e6, 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds.
func (s *Span) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || seconds < 0 || seconds > 366*86400 {
		return fmt.Errorf("%s is no number of seconds", text)
	}
	*s = Span(time.Duration(seconds * float64(time.Second)).Round(time.Microsecond))
	return nil
}

// file is a session as it is written.
type file struct {
	File       string         `json:"file"`
	Telephones []caller.Phone `json:"telephones,omitempty"`
	*Session
}

// Write prints a session for a file. telephones are those that the app could call.
func Write(s *Session, telephones []caller.Phone) ([]byte, error) {
	text, err := json.MarshalIndent(file{format, telephones, s}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print a session: %w", err)
	}
	return append(text, '\n'), nil
}

// Recorded tells a text that Write has written, in whatever version.
func Recorded(text []byte) bool {
	return strings.HasPrefix(gjson.GetBytes(text, "file").Str, kind)
}

// Read reads what Write has written. The error says what is wrong with the text.
func Read(text []byte) (*Session, []caller.Phone, error) {
	f := file{Session: &Session{}}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, nil, fmt.Errorf("it is no recorded session: %w; write one with --record", err)
	}
	if f.File != format {
		return nil, nil, fmt.Errorf("its format is %q, not %q; write one with --record", f.File, format)
	}
	for i, e := range f.Entries {
		if e == nil || e.Kind == Asks && e.Request == nil || e.Kind == Answers && e.Answer == nil || e.Kind == Hears && e.Sound == nil {
			return nil, nil, fmt.Errorf("entries[%d] lacks what it tells of; write the file anew with --record", i)
		}
	}
	return f.Session, f.Telephones, nil
}

// Again is the script of the same caller: the same keys, so long after the prompt of that number
// began, whatever it says now.
func (s *Session) Again(telephones []caller.Phone) *caller.Script {
	script := &caller.Script{Name: cmp.Or(s.Script, "replay"), Title: "The recorded caller", From: s.From, Shows: s.Name, To: s.To, Telephones: telephones}
	sounds, last := -1, Span(0)
	for _, e := range s.Entries {
		if e.Act == nil {
			continue
		}
		act := caller.Act{}
		switch {
		case e.Act.Keys != "":
			act.Do, act.What = &caller.Press{Keys: scenario.Keys(e.Act.Keys)}, "press "+e.Act.Keys
		case e.Act.Speaks > 0:
			act.Do, act.What = caller.Speak(e.Act.Speaks), "speak for "+time.Duration(e.Act.Speaks).String()
		case e.Act.HangUp != "":
			act.Do, act.What = caller.Hangup(e.Act.HangUp), "hang up "+e.Act.HangUp
		default:
			continue
		}
		act.After = time.Duration(e.Act.Later)
		if e.Act.Sounds == sounds {
			act.After = time.Duration(e.At - last)
		} else if e.Act.Sounds > 0 {
			script.Acts = append(script.Acts, caller.Act{
				Do: caller.Sounds(e.Act.Sounds), What: fmt.Sprintf("hear prompt %d", e.Act.Sounds),
			})
		}
		sounds, last = e.Act.Sounds, e.At
		script.Acts = append(script.Acts, act)
	}
	return script
}

// Lines tell a session in lines that another call to the same app would have, too: without
// times, ids and ports.
func (s *Session) Lines() (all []string) {
	for _, e := range s.Entries {
		switch e.Kind { //nolint:exhaustive // the others say how, not what
		case Did:
			all = append(all, "caller    "+e.Text)
		case Asks:
			all = append(all, "request   "+e.Request.Method+" "+Anonymous(path(e.Request.URL), s.CallID))
			for _, m := range e.Request.Params {
				if e.Request.Report && slices.Contains([]string{"Timestamp", "Channel-Created-Time"}, m.Key) {
					continue // times of the clock
				}
				all = append(all, "          "+m.Key+"="+Anonymous(plain(m.Value), s.CallID))
			}
		case Answers:
			all = append(all, "answer    "+e.Answer.Outcome())
			for line := range strings.Lines(e.Answer.Body) {
				all = append(all, "          "+Anonymous(strings.TrimRight(line, "\r\n"), s.CallID))
			}
		case Hears:
			all = append(all, "hears     "+e.Sound.Kind+" "+strconv.Quote(Anonymous(e.Sound.Text, s.CallID)))
		case Goes:
			all = append(all, "flow      "+Anonymous(e.Text, s.CallID))
		case Rings:
			all = append(all, "telephone "+e.Text)
		}
	}
	end := "end       " + s.HungUp + " hung up, " + s.Cause
	if s.Failed != "" {
		end += ", failed: " + Anonymous(s.Failed, s.CallID)
	}
	all = append(all, end)
	if s.Undone != "" {
		all = append(all, "script    "+s.Undone)
	}
	return all
}

func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(jobj.Append(nil, value))
}

// path is a URL without scheme, host and port: the changed app may run at others; and without the
// query, which the parameters repeat.
func path(url string) string {
	if _, after, ok := strings.Cut(url, "://"); ok {
		if i := strings.IndexByte(after, '/'); i >= 0 {
			url = after[i:]
		}
	}
	url, _, _ = strings.Cut(url, "?")
	return url
}

// String is the span as people write it.
func (s Span) String() string { return time.Duration(s).Round(time.Millisecond).String() }

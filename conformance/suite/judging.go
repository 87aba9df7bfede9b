package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Finding is one way in which what was seen is not what is required.
type Finding struct {
	// What says in a few words what was looked at.
	What string `json:"what"`
	// Expected and Actual are shown beside each other; nil where there is nothing to show.
	Expected []byte `json:"-"`
	Actual   []byte `json:"-"`
	// Entries are the places in the log that show it.
	Entries []int `json:"entries,omitempty"`
}

// Judging is what a judge is given: what its group saw, what is known of the target, and
// where findings go.
type Judging struct {
	capture.View
	Facts    capture.Facts
	findings []Finding
	missing  string
}

// NewJudging returns one without findings.
func NewJudging(view capture.View, facts capture.Facts) *Judging {
	return &Judging{View: view, Facts: facts}
}

// Findings are what was found so far.
func (j *Judging) Findings() []Finding { return j.findings }

// Is tells whether the target speaks a dialect.
func (j *Judging) Is(dialects ...string) bool { return slices.Contains(dialects, j.Facts.Dialect) }

// Fail notes that something is not as required. entries are those that show it.
func (j *Judging) Fail(what string, entries ...capture.Entry) {
	j.findings = append(j.findings, Finding{What: what, Entries: places(entries)})
}

// Failf is Fail with a format.
func (j *Judging) Failf(format string, args ...any) { j.Fail(fmt.Sprintf(format, args...)) }

// Differs notes that what was seen is not what is expected.
func (j *Judging) Differs(what string, expected, actual []byte, entries ...capture.Entry) {
	j.findings = append(j.findings, Finding{What: what, Expected: nonNil(expected), Actual: nonNil(actual), Entries: places(entries)})
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func places(entries []capture.Entry) []int {
	var at []int
	for _, e := range entries {
		if e.Seq > 0 { // else it is none: what was looked for was not found
			at = append(at, e.Seq)
		}
	}
	return at
}

// Equal wants the same bytes.
func (j *Judging) Equal(what, expected, actual string, entries ...capture.Entry) bool {
	if expected == actual {
		return true
	}
	j.Differs(what, []byte(expected), []byte(actual), entries...)
	return false
}

// EqualJSON wants the same JSON, whatever the order of members and the white space.
func (j *Judging) EqualJSON(what, expected string, actual []byte, entries ...capture.Entry) bool {
	want, err := tree([]byte(expected))
	if err != nil {
		j.Failf("%s: the expectation is no JSON: %v", what, err)
		return false
	}
	got, err := tree(actual)
	if err == nil && reflect.DeepEqual(want, got) {
		return true
	}
	shown, _ := json.Marshal(want) //nolint:errchkjson // it was read from JSON
	if err == nil {
		actual, _ = json.Marshal(got) //nolint:errchkjson // it was read from JSON; the same order of members, so that only what differs does
	}
	j.Differs(what, shown, actual, entries...)
	return false
}

func tree(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

// Contains wants part in text.
func (j *Judging) Contains(what, part, text string, entries ...capture.Entry) bool {
	if strings.Contains(text, part) {
		return true
	}
	j.Differs(what+": expected within it", []byte(part), []byte(text), entries...)
	return false
}

// Count wants a number of entries, and shows them when there are more or fewer.
func (j *Judging) Count(what string, expected int, seen []capture.Entry) bool {
	if len(seen) == expected {
		return true
	}
	j.Differs(what+": how many", fmt.Append(nil, expected), fmt.Append(nil, len(seen)), seen...)
	return false
}

// One wants exactly one entry and returns it.
func (j *Judging) One(what string, seen []capture.Entry) (capture.Entry, bool) {
	if !j.Count(what, 1, seen) {
		return capture.Entry{}, false
	}
	return seen[0], true
}

// Request wants exactly one request at a receiver.
func (j *Judging) Request(receiver string) (capture.Entry, bool) {
	return j.One("requests at the receiver "+receiver, j.Requests(receiver))
}

// Status wants a step to have been answered with a status code, and returns the answer.
func (j *Judging) Status(step, code string) (capture.Entry, bool) {
	answer, found := j.Answer(step)
	if !found {
		j.Failf("the request %q has no answer", step)
		return capture.Entry{}, false
	}
	return answer, j.Equal("status of "+step, code, answer.Head, answer)
}

// NotShown ends the judging: the log does not show what it takes to judge, through no
// fault of the target. The requirement counts as not run, never as met.
func (j *Judging) NotShown(why string) { j.missing = why }

package rest

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// want is what a step must have been answered with.
type want struct {
	step, status string
	body         *string // the JSON, or "" for no body; nil when it is not looked at
	header       []string
	members      []string
}

// answered wants a status.
func answered(step, status string) want { return want{step: step, status: status} }

// json wants a whole body, less the members that differ from answer to answer.
func (w want) json(text string) want { w.body = &text; return w }

// data wants a success whose data is text, whatever stands beside it.
func (w want) data(text string) want { return w.member("data", text) }

// empty wants no body.
func (w want) empty() want { return w.json("") }

// member wants the value at a path (gjson's), as JSON; "" wants that there is none.
func (w want) member(path, text string) want {
	w.members = append(slices.Clip(w.members), path, text)
	return w
}

// head wants a header field with a value.
func (w want) head(name, value string) want {
	w.header = append(slices.Clip(w.header), name, value)
	return w
}

// without wants that header fields are not there.
func (w want) without(names ...string) want {
	for _, name := range names {
		w = w.head("!"+name, "")
	}
	return w
}

// answers is a judge for the answers to several steps.
func answers(wants ...want) func(*suite.Judging) {
	return func(j *suite.Judging) {
		for _, w := range wants {
			w.judge(j)
		}
	}
}

// fill puts into an expectation what the group knew.
func fill(j *suite.Judging, text string) string {
	for _, e := range j.Entries {
		if name, is := strings.CutPrefix(e.Name, noted); is && e.Kind == capture.Note {
			text = strings.ReplaceAll(text, "{"+name+"}", string(e.Body))
		}
	}
	return text
}

func (w want) judge(j *suite.Judging) {
	answer, found := j.Answer(w.step)
	if !found {
		j.Failf("the request %q has no answer", w.step)
		return
	}
	j.Equal("status of "+w.step, w.status, answer.Head, answer)
	if w.body != nil {
		w.judgeBody(j, answer)
	}
	for pair := range slices.Chunk(w.members, 2) {
		got := gjson.GetBytes(answer.Body, pair[0])
		what := fmt.Sprintf("%s in the answer to %s", pair[0], w.step)
		if pair[1] == "" {
			j.Equal(what, "", got.Raw, answer)
		} else if j.EqualJSON(what, fill(j, pair[1]), []byte(got.Raw), answer) {
			continue
		}
	}
	for pair := range slices.Chunk(w.header, 2) {
		w.judgeHeader(j, answer, pair[0], fill(j, pair[1]))
	}
}

func (w want) judgeHeader(j *suite.Judging, answer capture.Entry, name, value string) {
	if absent, is := strings.CutPrefix(name, "!"); is {
		if got, there := answer.Value(absent); there {
			j.Differs(fmt.Sprintf("%s has the header %s", w.step, absent), nil, []byte(got), answer)
		}
		return
	}
	got, there := answer.Value(name)
	if !there {
		j.Fail(fmt.Sprintf("%s has no header %s", w.step, name), answer)
		return
	}
	if value != "" {
		j.Equal("header "+name+" of "+w.step, value, got, answer)
	}
}

func (w want) judgeBody(j *suite.Judging, answer capture.Entry) {
	if *w.body == "" {
		j.Equal("body of "+w.step, "", string(answer.Body), answer)
		return
	}
	j.EqualJSON("body of "+w.step, fill(j, *w.body), steady(answer.Body), answer)
}

// steady is an envelope without the members that differ from answer to answer, which
// requirements of their own are about. What is no envelope stays as it is.
func steady(body []byte) []byte {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil {
		return body
	}
	for _, name := range []string{"auth_token", "node", "request_id", "timestamp", "tokens", "version"} {
		delete(envelope, name)
	}
	kept, _ := json.Marshal(envelope) //nolint:errchkjson // it was read from JSON
	return kept
}

// Errors that many requests end in.
const (
	notAuthenticated = `{"data":{"message":"invalid credentials"},"error":"401","message":"invalid_credentials","status":"error"}`
	forbidden        = `{"data":{"message":"forbidden"},"error":"403","message":"forbidden","status":"error"}`
	notFound         = `{"data":{"message":"not found"},"error":"404","message":"not_found","status":"error"}`
	badMethod        = `{"data":{"message":"method not allowed"},"error":"405","message":"invalid_method","status":"error"}`
)

// unknown is the error for an id that no document has.
func unknown(id string) string {
	return `{"data":{"cause":"` + id + `","message":"bad identifier"},"error":"404","message":"bad_identifier","status":"error"}`
}

// invalid is a validation error; data is what is wrong.
func invalid(data string) string {
	return `{"data":` + data + `,"error":"400","message":"validation error","status":"error"}`
}

// required is the error for a missing field.
func required(field string) string {
	return `"` + field + `":{"required":{"message":"Field is required but missing","value":"` + last(field) + `"}}`
}

func last(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// bare is an answer on a connection of its own, as it stood on the wire.
type bare struct {
	entry        capture.Entry
	status, body string
	names        []string // of the header fields, in small letters
	header       map[string]string
}

// bareAnswer reads the answer to a raw request.
func bareAnswer(j *suite.Judging, name string) (bare, bool) {
	got := j.Named(capture.RawGot, name)
	if len(got) != 1 || len(got[0].Body) == 0 {
		j.Failf("the raw request %q has no answer", name)
		return bare{}, false
	}
	head, body, _ := strings.Cut(string(got[0].Body), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	_, status, _ := strings.Cut(lines[0], " ")
	b := bare{entry: got[0], status: strings.Fields(status + " ?")[0], body: body, header: map[string]string{}}
	for _, line := range lines[1:] {
		field, value, _ := strings.Cut(line, ":")
		b.names = append(b.names, strings.ToLower(field))
		b.header[strings.ToLower(field)] = strings.TrimSpace(value)
	}
	return b, true
}

// bareEmpty wants a status and no body, and tells what of names is in the header.
func bareEmpty(j *suite.Judging, name, status string, without ...string) (bare, bool) {
	b, ok := bareAnswer(j, name)
	if !ok {
		return b, false
	}
	j.Equal("status of "+name, status, b.status, b.entry)
	j.Equal("body of "+name, "", b.body, b.entry)
	for _, field := range without {
		if slices.Contains(b.names, field) {
			j.Fail(name+" has the header "+field, b.entry)
		}
	}
	return b, true
}

// idOf is the id of the document in an envelope.
func idOf(body []byte) string { return gjson.GetBytes(body, "data.id").Str }

// number is a number in a body, 0 when there is none.
func number(body []byte, path string) int { return int(gjson.GetBytes(body, path).Int()) }

// seconds are the Unix seconds of a timestamp, 0 when it is none.
func seconds(timestamp string) int64 {
	at, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return 0
	}
	return at.Unix()
}

// byName goes through a table in the order of its names, so that it is done and told alike
// each time.
func byName[V any](table map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			if !yield(name, table[name]) {
				return
			}
		}
	}
}

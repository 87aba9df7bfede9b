package caller

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Judgement is what became of an expectation.
type Judgement struct {
	Line   int    `json:"line"`
	What   string `json:"what"`
	Met    bool   `json:"met"`
	Report string `json:"report,omitempty"` // why it is not met
}

// Judge says of each expectation whether it is met.
func Judge(expect []Expected, e *Evidence) []Judgement {
	all := []Judgement{}
	for _, x := range expect {
		j := Judgement{Line: x.Line}
		switch {
		case x.Requests != nil:
			j.What, j.Report = x.Requests.judge(e)
		case len(x.Heard) > 0:
			j.What, j.Report = "heard", inOrder(x.Heard, prompts(e), "heard")
		case len(x.NotHeard) > 0:
			j.What, j.Report = "not_heard", none(x.NotHeard, e)
		case len(x.Branches) > 0:
			j.What, j.Report = "branches", inOrder(x.Branches, e.Went, "gone to")
		case x.Final != nil:
			j.What, j.Report = "final", x.Final.judge(e)
		}
		j.Met = j.Report == ""
		all = append(all, j)
	}
	return all
}

func prompts(e *Evidence) (all []string) {
	for _, h := range e.Heard {
		all = append(all, h.Text)
	}
	return all
}

// inOrder says which of some prompts did not come in its turn; "" where all did.
func inOrder(wanted []Prompt, there []string, verb string) string {
	from := 0
	for _, w := range wanted {
		at := -1
		for i := from; i < len(there); i++ {
			if w.In(there[i]) {
				at = i
				break
			}
		}
		if at >= 0 {
			from = at + 1
			continue
		}
		for i, text := range there[:from] {
			if w.In(text) {
				return fmt.Sprintf("%q was %s too early, as number %d; in order it was\n%s", w.Text, verb, i+1, listed(there))
			}
		}
		if len(there) == 0 {
			return fmt.Sprintf("%q was not %s; nothing was", w.Text, verb)
		}
		return fmt.Sprintf("%q was not %s; in order it was\n%s", w.Text, verb, listed(there))
	}
	return ""
}

// listed is a list for people, no more than a page of it.
func listed(texts []string) string {
	const most = 30
	var all strings.Builder
	for i, text := range texts[:min(most, len(texts))] {
		if i > 0 {
			all.WriteByte('\n')
		}
		fmt.Fprintf(&all, "  %d. %s", i+1, text)
	}
	if len(texts) > most {
		fmt.Fprintf(&all, "\n  and %d more", len(texts)-most)
	}
	return all.String()
}

func none(unwanted []Prompt, e *Evidence) string {
	for _, w := range unwanted {
		for _, h := range e.Heard {
			if w.In(h.Text) {
				return fmt.Sprintf("%q was heard, after %s: %s", w.Text, h.At, h.Text)
			}
		}
	}
	return ""
}

// are is so many requests, with the verb before.
func are(n int) string {
	if n == 1 {
		return "is 1 request"
	}
	return fmt.Sprintf("are %d requests", n)
}

// judge says what is looked for, and what is wrong with what is there.
func (w *Wanted) judge(e *Evidence) (what, report string) {
	if w.Number > 0 {
		what = fmt.Sprintf("request %d", w.Number)
		if w.Number > len(e.Requests) {
			return what, "there " + are(len(e.Requests))
		}
		return what, strings.Join(w.differences(e.Requests[w.Number-1]), "\n")
	}
	what = "request"
	count, nearest, least := 0, "", -1
	for i, r := range e.Requests {
		wrong := w.differences(r)
		if len(wrong) == 0 {
			count++
			continue
		}
		if least < 0 || len(wrong) < least {
			least, nearest = len(wrong), fmt.Sprintf("; nearest is request %d:\n%s", i+1, strings.Join(wrong, "\n"))
		}
	}
	switch {
	case count < w.Least && count == 0:
		return what, fmt.Sprintf("there %s, and none is such%s", are(len(e.Requests)), nearest)
	case count < w.Least:
		return what, fmt.Sprintf("there %s of that kind, expected are at least %d%s", are(count), w.Least, nearest)
	case w.Most >= 0 && count > w.Most:
		return what, fmt.Sprintf("there %s of that kind, expected are at most %d", are(count), w.Most)
	}
	return what, ""
}

// differences are the rules that do not hold for a request.
func (w *Wanted) differences(r Asked) (all []string) {
	for _, m := range w.Rules {
		var value string
		there := true
		switch m.Field {
		case fieldMethod:
			value = r.Method
		case fieldURL:
			value = r.URL
		case fieldStatus:
			value = r.Status
		default:
			value, there = parameter(r.Params, strings.TrimPrefix(m.Field, inParams))
		}
		all = append(all, differs(m, value, there)...)
	}
	return all
}

// parameter is one by its name, whose dots lead into objects where no name has them.
func parameter(params jobj.Object, name string) (value string, there bool) {
	if v, ok := params.Get(name); ok {
		return plain(v), true
	}
	if v, ok := params.Get(strings.Split(name, ".")...); ok {
		return plain(v), true
	}
	return "", false
}

func differs(m scenario.Match, value string, there bool) []string {
	nothing := func(scenario.Reference) (string, bool) { return "", false }
	if m.Holds(value, there, nothing) {
		return nil
	}
	got := fmt.Sprintf("%q", value)
	if !there {
		got = "absent"
	}
	return []string{fmt.Sprintf("  %s: expected %s, is %s", m.Field, strings.TrimSpace(m.Text), got)}
}

// judge says what is wrong with an end.
func (w *Ending) judge(e *Evidence) string {
	var all []string
	for _, m := range w.Rules {
		var value string
		there := true
		switch m.Field {
		case fieldHungUp:
			value, there = e.HungUp, e.HungUp != ""
		case fieldCause:
			value, there = e.Cause, e.Cause != ""
		case fieldCallStatus:
			value, there = e.callStatus()
		case fieldSeconds:
			value = fmt.Sprintf("%g", e.Lasted.Seconds())
		case fieldOutcome:
			value = "completed"
			if e.Failed != "" {
				value = "failed"
			}
		}
		wrong := differs(m, value, there)
		if m.Field == fieldOutcome && len(wrong) > 0 && e.Failed != "" {
			wrong[0] += ": " + e.Failed
		}
		all = append(all, wrong...)
	}
	return strings.Join(all, "\n")
}

package caller

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Expected is an expectation whose rules are read.
type Expected struct {
	Line int

	Requests *Wanted
	Heard    []Prompt
	NotHeard []Prompt
	Branches []Prompt
	Final    *Ending
}

// Wanted is what requests must be.
type Wanted struct {
	Number      int // 0 is any
	Rules       []scenario.Match
	Least, Most int // Most is -1 for any number
}

// Ending is how a call must end.
type Ending struct{ Rules []scenario.Match }

// The fields of a request and of an end that rules are of.
const (
	fieldMethod = "method"
	fieldURL    = "url"
	fieldStatus = "status"
	inParams    = "params."

	fieldHungUp     = "hung_up"
	fieldCause      = "cause"
	fieldCallStatus = "call_status"
	fieldOutcome    = "outcome"
	fieldSeconds    = "seconds"
)

func (p *parsing) expectations() (all []Expected) {
	for i, x := range p.file.Expect {
		path := fmt.Sprintf("expect[%d]", i)
		e := Expected{Line: p.Value(path).Line}
		switch {
		case x.Request != nil:
			e.Requests = p.wanted(path+".request", x.Request)
		case len(x.Heard) > 0:
			e.Heard = p.prompts(path+".heard", x.Heard)
		case len(x.NotHeard) > 0:
			e.NotHeard = p.prompts(path+".not_heard", x.NotHeard)
		case len(x.Branches) > 0:
			e.Branches = p.prompts(path+".branches", x.Branches)
		case x.Final != nil:
			e.Final = p.ending(path+".final", x.Final)
		default:
			continue // what is wrong with it is noted
		}
		all = append(all, e)
	}
	return all
}

func (p *parsing) prompts(path string, texts []string) (all []Prompt) {
	for i, text := range texts {
		all = append(all, p.prompt(fmt.Sprintf("%s[%d]", path, i), text))
	}
	return all
}

// rule reads the rule of a field; "" is none.
func (p *parsing) rule(path, field, text string) []scenario.Match {
	if text == "" {
		return nil
	}
	rule, err := scenario.ParseRule(text)
	if err != nil {
		p.Wrong(path, "%s", err)
		return nil
	}
	return []scenario.Match{{Field: field, Text: text, OneOf: []scenario.Rule{rule}}}
}

func (p *parsing) wanted(path string, r *Request) *Wanted {
	w := &Wanted{Number: r.Number, Least: 1, Most: -1}
	if r.Exactly != nil {
		w.Least, w.Most = *r.Exactly, *r.Exactly
		if r.AtLeast != nil {
			p.WrongKey(path+".at_least", "stands beside %q; there can be one of them", "exactly")
		}
		if r.Number > 0 {
			p.WrongKey(path+".exactly", "one request, which number names, is there once; leave one of them out")
		}
	}
	if r.AtLeast != nil {
		w.Least = *r.AtLeast
	}
	w.Rules = append(w.Rules, p.rule(path+".method", fieldMethod, r.Method)...)
	w.Rules = append(w.Rules, p.rule(path+".url", fieldURL, r.URL)...)
	if r.Status > 0 {
		w.Rules = append(w.Rules, p.rule(path+".status", fieldStatus, strconv.Itoa(r.Status))...)
	}
	w.Rules = append(w.Rules, p.params(path+".params", "", r.Params)...)
	return w
}

// params reads the rules of parameters, those of objects in them included.
func (p *parsing) params(path, above string, o jobj.Object) (all []scenario.Match) {
	for _, m := range o {
		at, name := path+"."+m.Key, above+m.Key
		switch v := m.Value.(type) {
		case jobj.Object:
			if len(v) == 0 {
				p.Wrong(at, `an empty mapping is no rule; write "= {}" for an empty object, "*" for any value`)
			}
			all = append(all, p.params(at, name+".", v)...)
		case []any:
			match := scenario.Match{Field: inParams + name}
			var said []string
			for i, one := range v {
				for _, m := range p.rule(fmt.Sprintf("%s[%d]", at, i), "", plain(one)) {
					match.OneOf = append(match.OneOf, m.OneOf...)
					said = append(said, m.Text)
				}
			}
			match.Text = strings.Join(said, " or ")
			all = append(all, match)
		default:
			text := plain(v)
			if text == "" {
				text = "= "
			}
			all = append(all, p.rule(at, inParams+name, text)...)
		}
	}
	return all
}

func (p *parsing) ending(path string, f *Final) *Ending {
	if f.HungUp != "" {
		p.known(path+".hung_up", f.HungUp, TheCaller, TheApp)
	}
	e := &Ending{}
	for _, of := range []struct{ field, text string }{
		{fieldHungUp, f.HungUp},
		{fieldCause, f.Cause},
		{fieldCallStatus, f.CallStatus},
		{fieldOutcome, f.Outcome},
		{fieldSeconds, f.Seconds},
	} {
		e.Rules = append(e.Rules, p.rule(path+"."+of.field, of.field, of.text)...)
	}
	if len(e.Rules) == 0 {
		p.Wrong(path, "says nothing of the end; write hung_up, cause, call_status, outcome or seconds")
	}
	return e
}

// plain is text as it is, and anything else as JSON.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(jobj.Append(nil, value))
}

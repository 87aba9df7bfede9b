package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Match is what the value of a field must be.
type Match struct {
	Field string // dotted
	// Text is the rule as it is written, with the names of the plan.
	Text string
	// OneOf are the rules of which one must hold; there is one but for a list.
	OneOf []Rule
}

// Rule is one way in which a value can be right.
type Rule struct {
	op   string // "", *, absent, /, =, !=, >=, <=, >, <
	text string
	re   *regexp.Regexp
}

// ParseRule reads a rule: a text that must be it; * for any value, an object or a list, too; absent for none;
// /regular expression/ that must be found in it; >= 3 and the like for numbers; != text
// for another one; = text where the text begins as one of these.
func ParseRule(text string) (Rule, error) {
	switch {
	case text == "*", text == "absent":
		return Rule{op: text}, nil
	case isPattern(text):
		re, err := regexp.Compile(text[1 : len(text)-1])
		if err != nil {
			return Rule{}, fmt.Errorf("%s is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return Rule{op: "/", text: text, re: re}, nil
	}
	for _, op := range []string{">=", "<=", "!=", ">", "<", "="} {
		operand, ok := strings.CutPrefix(text, op+" ")
		if !ok {
			continue
		}
		if _, err := strconv.ParseFloat(operand, 64); err != nil && op != "=" && op != "!=" && !strings.Contains(operand, "{") {
			return Rule{}, fmt.Errorf("%q compares with no number; write it as %s 3, or %q for that very text", text, op, "= "+text)
		}
		return Rule{op: op, text: operand}, nil
	}
	return Rule{text: text}, nil
}

func isPattern(text string) bool {
	return len(text) > 1 && strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/")
}

// holds tells whether a value is right; there tells whether there is one.
func (r Rule) holds(value string, there bool, lookup func(Reference) (string, bool)) bool {
	switch r.op {
	case "*":
		return there
	case "absent":
		return !there
	}
	if !there {
		return r.op == "!="
	}
	text := r.text
	if r.op != "=" {
		text = Fill(text, lookup)
	}
	switch r.op {
	case "/":
		return r.re.MatchString(value)
	case "", "=":
		return value == text
	case "!=":
		return value != text
	}
	got, err := strconv.ParseFloat(value, 64)
	want, err2 := strconv.ParseFloat(text, 64)
	if errors.Join(err, err2) != nil {
		return false
	}
	switch r.op {
	case ">=":
		return got >= want
	case "<=":
		return got <= want
	case ">":
		return got > want
	}
	return got < want
}

// Holds tells whether a value is right, as text is written and anything else as JSON.
// there tells whether there is one. lookup says what references stand for.
func (m Match) Holds(value string, there bool, lookup func(Reference) (string, bool)) bool {
	for _, rule := range m.OneOf {
		if rule.holds(value, there, lookup) {
			return true
		}
	}
	return false
}

// Wanted is the rule with what its references stand for.
func (m Match) Wanted(lookup func(Reference) (string, bool)) string { return Fill(m.Text, lookup) }

// empty tells of members that have nothing in them, and so would be no rule.
func (p *planner) empty(path string, fields jobj.Object) {
	for _, member := range fields {
		at := path + "." + member.Key
		switch v := member.Value.(type) {
		case jobj.Object:
			if len(v) == 0 {
				p.wrong(at, `an empty mapping is no rule; write "= {}" for an empty object, "*" for any value`)
			}
			p.empty(at, v)
		case []any:
			if len(v) == 0 {
				p.wrong(at, `an empty list is no rule; write "= []" for an empty list, "*" for any value`)
			}
		}
	}
}

// matches reads the rules of fields.
func (p *planner) matches(path string, fields jobj.Object, s *scope) []Match {
	var all []Match
	p.empty(path, fields)
	for _, member := range flat("", fields) {
		at := path + "." + member.Key
		values, isList := member.Value.([]any)
		if !isList {
			values = []any{member.Value}
		}
		m := Match{Field: member.Key}
		var said []string
		for i, value := range values {
			where := at
			if isList {
				where = fmt.Sprintf("%s[%d]", at, i)
			}
			text := plain(value)
			if !isPattern(text) && !strings.HasPrefix(text, "= ") {
				text = p.references(where, text, s)
			}
			rule, err := ParseRule(text)
			if err != nil {
				p.wrong(where, "%s", err)
				continue
			}
			m.OneOf, said = append(m.OneOf, rule), append(said, text)
		}
		m.Text = strings.Join(said, " or ")
		all = append(all, m)
	}
	return all
}

package scenario

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// attributes are what a reference can ask for of a thing; the first is what the bare
// name stands for.
func attributes(of sort) []string {
	switch of {
	case anAccount:
		return []string{"id", "name", "realm", "db", "number", "reseller_id"}
	case aUser:
		return []string{"id", "name", "extension", "device_id", "quickcall"}
	case aPerson:
		return []string{"number", "name"}
	case aReceiver:
		return []string{"uri"}
	case aHook:
		return []string{"id", "uri"}
	case aCall:
		return []string{"call_id", "interaction_id"}
	case aConference:
		return []string{"id"}
	case aGroup, aSocket:
	}
	return nil
}

// Reference is a {name} or {name.attribute} in a text. Attribute is also the name of
// somebody whose leg of a call is meant.
type Reference struct{ Name, Attribute string }

// A name in a text of a plan holds dots where it is of something repeated; the attribute
// is always there, behind the last.
var reference = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_-]*(?:\.[0-9]+)*)(?:\.([A-Za-z][A-Za-z0-9_-]*))?\}`)

// Fill puts what each reference of a text stands for in its place. What lookup does not
// know is left as it is.
func Fill(text string, lookup func(Reference) (string, bool)) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		if value, ok := lookup(Reference{m[1], m[2]}); ok {
			return value
		}
		return found
	})
}

// references checks those of a text, and gives them the names of the plan and an
// attribute each.
func (p *planner) references(path, text string, s *scope) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		full, ok := p.refer(path, found, Reference{m[1], m[2]}, s)
		if !ok {
			return found
		}
		return "{" + full.Name + "." + full.Attribute + "}"
	})
}

func (p *planner) refer(path, found string, r Reference, s *scope) (Reference, bool) {
	t, ok := p.names[r.Name]
	if !ok {
		known := p.all(anAccount, aUser, aPerson, aReceiver, aHook, aCall, aConference)
		p.wrong(path, "%s is of nothing in this file%s", found, suggest.Hint(r.Name, known))
		return r, false
	}
	known := attributes(t.sort)
	switch {
	case len(known) == 0:
		p.wrong(path, "%s is %s, which has nothing to refer to", found, t.sort.a())
		return r, false
	case r.Attribute == "":
		r.Attribute = known[0]
	case t.sort == aCall && !slices.Contains(known, r.Attribute):
		if who := p.names[r.Attribute].sort; who != aUser && who != aPerson {
			p.wrong(path, "%s: a call has %s, and the legs of users and people%s", found, strings.Join(known, ", "),
				suggest.Hint(r.Attribute, p.all(aUser, aPerson)))
			return r, false
		}
	case !slices.Contains(known, r.Attribute):
		p.wrong(path, "%s: %s has %s%s", found, t.sort.a(), strings.Join(known, ", "), suggest.Hint(r.Attribute, known))
		return r, false
	}
	r.Name = p.full(r.Name, s)
	return r, true
}

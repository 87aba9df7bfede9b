package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// sort is what a name is the name of.
type sort string

const (
	anAccount   sort = "account"
	aUser       sort = "user"
	aGroup      sort = "group"
	aPerson     sort = "person"
	aReceiver   sort = "receiver"
	aHook       sort = "hook"
	aSocket     sort = "socket"
	aCall       sort = "call"
	aConference sort = "conference"
)

// a is the sort with its article.
func (s sort) a() string {
	if s == anAccount {
		return "an " + string(s)
	}
	return "a " + string(s)
}

// thing is what a name is the name of.
type thing struct {
	sort    sort
	path    string
	line    int
	account string // of a user or a group, whose it is
}

// declare gives a thing its name; all names of a file are one another's neighbours, so
// that {name} means one thing.
func (p *planner) declare(name string, t thing) {
	t.line = p.reading.Key(t.path).Line
	if other, taken := p.names[name]; taken {
		if other.path != t.path {
			p.reading.WrongKey(t.path, "the name %q is that of the %s in line %d; names are one thing's each", name, other.sort, other.line)
		}
		return
	}
	p.names[name] = t
}

// all are the names of things of some sorts.
func (p *planner) all(sorts ...sort) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		if slices.Contains(sorts, p.names[name].sort) {
			names = append(names, name)
		}
	}
	return names
}

// find looks a name up that must be of one of the sorts, and notes a problem where there
// is no such.
func (p *planner) find(path, name string, sorts ...sort) (thing, bool) {
	if name == "" {
		return thing{}, false // form has said so
	}
	t, known := p.names[name]
	if known && slices.Contains(sorts, t.sort) {
		return t, true
	}
	wanted := strings.Join(texts(sorts), " or ")
	if known {
		p.wrong(path, "%q is %s, and there must be %s%s", name, t.sort.a(), wanted, p.offer("", sorts...))
		return thing{}, false
	}
	p.wrong(path, "there is no %s %q%s", wanted, name, p.offer(name, sorts...))
	return thing{}, false
}

// offer is the end of a problem with a name: the nearest there are, or all, if few.
func (p *planner) offer(name string, sorts ...sort) string {
	known := p.all(sorts...)
	if hint := suggest.Hint(name, known); name != "" && hint != "" {
		return hint
	}
	if len(known) == 0 || len(known) > 8 {
		return ""
	}
	return "; there is " + and(known)
}

// only is the name of the only thing of a sort, for where none is named.
func (p *planner) only(path string, of sort) string {
	known := p.all(of)
	switch len(known) {
	case 1:
		return known[0]
	case 0:
		p.wrong(path, "needs %s, and the file has none", of.a())
	default:
		p.reading.WrongKey(path, "must say which %s; there is %s", of, and(known))
	}
	return ""
}

// which is a named thing, or the only one of its sort.
func (p *planner) which(path, field, name string, of sort) string {
	if name == "" {
		return p.only(path, of)
	}
	if _, ok := p.find(path+"."+field, name, of); !ok {
		return ""
	}
	return name
}

// full is a name as the plan has it: of what is repeated, that of this time, or of the
// last.
func (p *planner) full(name string, s *scope) string {
	if full := s.full(name); full != name {
		return full
	}
	if latest := p.latest[name]; latest != "" {
		return latest
	}
	return name
}

func texts(sorts []sort) []string {
	all := make([]string, len(sorts))
	for i, s := range sorts {
		all[i] = string(s)
	}
	return all
}

// and lists names in a sentence.
func and(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%s and %s", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}

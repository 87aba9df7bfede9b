package crossbar

import (
	"net/http"
	"slices"
	"strings"
)

// Route is one form of path that a handler answers, for tests that go through all.
type Route struct {
	Family  string
	Args    []string // a word, or "*" for any
	Methods []string
}

// Routes lists every form there is. Of the endpoints that are only known by name,
// which all are alike, it has two.
func Routes(rest http.Handler) []Route {
	h, _ := rest.(*handler)
	absent := absentNames()
	delete(absent, "queues")
	delete(absent, "rates")
	var routes []Route
	for name, f := range h.families {
		if absent[name] {
			continue
		}
		for _, c := range f.clauses {
			r := Route{Family: name, Args: c.args}
			for _, op := range c.operations {
				r.Methods = append(r.Methods, op.method)
			}
			// Of more arguments without a word among them there are only those that
			// nobody answers.
			if len(c.args) < 2 || slices.ContainsFunc(c.args, func(arg string) bool { return arg != "*" }) {
				routes = append(routes, r)
			}
		}
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.String(), b.String()) })
	return routes
}

func absentNames() map[string]bool {
	names := map[string]bool{}
	for _, f := range absentFamilies() {
		names[f.name] = true
	}
	return names
}

func (r Route) String() string { return strings.Join(append([]string{"", r.Family}, r.Args...), "/") }

// ObjectKinds lists the paths of the objects that are described by data: those that
// can be listed and made, and one of which can be replaced.
func ObjectKinds(rest http.Handler) []string {
	absent := absentNames()
	var kinds []string
	for _, r := range Routes(rest) {
		replaceable := len(r.Args) == 1 && r.Args[0] == "*" && slices.Contains(r.Methods, http.MethodPost)
		if replaceable && !slices.Contains([]string{"webhooks", "accounts", "configs", "channels", "quickcall", "apps_store"}, r.Family) && !absent[r.Family] {
			kinds = append(kinds, r.Family)
		}
	}
	return kinds
}

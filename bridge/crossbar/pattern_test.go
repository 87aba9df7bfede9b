package crossbar_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// names holds what the names in angle brackets of one transcript stand for.
type names map[string]string

// name matches the names that records use; other text in angle brackets stands for
// itself.
func namePattern() *regexp.Regexp {
	return regexp.MustCompile(`<(?:(?:id|rev|token|hex\d*|list-etag|modb-id|num|n)-\d+|token:[a-z:]+|request-id|time|remaining|node|node-name|length|gregorian|msg-id|cluster-id|key|time-key|queue|hex\d+|now[^>]*|ms|pid|seconds|socket-[a-z](?:-with-%3A)?)>`)
}

// numbered names mean one value throughout a transcript; the others any value.
func numbered(name string) bool {
	return strings.Contains(name, ":") || strings.HasPrefix(name, "<socket-") || name[len(name)-2] >= '0' && name[len(name)-2] <= '9' && strings.Contains(name, "-")
}

// fill replaces the names whose values are known.
func (n names) fill(text string) string {
	return namePattern().ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := n[name]; ok {
			return value
		}
		return name
	})
}

// text compares a recorded text with one of ours, learning what names stand for.
func (n names) text(want, got string) error {
	var pattern strings.Builder
	var groups []string
	rest := want
	for _, at := range namePattern().FindAllStringIndex(want, -1) {
		at[0] -= len(want) - len(rest)
		at[1] -= len(want) - len(rest)
		name := rest[at[0]:at[1]]
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		rest = rest[at[1]:]
		value, known := n[name]
		switch {
		case known && numbered(name):
			pattern.WriteString(regexp.QuoteMeta(value))
		default:
			groups = append(groups, name)
			pattern.WriteString(`([^"]*?)`)
		}
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	found := regexp.MustCompile(`(?s)^` + pattern.String() + `$`).FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("%.200q, recorded %.200q", got, n.fill(want))
	}
	for i, name := range groups {
		if !numbered(name) {
			continue
		}
		value := found[i+1]
		if old, known := n[name]; known && old != value {
			return fmt.Errorf("%s is %q and %q", name, old, value)
		}
		// Revisions may be equal: two documents with one history and one content.
		if strings.HasPrefix(name, "<id-") {
			for other, taken := range n {
				if taken == value && strings.HasPrefix(other, "<id-") {
					return fmt.Errorf("%s has the value of %s", name, other)
				}
			}
		}
		n[name] = value
	}
	return nil
}

// json compares values. Members come in any order; skip says which are not compared.
func (n names) json(path string, want, got any, skip func(path string) bool) error {
	if skip(path) {
		return nil
	}
	switch want := want.(type) {
	case jobj.Object:
		got, ok := got.(jobj.Object)
		if !ok {
			return fmt.Errorf("%s: %s, recorded an object", path, show(got))
		}
		for _, m := range want {
			value, ok := got.Get(m.Key)
			if !ok {
				return fmt.Errorf("%s.%s is missing, recorded %s", path, m.Key, show(m.Value))
			}
			if err := n.json(path+"."+m.Key, m.Value, value, skip); err != nil {
				return err
			}
		}
		for _, m := range got {
			if !want.Has(m.Key) {
				return fmt.Errorf("%s.%s is too much: %s", path, m.Key, show(m.Value))
			}
		}
		return nil
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return fmt.Errorf("%s: %s, recorded %s", path, show(got), show(want))
		}
		return n.list(path, want, got, skip)
	case string:
		var text string
		switch got := got.(type) {
		case string:
			text = got
		case json.Number:
			text = got.String()
			if !namePattern().MatchString(want) {
				return fmt.Errorf("%s: number %s, recorded %q", path, got, want)
			}
		default:
			return fmt.Errorf("%s: %s, recorded %q", path, show(got), want)
		}
		if err := n.text(want, text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	if show(want) != show(got) {
		return fmt.Errorf("%s: %s, recorded %s", path, show(got), show(want))
	}
	return nil
}

// list compares lists in order, except where they are ordered by random ids: there
// ours must be in its own order.
func (n names) list(path string, want, got []any, skip func(string) bool) error {
	if !slices.ContainsFunc(want, hasRandomID) {
		for i := range want {
			if err := n.json(fmt.Sprintf("%s[%d]", path, i), want[i], got[i], skip); err != nil {
				return err
			}
		}
		return nil
	}
	left := slices.Clone(got)
	for i, one := range want {
		var last error
		at := slices.IndexFunc(left, func(other any) bool {
			trial := n.clone()
			if last = trial.json(fmt.Sprintf("%s[%d]", path, i), one, other, skip); last != nil {
				return false
			}
			maps.Copy(n, trial)
			return true
		})
		if at < 0 {
			return fmt.Errorf("%s[%d] is missing: %w", path, i, last)
		}
		left = slices.Delete(left, at, at+1)
	}
	ordered := func(sign int) bool {
		return slices.IsSortedFunc(got, func(a, b any) int { return sign * strings.Compare(idOf(a), idOf(b)) })
	}
	if !ordered(1) && !ordered(-1) {
		return fmt.Errorf("%s is in no order: %s", path, show(got))
	}
	return nil
}

func (n names) clone() names {
	out := names{}
	maps.Copy(out, n)
	return out
}

func idOf(value any) string {
	object, _ := value.(jobj.Object)
	return object.String("id")
}

func hasRandomID(value any) bool { return strings.HasPrefix(idOf(value), "<id-") }

func show(value any) string {
	text := string(jobj.Append(nil, value))
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

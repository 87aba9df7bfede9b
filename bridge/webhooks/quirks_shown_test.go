package webhooks_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// What a row of the table of quirks shows.

// requests are all of them, by method and path.
func requests(b *bench) string {
	return list(b.receiver.requests(), func(r received) string {
		path, _, _ := strings.Cut(r.Target, "?")
		line := r.Method + " " + path
		if r.Method == http.MethodGet && path == "/there" && r.Body == "" {
			line += " without a body"
		}
		return line
	}, "nothing")
}

func requestsAs(b *bench) string {
	return list(b.receiver.requests(), func(r received) string {
		return r.Method + " " + r.Target + " as " + r.Header.Get("Content-Type")
	}, "nothing")
}

// authorized are the requests with the credentials that they bring.
func authorized(b *bench) string {
	return list(b.receiver.requests(), func(r received) string {
		return fmt.Sprintf("%s %s as %q", r.Method, r.Target, r.Header.Get("Authorization"))
	}, "nothing")
}

// added is what stands between the last member of a channel_create and cluster_id.
func added(b *bench) string {
	return list(b.receiver.requests(), func(r received) string {
		_, rest, _ := strings.Cut(r.Body, "hook_event=channel_create")
		text, _, _ := strings.Cut(rest, "&cluster_id=")
		return text
	}, "nothing")
}

// member is the part of a body that begins with name.
func member(name string) func(b *bench) string {
	return part(func(r received) string { return r.Body }, func(text string) bool { return strings.HasPrefix(text, name) })
}

// memberWith is the part of a body that has text in it.
func memberWith(text string) func(b *bench) string {
	return part(func(r received) string { return r.Body }, func(member string) bool { return strings.Contains(member, text) })
}

// inTarget is the part of a query that begins with name.
func inTarget(name string) func(b *bench) string {
	return part(func(r received) string {
		_, query, _ := strings.Cut(r.Target, "?")
		return query
	}, func(text string) bool { return strings.HasPrefix(text, name) })
}

func part(of func(received) string, wanted func(string) bool) func(b *bench) string {
	return func(b *bench) string {
		return list(b.receiver.requests(), func(r received) string {
			for member := range strings.FieldsFuncSeq(of(r), func(c rune) bool { return c == '&' || c == '\n' }) {
				if member = strings.TrimSuffix(strings.TrimSpace(member), ","); wanted(member) {
					return member
				}
			}
			return "absent"
		}, "nothing")
	}
}

// targetUpTo is the request target as far as a word in it, or all of it.
func targetUpTo(word string) func(b *bench) string {
	return func(b *bench) string {
		return list(b.receiver.requests(), func(r received) string {
			if before, _, found := strings.Cut(r.Target, word); found {
				return before + word
			}
			return r.Target
		}, "nothing")
	}
}

// attempt is a member of each stored attempt, as JSON.
func attempt(path ...string) func(b *bench) string {
	return func(b *bench) string {
		b.mu.Lock()
		defer b.mu.Unlock()
		shown := make([]string, len(b.attempts))
		for i, a := range b.attempts {
			if value, ok := a.Body.Get(path...); ok {
				shown[i] = string(jobj.Append(nil, value))
			} else {
				shown[i] = "absent"
			}
		}
		return list(shown, func(s string) string { return s }, "none")
	}
}

func list[T any](all []T, show func(T) string, otherwise string) string {
	if len(all) == 0 {
		return otherwise
	}
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = show(one)
	}
	return strings.Join(texts, ", ")
}

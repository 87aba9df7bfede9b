package crossbar

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// noun is an endpoint of a path with the arguments that follow it.
type noun struct {
	name string
	args []string
}

// route is a path taken apart (api_util:parse_path_tokens/2).
type route struct {
	version string // "v2"; "" for a path outside the API
	tokens  []string
	nouns   []noun // the last one first; empty when the first token is no endpoint
}

var errBadPath = errors.New("the path holds a bad escape or a byte beyond ASCII")

// parseRoute takes the path of a URL apart. Matching is case-sensitive, dots mean
// nothing, escapes are decoded after splitting, empty segments count for nothing
// except the first one after the version.
func parseRoute(u *url.URL, known func(string) bool) (route, error) {
	raw := u.RawPath
	if raw == "" {
		raw = u.EscapedPath()
	}
	if strings.ContainsFunc(raw, func(c rune) bool { return c > 0x7E }) {
		return route{}, errBadPath
	}
	segments := strings.Split(strings.TrimPrefix(raw, "/"), "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return route{}, errBadPath
		}
		segments[i] = decoded
	}
	if !isVersion(segments[0]) {
		return route{}, nil
	}
	r := route{version: segments[0], tokens: segments[1:]}
	if !wholeVersion(r.version) || len(r.tokens) == 0 || r.tokens[0] == "" {
		return r, nil
	}
	r.tokens = slices.DeleteFunc(slices.Clone(r.tokens), func(token string) bool { return token == "" })
	r.nouns = parseNouns(r.tokens, known)
	return r, nil
}

// isVersion tells the first segments that lead to the API: v and a number, or
// hooks. Everything else is answered with the banner.
func isVersion(segment string) bool {
	if segment == "hooks" {
		return true
	}
	number, ok := strings.CutPrefix(segment, "v")
	return ok && number != "" && strings.Trim(number, "0123456789.") == "" && number[0] != '.'
}

// wholeVersion is false for v2.0, which is a version under which nothing is known.
func wholeVersion(version string) bool { return !strings.Contains(version, ".") }

func parseNouns(tokens []string, known func(string) bool) []noun {
	if len(tokens) == 0 || !known(tokens[0]) {
		return nil
	}
	var nouns []noun
	for i := 0; i < len(tokens); {
		n := noun{name: tokens[i]}
		i++
		for i < len(tokens) && (swallows(n.name) || !known(tokens[i])) {
			n.args = append(n.args, tokens[i])
			i++
		}
		nouns = append(nouns, n)
	}
	slices.Reverse(nouns)
	return nouns
}

// swallows tells the endpoints that take all remaining tokens as arguments.
func swallows(endpoint string) bool {
	switch endpoint {
	case "schemas", "system_configs", "configs", "braintree", "sup":
		return true
	}
	return false
}

// head is the endpoint that answers.
func (r route) head() noun { return r.nouns[0] }

// account returns the arguments of the last accounts noun, which decides.
func (r route) account() (args []string, ok bool) {
	for _, n := range r.nouns {
		if n.name == "accounts" && len(n.args) > 0 {
			return n.args, true
		}
	}
	return nil, false
}

// under says whether an account's path leads through args, as in
// /accounts/{id}/descendants/webhooks.
func (r route) under(args ...string) bool {
	account, ok := r.account()
	return ok && len(r.nouns) > 1 && slices.Equal(account[1:], args)
}

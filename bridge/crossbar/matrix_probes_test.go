package crossbar_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
)

// probes are the requests of one caller on one account: each route with each method,
// said plainly and said otherwise, with ids and keys of others. Deleting the account
// comes last.
func (m *matrix) probes(target string) []probe {
	var all, last []probe
	for _, r := range m.routes {
		for _, verb := range []string{"GET", "PUT", "POST", "PATCH", "DELETE"} {
			for _, p := range m.ofRoute(r, verb, target) {
				if verb == http.MethodDelete && r.Family == "accounts" {
					last = append(last, p)
					continue
				}
				all = append(all, p)
			}
		}
	}
	return append(all, last...)
}

func (m *matrix) ofRoute(r crossbar.Route, verb, target string) []probe {
	stranger := m.stranger(target)
	p := probe{caller: m.caller, target: target, route: r, verb: verb, method: verb}
	if verb != http.MethodGet {
		p.body = fmt.Sprintf(`{"data":{%s}}`, members(stranger))
	}
	var probes []probe
	say := func(p probe, path string) { p.path = path; probes = append(probes, p) }
	if r.Family == "accounts" && len(r.Args) == 0 {
		p.target = ""
		say(p, "/v2/accounts")
		return probes
	}
	under, rest := "/v2/accounts/"+target, r.Args
	if r.Family == "accounts" {
		rest = r.Args[1:]
	} else {
		under += "/" + r.Family
		bare := p
		bare.target = ""
		say(bare, "/v2/"+r.Family+words(r.Args, m.id(r, stranger)))
	}
	for i, id := range []string{m.id(r, target), m.id(r, stranger), "x"} {
		path := under + words(rest, id)
		if i > 0 && !strings.Contains(words(rest, "*"), "*") {
			break
		}
		say(p, path)
		if i < 2 && (m.callerAccount() != "" || m.caller == "rival") && !alike(r.Family) {
			probes = append(probes, m.share(m.otherwise(p, path, stranger))...)
		}
	}
	return probes
}

// share is every fourth of some probes, with each caller and account others: all of
// them were 190,000 requests.
func (m *matrix) share(all []probe) (some []probe) {
	const parts = 4
	for _, p := range all {
		if m.turn++; m.turn%parts == (len(p.caller)+int(p.target[0]))%parts {
			some = append(some, p)
		}
	}
	return some
}

// alike are families for which the same code decides who may: one of them, menus, is
// asked for in every way.
func alike(family string) bool {
	return slices.Contains([]string{
		"groups", "directories", "temporal_rules", "temporal_rules_sets", "blacklists", "clicktocall",
		"devices", "callflows", "media", "conferences", "faxboxes",
	}, family)
}

// otherwise says the same in other ways: the verb in the query, in data or in the
// envelope; the account of the path behind the caller's own, which is no account
// that decides; keys and filters that name others.
func (m *matrix) otherwise(p probe, path, stranger string) []probe {
	var probes []probe
	say := func(method, path, body string) {
		q := p
		q.method, q.path, q.body = method, path, body
		probes = append(probes, q)
	}
	data := members(stranger)
	if p.route.Family != "accounts" {
		below := strings.Replace(path, p.target+"/", p.target+"/descendants/", 1)
		say(p.method, below, p.body)
	}
	if p.verb != http.MethodGet {
		say(http.MethodPost, path+"?verb="+strings.ToLower(p.verb), p.body)
		say(http.MethodPost, path, fmt.Sprintf(`{"data":{%s,"verb":%q}}`, data, p.verb))
		say(http.MethodPut, path, fmt.Sprintf(`{"data":{%s},"verb":%q}`, data, p.verb))
		say(http.MethodGet, path+"?verb="+p.verb, "") // validated and answered, never done
		return probes
	}
	own := m.callerAccount()
	if own == "" {
		own = stranger
	}
	say(http.MethodGet, strings.Replace(path, "/accounts/", "/accounts/"+own+"/accounts/", 1), "")
	foreign := m.attempt(stranger, hookOf(stranger), "", 0)
	for _, query := range []string{
		"filter_pvt_account_id=" + stranger + "&paginate=false", "start_key=" + startKey(hookOf(stranger), ""),
		"start_key=" + startKey(foreign.Created, foreign.CreatedAt.UnixMicro()+1e9, "z"),
		"accept=csv&account_id=" + stranger + "&key=" + hookOf(stranger),
	} {
		say(http.MethodGet, path+"?"+query, "")
	}
	return probes
}

// id is that of something of an account that a route could mean: a hook and its
// attempt have the same here.
func (m *matrix) id(r crossbar.Route, accountID string) string {
	switch {
	case len(r.Args) > 0 && r.Args[0] == "events":
		return m.events[accountID]
	case r.Family == "schemas":
		return "menus"
	case r.Family == "faxes" && len(r.Args) > 0 && r.Args[0] == "outgoing":
		return objectOf("faxes", accountID)
	case r.Family == "faxes":
		return monthlyOf(accountID)
	case slices.ContainsFunc(objects(), func(o object) bool { return o.path == r.Family }):
		return objectOf(r.Family, accountID)
	}
	return hookOf(accountID)
}

// words fills the arguments of a route.
func words(args []string, id string) string {
	var b strings.Builder
	for _, arg := range args {
		if arg == "*" {
			arg = id
		}
		b.WriteString("/" + arg)
	}
	return b.String()
}

// members are data that every endpoint finds something in, and that name another
// account wherever a careless one might look.
func members(stranger string) string {
	return fmt.Sprintf(`"name":"n-%[1]s","uri":"http://example.org/","hook":"all","re-enable":true,"account_id":%[1]q,`+
		`"pvt_account_id":%[1]q,"_id":%[2]q,"pvt_tree":[%[1]q],"hook_id":%[2]q,"owner_id":%[2]q,"event":"none",`+
		`"first_name":"f","last_name":"l","mailbox":"77","endpoints":{},"cycle":"daily","extension":"7","patterns":["^%[1]s"],`+
		`"to_number":"+15555550100","from_number":"+15555550101","document":{"url":"http://example.org/"}`, stranger, hookOf(stranger))
}

// stranger is an account that the caller may not work on, or else another one.
func (m *matrix) stranger(target string) string {
	for _, id := range []string{siblingID, rivalID, customerID, masterID} {
		if id != target && !m.may(id) {
			return id
		}
	}
	return siblingID
}

// startKey is the form of a key that lists give out.
func startKey(parts ...any) string {
	return url.QueryEscape(encoded(parts))
}

package scenario

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// world plans who and what there is before anything happens.
func (p *planner) world() {
	f := p.file
	declareAll(p, "accounts", anAccount, f.Accounts)
	declareAll(p, "people", aPerson, f.People)
	declareAll(p, "receivers", aReceiver, f.Receivers)
	declareAll(p, "hooks", aHook, f.Hooks)
	declareAll(p, "sockets", aSocket, f.Sockets)
	for i := range f.Accounts {
		p.people(f.Accounts[i].Name, &f.Accounts[i].Value)
	}
	for i := range f.Accounts {
		p.office(f.Accounts[i].Name, &f.Accounts[i].Value)
	}
	p.plan.Accounts = p.byParent(f.Accounts)
	p.plan.People, p.plan.Receivers = f.People, f.Receivers
	for i := range f.Receivers {
		if f.Receivers[i].Value.Answers == "" {
			f.Receivers[i].Value.Answers = "200"
		}
	}
	for i := range f.Hooks {
		p.hook(f.Hooks[i].Name, &f.Hooks[i].Value)
	}
	for i := range f.Sockets {
		p.socket(f.Sockets[i].Name, &f.Sockets[i].Value)
	}
	p.plan.Hooks, p.plan.Sockets = f.Hooks, f.Sockets
	p.numbersOnce()
}

func declareAll[T any](p *planner, path string, of sort, entries form.Named[T]) {
	for _, e := range entries {
		p.declare(e.Name, thing{sort: of, path: path + "." + e.Name})
	}
}

// people plans those of an account, and declares its groups.
func (p *planner) people(key string, a *Account) {
	taken := map[Digits]string{}
	for i := range a.Users {
		p.user(key, &a.Users[i], 1001+i, taken)
	}
	for _, g := range a.Groups {
		p.declare(g.Name, thing{sort: aGroup, path: "accounts." + key + ".groups." + g.Name, account: key})
	}
}

// office plans an account.
func (p *planner) office(key string, a *Account) {
	path := "accounts." + key
	if a.Name == "" {
		a.Name = strings.ToUpper(key[:1]) + key[1:]
	}
	if a.Parent != "" {
		p.find(path+".parent", a.Parent, anAccount)
	}
	for _, g := range a.Groups {
		p.members(path+".groups."+g.Name, key, g.Value)
	}
	for i := range a.Numbers {
		n := &a.Numbers[i]
		p.members(fmt.Sprintf("%s.numbers[%d].rings", path, i), key, n.Rings)
		if len(n.Rings) == 0 {
			for _, u := range a.Users {
				n.Rings = append(n.Rings, u.Name)
			}
		}
	}
}

// user plans a person of an account.
func (p *planner) user(account string, entry *form.Entry[User], extension int, taken map[Digits]string) {
	path, u := "accounts."+account+".users."+entry.Name, &entry.Value
	p.declare(entry.Name, thing{sort: aUser, path: path, account: account})
	if u.Name == "" {
		u.Name = strings.ToUpper(entry.Name[:1]) + entry.Name[1:]
	}
	if u.Extension == "" {
		u.Extension = Digits(strconv.Itoa(extension))
	}
	if other := taken[u.Extension]; other != "" {
		p.wrong(path+".extension", "the extension %s is %s's", u.Extension, other)
	}
	taken[u.Extension] = entry.Name
}

// members checks that names are those of users of an account.
func (p *planner) members(path, account string, names []string) {
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", path, i)
		if t, ok := p.find(at, name, aUser); ok && t.account != account {
			p.wrong(at, "%s is a user of %s, not of %s", name, t.account, account)
		}
		if slices.Index(names, name) < i {
			p.wrong(at, "%s stands twice", name)
		}
	}
}

// byParent puts parents before their children.
func (p *planner) byParent(accounts form.Named[Account]) form.Named[Account] {
	var ordered form.Named[Account]
	done := map[string]bool{"": true}
	for len(ordered) < len(accounts) {
		before := len(ordered)
		for _, e := range accounts {
			_, known := p.names[e.Value.Parent]
			if !done[e.Name] && (done[e.Value.Parent] || !known) {
				ordered, done[e.Name] = append(ordered, e), true
			}
		}
		if len(ordered) > before {
			continue
		}
		for _, e := range accounts {
			if !done[e.Name] {
				p.wrong("accounts."+e.Name+".parent", "%s is above itself; the parents go round in a circle", e.Name)
				break
			}
		}
		return accounts
	}
	return ordered
}

// numbersOnce checks that a telephone number is one party's.
func (p *planner) numbersOnce() {
	owner := map[PhoneNumber]string{}
	once := func(path, name string, n PhoneNumber) {
		if other := owner[n]; other != "" && n != "" {
			p.wrong(path, "the number %s is %s's", n, other)
		}
		owner[n] = name
	}
	for _, a := range p.file.Accounts {
		for i, n := range a.Value.Numbers {
			once(fmt.Sprintf("accounts.%s.numbers[%d]", a.Name, i), a.Name, n.Number)
		}
	}
	for _, person := range p.file.People {
		once("people."+person.Name, person.Name, person.Value.Number)
	}
}

// hook plans a webhook.
func (p *planner) hook(key string, h *Hook) {
	path := "hooks." + key
	h.Account = p.which(path, "account", h.Account, anAccount)
	switch {
	case h.Receiver != "" && h.URI != "":
		p.reading.WrongKey(path+".uri", "stands beside a receiver; there can be one of them")
	case h.URI != "":
		if u, err := url.Parse(h.URI); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			p.wrong(path+".uri", "%q is no address; write it as http://127.0.0.1:8099/", h.URI)
		}
	default:
		h.Receiver = p.which(path, "receiver", h.Receiver, aReceiver)
	}
	if h.Format == "" {
		h.Format = "form-data"
	}
	if h.HTTPVerb == "" {
		h.HTTPVerb = "post"
	}
	if h.Name == "" {
		h.Name = key
	}
	p.modifiers(path, *h)
}

// modifiers checks what custom_data of hooks must say that hear many events.
func (p *planner) modifiers(path string, h Hook) {
	for _, m := range Modifiers(h.Hook) {
		value, there := h.CustomData.Get(m.Name)
		chosen, _ := value.(string)
		at := path + ".custom_data"
		switch {
		case !there:
			p.reading.WrongKey(at, "a hook of %s says %s: one of %s", h.Hook, m.Name, some(m.Choices))
		case !slices.Contains(m.Choices, chosen):
			p.wrong(at+"."+m.Name, "cannot be %q: it is one of %s%s", plain(value), some(m.Choices), suggest.Hint(chosen, m.Choices))
		}
	}
	for _, member := range h.CustomData {
		if _, isText := member.Value.(string); !isText {
			p.wrong(path+".custom_data."+member.Key, "must be text, as Kazoo's schema says; write it in quotes: %q", plain(member.Value))
		}
	}
}

// some lists the first few words.
func some(words []string) string {
	const few = 6
	if len(words) <= few {
		return strings.Join(words, ", ")
	}
	return strings.Join(words[:few], ", ") + " …"
}

// socket plans a websocket.
func (p *planner) socket(key string, s *Socket) {
	path := "sockets." + key
	s.Account = p.which(path, "account", s.Account, anAccount)
	for i, binding := range s.Subscribe {
		p.binding(fmt.Sprintf("%s.subscribe[%d]", path, i), binding)
	}
}

// subscriptions checks the references in bindings, once all names are known.
func (p *planner) subscriptions() {
	for _, s := range p.plan.Sockets {
		for i, binding := range s.Value.Subscribe {
			s.Value.Subscribe[i] = p.references(fmt.Sprintf("sockets.%s.subscribe[%d]", s.Name, i), binding, nil)
		}
	}
}

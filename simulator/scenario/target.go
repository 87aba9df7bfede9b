package scenario

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// target is whom somebody reaches who dials something.
type target struct {
	number  string
	rings   []string // users; none where it goes elsewhere
	account string   // whose call it is
}

// account finds an account that is there.
func (p *planner) account(key string) *Account {
	for i := range p.file.Accounts {
		if p.file.Accounts[i].Name == key {
			return &p.file.Accounts[i].Value
		}
	}
	return &Account{}
}

// hasBox tells whether somebody is a user with a voicemail box.
func (p *planner) hasBox(user string) bool {
	for _, u := range p.account(p.names[user].account).Users {
		if u.Name == user {
			return u.Value.Voicemail
		}
	}
	return false
}

// numberOf is a person's number or a user's extension.
func (p *planner) numberOf(name string) string {
	for _, person := range p.file.People {
		if person.Name == name {
			return string(person.Value.Number)
		}
	}
	for _, u := range p.account(p.names[name].account).Users {
		if u.Name == name {
			return string(u.Value.Extension)
		}
	}
	return ""
}

// GroupExtension is what is dialled for the nth group of an account, from 0.
func GroupExtension(n int) string { return strconv.Itoa(2001 + n) }

// target is reached, without numbers of other accounts than a user's own.
func (p *planner) target(path string, from thing, to string) (target, bool) {
	t, ok := p.reached(path, from, to)
	if ok && from.sort == aUser && t.account != from.account {
		p.wrong(path, "%s is %s's number; only a call step leads to another account", to, t.account)
		return target{}, false
	}
	return t, ok
}

// reached finds whom somebody reaches by a name or a number.
func (p *planner) reached(path string, from thing, to string) (target, bool) {
	if to == "" {
		return target{}, false // form has said so
	}
	outside := from.sort == aPerson
	named, known := p.names[to]
	switch {
	case known && (named.sort == aUser || named.sort == aGroup):
		if !outside && named.account != from.account {
			p.wrong(path, "%s is in another account, where only a number of that account leads", to)
			return target{}, false
		}
		return p.inHouse(named, to), true
	case known && named.sort == aPerson:
		return p.outside(path, from, p.numberOf(to))
	case !regexp.MustCompile(`^\+?[0-9*#]{2,16}$`).MatchString(to):
		p.wrong(path, "%q is neither a number nor the name of a user, group or person%s", to,
			suggest.Hint(to, p.all(aUser, aGroup, aPerson)))
		return target{}, false
	}
	for _, a := range p.file.Accounts {
		for _, n := range a.Value.Numbers {
			if string(n.Number) == to {
				return target{to, n.Rings, a.Name}, true
			}
		}
	}
	if !outside {
		for _, u := range p.account(from.account).Users {
			if string(u.Value.Extension) == to {
				return target{to, []string{u.Name}, from.account}, true
			}
		}
	}
	return p.outside(path, from, to)
}

// inHouse is a user or a group.
func (p *planner) inHouse(named thing, to string) target {
	t := target{number: p.numberOf(to), rings: []string{to}, account: named.account}
	if named.sort == aGroup {
		groups := p.account(named.account).Groups
		for i, g := range groups {
			if g.Name == to {
				t.number, t.rings = GroupExtension(i), slices.Clone(g.Value)
			}
		}
	}
	return t
}

// outside is a number in the telephone network, which only a user can reach.
func (p *planner) outside(path string, from thing, number string) (target, bool) {
	if from.sort == aPerson {
		p.wrong(path, "%s is no account's number%s; who calls from outside dials one, or a user or group", number, p.someNumbers())
		return target{}, false
	}
	return target{number: number, account: from.account}, true
}

// someNumbers lists the numbers there are.
func (p *planner) someNumbers() string {
	var numbers []string
	for _, a := range p.file.Accounts {
		for _, n := range a.Value.Numbers {
			numbers = append(numbers, string(n.Number))
		}
	}
	if len(numbers) == 0 || len(numbers) > 4 {
		return ""
	}
	return " (there is " + and(numbers) + ")"
}

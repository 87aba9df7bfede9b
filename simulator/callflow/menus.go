package callflow

import (
	"regexp"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// callflow branches into another callflow of the account (cf_callflow).
func (a *act) callflow() {
	id := a.data.String("id")
	a.document("callflows", id, func(doc jobj.Object, found bool) {
		if !found || len(doc.Object("flow")) == 0 {
			a.next(anyKey, "there is no callflow "+id)
			return
		}
		a.end()
		a.branch(Flow{ID: id, Root: doc.Object("flow")}, "callflow")
	})
}

// menuDocument is a stored menu (#cf_menu_data).
type menuDocument struct {
	jobj.Object

	retries, longest, timeout, interdigit int64
}

// menu plays a stored menu, and goes to the child of what is pressed (cf_menu).
func (a *act) menu() {
	id := a.data.String("id")
	a.document("menus", id, func(doc jobj.Object, found bool) {
		if !found {
			a.note("there is no menu " + id + ": one without a greeting is played")
		}
		m := menuDocument{Object: doc, retries: 3, longest: 4, timeout: 10000, interdigit: interdigit}
		for _, n := range []struct {
			name string
			into *int64
		}{{"retries", &m.retries}, {"max_extension_length", &m.longest}, {"timeout", &m.timeout}, {"interdigit_timeout", &m.interdigit}} {
			if value, has := doc.Get(n.name); has {
				if whole, ok := jobj.Integer(value); ok {
					*n.into = whole
				}
			}
		}
		m.interdigit = a.whole("interdigit_timeout", m.interdigit)
		a.say(a.Answer())
		a.ask(m)
	})
}

// ask plays the menu once more (cf_menu:menu_loop/2).
func (a *act) ask(m menuDocument) {
	if m.retries <= 0 {
		a.lastTry(m)
		return
	}
	command, noop := a.Queue(a.part(a.medium(m, "greeting", "menu-no_prompt")))
	a.say(command)
	a.collect(collecting{
		most: int(m.longest), timeout: milliseconds(m.timeout), interdigit: milliseconds(m.interdigit), terminators: []string{"#"}, noop: noop,
	}, func(digits, _ string) {
		again := m
		again.retries--
		if digits == "" {
			if _, has := a.at.child("timeout"); has {
				a.next("timeout", "nothing was pressed")
				return
			}
			a.note("nothing was pressed")
			a.ask(again)
			return
		}
		if _, has := a.at.child(digits); has {
			a.next(digits, "pressed "+digits)
			return
		}
		a.hunt(m, digits, func() {
			a.note("nothing is chosen by " + digits)
			a.sound(m, "invalid_media", "menu-invalid_entry", func() { a.ask(again) })
		})
	})
}

// lastTry ends a menu in which nothing was chosen.
func (a *act) lastTry(m menuDocument) {
	a.sound(m, "exit_media", "menu-exit", func() {
		if _, has := a.at.child("max_retries"); has {
			a.next("max_retries", "nothing was chosen")
			return
		}
		a.next(anyKey, "nothing was chosen")
	})
}

// hunt looks for a callflow that has what was pressed, where the menu lets callers (hunt).
func (a *act) hunt(m menuDocument, digits string, otherwise func()) {
	if !m.Bool(true, "hunt") || !matches(m.String("hunt_allow"), digits, true) || matches(m.String("hunt_deny"), digits, false) {
		otherwise()
		return
	}
	a.Documents.Flow(a.call.account, digits, func(flow Flow, found bool) {
		switch {
		case a.over:
		case !found:
			otherwise()
		default:
			a.sound(m, "transfer_media", "menu-transferring_call", func() {
				a.end()
				a.branch(flow, "dialled "+digits+" in a menu")
			})
		}
	})
}

// matches is otherwise where there is no pattern, or none that can be read.
func matches(pattern, digits string, otherwise bool) bool {
	if pattern == "" {
		return otherwise
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return otherwise
	}
	return expression.MatchString(digits)
}

// sound plays one of a menu's media, unless it is switched off.
func (a *act) sound(m menuDocument, name, prompt string, then func()) {
	if m.Bool(false, "suppress_media") || !m.Bool(true, "media", name) {
		then()
		return
	}
	command, noop := a.Queue(dialplan.Play{Media: a.medium(m, name, prompt), Terminators: dialplan.AllDigits()}.Part(a.call.id))
	a.say(command)
	a.hears = func(message jobj.Object) {
		if done(message, noop) {
			a.hears = nil
			then()
		}
	}
}

func (a *act) medium(m menuDocument, name, prompt string) string {
	if id := m.String("media", name); id != "" && id != "true" && id != "false" {
		return a.mediaName(id)
	}
	return a.prompt(prompt)
}

// branchVariable goes to the child that has the name of a variable's value (cf_branch_variable).
func (a *act) branchVariable() {
	name := a.data.String("variable")
	went := func(from jobj.Object) {
		value, has := from.Get(strings.Split(name, ".")...)
		text, is := value.(string)
		if has && !is && value != nil {
			text = string(jobj.Append(nil, value))
		}
		if text == "" {
			a.next(anyKey, "there is no "+name)
			return
		}
		a.next(text, name+" is "+text)
	}
	switch scope := a.data.String("scope"); scope {
	case "account":
		a.document("accounts", a.call.account, func(doc jobj.Object, _ bool) { went(doc) })
	case "device":
		a.document("devices", a.call.text("Authorizing-ID"), func(doc jobj.Object, _ bool) { went(doc) })
	case "user":
		a.document("users", a.call.text("Owner-ID"), func(doc jobj.Object, _ bool) { went(doc) })
	case "merged":
		a.merged(went)
	default:
		went(a.call.fields.Object("Custom-Channel-Vars"))
	}
}

// merged is account, user and device, the narrower over the wider (kz_endpoint:get/2).
func (a *act) merged(then func(jobj.Object)) {
	a.document("accounts", a.call.account, func(account jobj.Object, _ bool) {
		a.document("users", a.call.text("Owner-ID"), func(user jobj.Object, _ bool) {
			a.document("devices", a.call.text("Authorizing-ID"), func(device jobj.Object, _ bool) {
				then(account.Merge(user).Merge(device))
			})
		})
	})
}

// checkCID goes to child match or nomatch by the caller's number, or, in absolute mode, to the child that
// has the number's name (cf_check_cid).
func (a *act) checkCID() {
	number := a.call.text("Caller-ID-Number")
	if a.data.Bool(false, "use_absolute_mode") {
		a.next(number, "the caller is "+number)
		return
	}
	pattern := firstOf(a.data.String("regex"), ".*")
	if matches(pattern, number, false) {
		a.next("match", number+" matches "+pattern)
		return
	}
	a.next("nomatch", number+" does not match "+pattern)
}

package callflow

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// module does what one of the modules does, at the node of an act.
type module func(a *act)

// act is a module that runs. Once it is over, nothing that it waited for reaches it.
type act struct {
	*leg

	data   jobj.Object
	over   bool
	hears  func(message jobj.Object) // nil while nothing is waited for
	timers []*timeline.Planned       // that run
}

func (a *act) end() {
	a.over, a.hears = true, nil
	for _, t := range a.timers {
		t.Cancel()
	}
	a.timers = nil
}

// after does something later, unless the act is over by then, or halt was called.
func (a *act) after(d time.Duration, do func()) (halt func()) {
	var p *timeline.Planned
	halt = func() {
		p.Cancel()
		a.timers = slices.DeleteFunc(a.timers, func(t *timeline.Planned) bool { return t == p })
	}
	p = a.Line.After(d, func() {
		halt()
		do()
	})
	a.timers = append(a.timers, p)
	return halt
}

// document fetches one of the account; it is taken only while the act runs.
func (a *act) document(collection, id string, then func(doc jobj.Object, found bool)) {
	if id == "" {
		then(nil, false)
		return
	}
	a.Documents.Document(a.call.account, collection, id, func(doc jobj.Object, found bool) {
		if !a.over {
			then(doc, found)
		}
	})
}

func (a *act) next(key, why string) {
	a.end()
	a.goOn(key, why)
}

func (a *act) stop(why string) {
	a.end()
	a.leg.stop(why)
}

func (a *act) note(why string) { a.trace(Noted, "", why) }

// whole is a whole number of the data; otherwise where there is none.
func (a *act) whole(name string, otherwise int64) int64 {
	value, _ := a.data.Get(name)
	if n, ok := jobj.Integer(value); ok {
		return n
	}
	return otherwise
}

// terminators are the keys that end what is played: those of the data, else all.
func (a *act) terminators() []string {
	value, has := a.data.Get("terminators")
	list, isList := value.([]any)
	if !has || !isList {
		return dialplan.AllDigits()
	}
	return texts(list)
}

func texts(list []any) []string {
	out := []string{}
	for _, one := range list {
		if text, ok := one.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// Names of call events.
const (
	digitPressed = "DTMF"
	recordStop   = "RECORD_STOP"
)

func isCallEvent(message jobj.Object, name string) bool {
	return message.String("Event-Category") == kapi.CategoryCallEvent && message.String("Event-Name") == name
}

// digit is the key that an event tells of, "" for any other event.
func digit(message jobj.Object) string {
	if !isCallEvent(message, digitPressed) {
		return ""
	}
	return message.String("DTMF-Digit")
}

// done tells whether an event is the completion of a noop.
func done(message jobj.Object, noop string) bool {
	return isCallEvent(message, kapi.ChannelExecuted) && message.String("Application-Name") == "noop" &&
		message.String("Application-Response") == noop
}

// play has the caller hear parts, one after the other. Digits that are pressed meanwhile are kept in the
// collection default (kapps_call_command:wait_for_noop/2).
func (a *act) play(then func(), parts ...jobj.Object) {
	command, noop := a.Queue(parts...)
	a.say(command)
	a.hears = func(message jobj.Object) {
		if key := digit(message); key != "" {
			a.call.keepDigits(early, a.call.digits(early)+key)
		}
		if done(message, noop) {
			a.hears = nil
			then()
		}
	}
}

// collecting is a wait for digits.
type collecting struct {
	most                int
	timeout, interdigit time.Duration
	terminators         []string
	noop                string // when its completion is heard the time for the first digit begins; "" is now
}

// collect waits for digits (kapps_call_command:collect_digits/6). ended is the terminator, "" for none.
func (a *act) collect(c collecting, then func(digits, ended string)) {
	var digits strings.Builder
	halt := func() {}
	finish := func(ended string) {
		a.hears = nil
		halt()
		then(digits.String(), ended)
	}
	begin := func(d time.Duration) {
		halt()
		halt = a.after(d, func() { finish("") })
	}
	if c.noop == "" {
		begin(c.timeout)
	}
	a.hears = func(message jobj.Object) {
		key := digit(message)
		switch {
		case key == "" && c.noop != "" && digits.Len() == 0 && done(message, c.noop):
			begin(c.timeout)
		case key == "":
		case slices.Contains(c.terminators, key):
			finish(key)
		default:
			digits.WriteString(key)
			if digits.Len() >= c.most {
				finish("")
				return
			}
			begin(c.interdigit)
		}
	}
}

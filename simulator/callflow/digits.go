package callflow

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// interdigit is how long is waited between digits (the setting interdigit_timeout).
const interdigit = 2000

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// collectDTMF stores what the caller presses (cf_collect_dtmf:handle/2). What was pressed before
// counts.
func (a *act) collectDTMF() {
	a.say(a.Answer())
	ends, ok := a.finishing()
	if !ok {
		a.next(anyKey, "a terminator is none of 0-9, * and #")
		return
	}
	name := firstOf(a.data.String("collection_name"), early)
	had := a.call.digits(early)
	a.call.dropDigits(early)
	if i := strings.IndexAny(had, strings.Join(ends, "")); i >= 0 {
		had = had[:i]
	}
	most := int(max(a.whole("max_digits", 1), 1)) // other writers than REST may have less
	keep := func(digits string) {
		if name == early { // digits may have come again while it was waited
			a.call.dropDigits(early)
		}
		a.call.keepDigits(name, digits)
		a.next(anyKey, "collected "+quoted(digits)+" as "+name)
	}
	if len(had) >= most {
		keep(had[:most])
		return
	}
	a.collect(collecting{
		most: most - len(had), timeout: milliseconds(a.whole("timeout", 5000)),
		interdigit: milliseconds(a.whole("interdigit_timeout", interdigit)), terminators: ends,
	}, func(digits, _ string) { keep(had + digits) })
}

func quoted(digits string) string {
	if digits == "" {
		return "nothing"
	}
	return digits
}

// finishing are the keys that end a collection: the terminator, which an answer's schema always fills in
// (quirk default-terminator), else the list, else #.
func (a *act) finishing() (keys []string, ok bool) {
	value, _ := a.data.Get("terminators")
	list, isList := value.([]any)
	one := a.data.String("terminator")
	switch {
	case one != "" && (!isList || a.Compat == fidelity.Kazoo):
		keys = []string{one}
	case isList:
		keys = texts(list)
	default:
		keys = []string{"#"}
	}
	return keys, !slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(dialplan.AllDigits(), key) })
}

// flushDTMF forgets a collection (cf_flush_dtmf).
func (a *act) flushDTMF() {
	name := firstOf(a.data.String("collection_name"), early)
	a.call.dropDigits(name)
	a.next(anyKey, "forgot "+name)
}

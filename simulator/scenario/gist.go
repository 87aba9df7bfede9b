package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verb is what an act does, in the word of the file.
func (a Act) Verb() string {
	verb := a.Path[strings.LastIndexByte(a.Path, '.')+1:]
	if cut := strings.IndexByte(verb, '['); cut >= 0 {
		verb = verb[:cut]
	}
	return verb
}

// Gist says in a line what an act does and who takes part.
func (a Act) Gist() string {
	switch do := a.Do.(type) {
	case *Call:
		return fmt.Sprintf("%s: %s calls %s%s", do.Name, do.From, do.To, dialled(do.To, do.Number))
	case *Ring:
		if do.Early {
			return fmt.Sprintf("%s: %s rings, and is heard", do.Call, and(do.Who))
		}
		return fmt.Sprintf("%s: %s", do.Call, and(do.Who))
	case *Answer:
		return fmt.Sprintf("%s: %s", do.Call, do.By)
	case *Play:
		return fmt.Sprintf("%s: %s", do.Call, time.Duration(do.For))
	case *Press:
		return fmt.Sprintf("%s: %s presses %s", do.Call, do.By, do.Keys)
	case *Hold:
		return fmt.Sprintf("%s: %s", do.Call, do.By)
	case *Resume:
		return fmt.Sprintf("%s: %s", do.Call, do.By)
	case *Transfer:
		return fmt.Sprintf("%s: %s to %s, %s", do.Call, do.By, do.To, do.How)
	case *Forward:
		return fmt.Sprintf("%s: %s to %s", do.Call, do.User, do.To)
	case *Intercept:
		return fmt.Sprintf("%s: %s", do.Call, do.By)
	case *Bridge:
		return fmt.Sprintf("%s with %s", do.Call, do.With)
	}
	return a.furtherGist()
}

// furtherGist is that of what is not the course of a conversation.
func (a Act) furtherGist() string {
	switch do := a.Do.(type) {
	case *Park:
		return fmt.Sprintf("%s: %s in %s", do.Call, orElse(do.By, "the callflow"), do.Slot)
	case *Retrieve:
		return fmt.Sprintf("%s: %s from %s", do.Call, do.By, do.Slot)
	case *Record:
		return fmt.Sprintf("%s: %s", do.Call, time.Duration(do.For))
	case *Voicemail:
		return fmt.Sprintf("%s: %s for %s", do.Call, time.Duration(do.Message), do.Box)
	case *Hangup:
		return strings.TrimSpace(fmt.Sprintf("%s: %s %s", do.Call, do.By, do.Cause))
	case *Conference:
		return do.gist()
	case *Fax:
		return fmt.Sprintf("%s to %s, %d pages, %s", do.From, do.To, do.Pages, do.Result)
	case *Message:
		return fmt.Sprintf("%s to %s: %s", do.From, do.To, do.Body)
	case *Registration:
		return do.User
	case *Edit:
		return fmt.Sprintf("%s: a %s is %s", do.Account, do.Type, do.Action)
	case *Emit:
		return fmt.Sprintf("%s: %s", do.Account, do.Event)
	case *Load:
		return do.gist()
	case *REST:
		return fmt.Sprintf("%s: %s %s", do.Account, do.Method, do.Target)
	case *Send:
		return do.gist()
	case *Fault:
		return do.gist()
	case []Expected:
		return fmt.Sprintf("%d to be met", len(do))
	}
	return ""
}

func (d *Conference) gist() string {
	var parts []string
	for what, who := range d.Who() {
		parts = append(parts, and(who)+" "+what)
	}
	if d.Lock != nil {
		parts = append(parts, map[bool]string{true: "locked", false: "unlocked"}[*d.Lock])
	}
	slices.Sort(parts)
	return fmt.Sprintf("%s: %s", d.Name, strings.Join(parts, ", "))
}

func (d *Load) gist() string {
	text := fmt.Sprintf("%g calls/s, %s", d.Rate, d.Arrivals)
	if d.For > 0 {
		text += fmt.Sprintf(", for %s", time.Duration(d.For))
	}
	if d.Calls > 0 {
		text += fmt.Sprintf(", %d calls", d.Calls)
	}
	return text + ", " + and(d.Accounts)
}

func (d *Send) gist() string {
	what := "a frame"
	switch {
	case d.Request != nil:
		what = d.Request.Method + " " + d.Request.Target
	case len(d.Subscribe) > 0:
		what = "subscribe " + and(d.Subscribe)
	case len(d.Unsubscribe) > 0:
		what = "unsubscribe " + and(d.Unsubscribe)
	case d.Frame.String("action") != "":
		what = d.Frame.String("action")
	}
	return d.Socket + ": " + what
}

func (d *Fault) gist() string {
	switch {
	case d.Duplicate > 0:
		return fmt.Sprintf("%d messages twice", d.Duplicate)
	case d.OutOfOrder > 0:
		return fmt.Sprintf("%d messages in the opposite order", d.OutOfOrder)
	case d.Malformed > 0:
		return fmt.Sprintf("%d messages that are no JSON", d.Malformed)
	case d.ReceiverDown != "":
		return d.ReceiverDown + " is down" + map[bool]string{true: " for " + time.Duration(d.For).String()}[d.For > 0]
	}
	return "the broker drops its connections"
}

func dialled(said, number string) string {
	if said == number {
		return ""
	}
	return " (" + number + ")"
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// printExplanation writes an explanation for people: what fired, then what did not,
// a line each. show says what else: sent or message.
func (a *app) printExplanation(e jobj.Object, show string) {
	a.printf("%s  %s\n", a.paint(bold, eventTitle(e)), eventPlace(e))
	fired := listOf(e, "fired_hooks")
	if why := e.Object("why"); why != nil {
		title := a.paint(red, "Nothing fired:")
		if len(fired) > 0 {
			title = a.paint(yellow, "Not all can be told:")
		}
		a.printf("%s %s\n", title, clean(why.String("text")))
	}
	if len(fired) > 0 {
		a.printf("%s\n", a.paint(bold, "Fired"))
		for _, hook := range fired {
			a.printFired(hook, e, show == "sent")
		}
	} else if e.Object("why") == nil {
		a.printf("%s\n", a.paint(red, "No webhook fired."))
	}
	silent := listOf(e, "silent_hooks")
	if len(silent) > 0 {
		a.printf("%s\n", a.paint(bold, "Did not fire, the nearest miss first"))
	}
	for _, hook := range silent {
		a.printf("  %s\n", silentLine(hook, e))
	}
	if more := e.Int("unlisted_hooks"); more > 0 {
		a.printf("  and %d more\n", more)
	}
	a.printSockets(e)
	if show == "message" {
		a.printf("%s\n", a.paint(bold, "Message"))
		for _, m := range e.Object("message") {
			a.printf("  %s = %s\n", clean(m.Key), clean(string(jobj.Append(nil, m.Value))))
		}
	}
}

// eventTitle is "channel_create 9f3c-17".
func eventTitle(e jobj.Object) string {
	name := e.String("event")
	if name == "" {
		name = e.String("event_name")
	}
	if name == "" {
		name = "a message"
	}
	return clean(name) + " " + e.String("id")
}

// eventPlace says when it came, whose it was and which call.
func eventPlace(e jobj.Object) string {
	parts := []string{"came " + clockTime(e.String("received"))}
	if name := accountName(e); name != "" {
		parts = append(parts, "for "+name)
	}
	for _, kind := range []string{"call_id", "doc_id", "message_id"} {
		if id := e.String(kind); id != "" {
			parts = append(parts, strings.TrimSuffix(kind, "_id")+" "+clean(id))
		}
	}
	return strings.Join(parts, ", ")
}

func accountName(o jobj.Object) string {
	if name := o.String("account_name"); name != "" {
		return clean(name)
	}
	return clean(o.String("account_id"))
}

// clockTime is the time of day of a moment, to the millisecond where that is known;
// a text that is no moment stays.
func clockTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return clean(text)
	case strings.Contains(text, "."):
		return at.Local().Format("15:04:05.000")
	}
	return at.Local().Format("15:04:05")
}

// hookTitle is `hook "CRM" (6e097cd2)`, with the account where that is not the
// event's.
func hookTitle(hook, event jobj.Object) string {
	title := fmt.Sprintf("hook %q (%.8s)", clean(hook.String("name")), clean(hook.String("id")))
	if hook.String("name") == "" {
		title = fmt.Sprintf("hook %s", clean(hook.String("id")))
	}
	if owner := hook.String("account_id"); owner != event.String("account_id") {
		title += " of " + accountName(hook)
	}
	return title
}

func silentLine(hook, event jobj.Object) string {
	var texts []string
	switched := false
	for _, reason := range listOf(hook, "reasons") {
		text := clean(reason.String("text"))
		if since := reason.String("since"); since != "" {
			text += " (saved " + clockTime(since) + ")"
		}
		texts = append(texts, text)
		switched = switched || strings.HasSuffix(reason.String("reason"), "disabled")
	}
	line := hookTitle(hook, event)
	if otherwise := hook.String("would_fire_if"); otherwise != "" {
		line += " would fire if " + clean(otherwise)
	}
	line += ": it " + strings.Join(texts, ", and ")
	if switched {
		line += fmt.Sprintf("; kazoolab hooks enable %.8s --account %s", clean(hook.String("id")), shellWord(hook.String("account_id")))
	}
	return line
}

// shellWord quotes what a shell would take apart.
func shellWord(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(clean(text), "'", `'\''`) + "'"
}

func (a *app) printFired(hook, event jobj.Object, sent bool) {
	a.printf("  %s  %s %s\n", hookTitle(hook, event), strings.ToUpper(clean(hook.String("method"))), clean(hook.String("target")))
	for _, try := range listOf(hook, "tries") {
		outcome := clean(try.String("client_error"))
		if status := try.Int("status"); status != 0 {
			outcome = fmt.Sprint(status)
		}
		line := fmt.Sprintf("    %s  %s  %d ms", clockTime(try.String("at")), a.paintOutcome(outcome), try.Int("ms"))
		if id := try.String("attempt_id"); id != "" {
			line += "  attempt " + clean(id)
		}
		if answer := firstLine(try.String("answer")); answer != "" {
			line += "  " + answer
		}
		a.printf("%s\n", line)
	}
	parked := hook.Object("parked")
	switch unsent := hook.String("unsent"); {
	case hook.String("outcome") == "parked":
		next := "delivered as soon as the receiver has time for it; see kazoolab queues list"
		if at := parked.String("next_try"); at != "" {
			next = "the receiver is tried next at " + clockTime(at)
		}
		a.printf("    %s\n", a.paint(yellow, fmt.Sprintf("parked since %s: %s; %s", clockTime(parked.String("since")), clean(parked.String("text")), next)))
	case hook.String("outcome") == "taken_out":
		a.printf("    %s\n", a.paint(yellow, fmt.Sprintf("was parked at %s: %s; taken out since: see kazoolab hooks attempts %s",
			clockTime(parked.String("since")), clean(parked.String("text")), shellWord(hook.String("id")))))
	case unsent != "":
		a.printf("    %s\n", a.paint(red, "given up: "+unsentText(unsent)))
	case hook.String("outcome") == "under_way":
		a.printf("    %s\n", a.paint(yellow, "under way"))
	}
	if sent {
		for line := range strings.Lines(hook.String("sent")) {
			a.printf("    > %s\n", clean(strings.TrimSuffix(line, "\n")))
		}
	}
}

// unsentText puts the reason into words for which a delivery was given up.
func unsentText(reason string) string {
	switch reason {
	case "hook_gone":
		return "the hook was switched off or deleted meanwhile"
	case "hook_changed":
		return "the hook was changed meanwhile, and takes the event no more"
	case "too_large_encoded":
		return "what would be sent is larger than 16 MiB"
	case "panic":
		return "it broke the delivery, which is a fault of the bridge; its log has the details"
	}
	return clean(reason)
}

// firstLine is the beginning of an answer for a terminal.
func firstLine(text string) string {
	const width = 60
	line, _, cut := strings.Cut(strings.TrimSpace(text), "\n")
	if runes := []rune(clean(line)); len(runes) > width {
		return string(runes[:width]) + "…"
	}
	if cut {
		return clean(line) + " …"
	}
	return clean(line)
}

// printEarlier lists events that came before.
func (a *app) printEarlier(rows []jobj.Object) {
	if len(rows) == 0 {
		return
	}
	a.printf("%s\n", a.paint(bold, "Before it"))
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", clockTime(row.String("received")), eventTitle(row), eventOutcome(row), orDash(accountName(row)))
	}
	_ = table.Flush() // as for everything else that is printed
}

// eventOutcome is the outcome of an event in a few words.
func eventOutcome(row jobj.Object) string {
	switch outcome := row.String("outcome"); outcome {
	case "dropped":
		return "dropped: " + clean(row.String("dropped"))
	case "no_account":
		return "no account"
	case "no_hook":
		return "no hook fired"
	case "under_way":
		return "under way"
	case "parked":
		return "parked"
	case "failed":
		return fmt.Sprintf("%d of %d failed", row.Int("failed"), row.Int("fired"))
	default:
		return fmt.Sprintf("%s to %d", clean(outcome), row.Int("fired"))
	}
}

// printSockets lists the websockets that were sent the event, where that is known.
func (a *app) printSockets(e jobj.Object) {
	if !e.Has("sockets") {
		return
	}
	sockets, more := listOf(e, "sockets"), e.Int("unlisted_sockets")
	if len(sockets) == 0 && more == 0 {
		a.printf("No websocket of the bridge was subscribed to it.\n")
		return
	}
	a.printf("%s\n", a.paint(bold, "Websockets"))
	for _, s := range sockets {
		a.printf("  %s of %s by %s\n", clean(s.String("websocket_session_id")), clean(s.String("account_id")), clean(s.String("binding")))
	}
	if more > 0 {
		a.printf("  and %d more\n", more)
	}
}

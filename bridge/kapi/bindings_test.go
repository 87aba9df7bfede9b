package kapi_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

func TestAMQPBindingsVector(t *testing.T) {
	tally := vectortest.NewTally(t, "amqp_bindings")
	for _, r := range vectortest.Read(t, "amqp_bindings", "who", "type", "binding_options", "result", "exchanges", "bindings",
		"responds_to", "account_id", "subscribed_key", "subscription_keys", "internal_call_hooks") {
		if strings.HasPrefix(r.String("who"), "blackhole") {
			switch quirk, difference := socketVerdict(r); {
			case difference != "":
				tally.Disagree(r, "%s: %s", r.String("who"), difference)
			case quirk != "":
				tally.Differ(quirk)
			default:
				tally.Agree()
			}
			continue
		}
		listener, ok := listenerOf(r)
		if !ok {
			tally.Disagree(r, "nothing here listens as %s does", r.String("who"))
			continue
		}
		if difference := listensAs(r, listener); difference != "" {
			tally.Disagree(r, "%s: %s", r.String("who"), difference)
			continue
		}
		tally.Agree()
	}
}

// listenerOf finds what the product has for a record: by the name of the hook or of
// the purpose, in brackets; calls are bound for whoever asks.
func listenerOf(r vectortest.Record) (kapi.Listener, bool) {
	who := r.String("who")
	if strings.HasPrefix(who, "call event source") {
		return callSource(r.String("binding_options")), true
	}
	name := strings.TrimPrefix(who, "webhooks_")
	if _, purpose, ok := strings.Cut(who, " ("); ok {
		name = strings.TrimSuffix(purpose, ")")
	}
	all := slices.Concat(kapi.HookListeners(), kapi.KeepingListeners())
	i := slices.IndexFunc(all, func(l kapi.Listener) bool { return l.Name == name })
	if i < 0 {
		return kapi.Listener{}, false
	}
	return all[i], true
}

// callSource reads the options of a listener to calls, as Erlang prints them.
func callSource(options string) kapi.Listener {
	id := "*"
	if m := regexp.MustCompile(`\{callid,<<"([^"]*)">>\}`).FindStringSubmatch(options); m != nil {
		id = m[1]
	}
	var events []string
	if m := regexp.MustCompile(`\{restrict_to,\[([^\]]*)\]\}`).FindStringSubmatch(options); m != nil {
		for name := range strings.SplitSeq(m[1], ",") {
			events = append(events, strings.Trim(name, `<>"'`))
		}
	}
	return kapi.Listener{Exchanges: kapi.CallEventExchanges(), Bindings: kapi.CallEventBindings(id, events...)}
}

// listensAs says in what a listener differs from the record, or "".
func listensAs(r vectortest.Record, l kapi.Listener) string {
	if r.Has("responds_to") {
		var got []string
		for _, a := range l.Answers {
			got = append(got, fmt.Sprintf(`["%s","%s"]`, a.Category, a.Name))
		}
		if want := sorted(r, "responds_to"); !slices.Equal(got, want) {
			return fmt.Sprintf("answers %s, want %s", got, want)
		}
	}
	if !r.Has("bindings") {
		return ""
	}
	var exchanges, bindings []string
	for _, name := range l.Exchanges {
		exchanges = append(exchanges, fmt.Sprintf(`{"name":"%s","type":"%s","durable":false,"auto_delete":false}`, name, kapi.ExchangeType(name)))
	}
	for _, b := range l.Bindings {
		bindings = append(bindings, fmt.Sprintf(`{"exchange":"%s","routing_key":"%s"}`, b.Exchange, b.Key))
	}
	slices.Sort(exchanges)
	slices.Sort(bindings)
	if want := sorted(r, "exchanges"); !slices.Equal(exchanges, want) {
		return fmt.Sprintf("declares %s, want %s", exchanges, want)
	}
	if want := sorted(r, "bindings"); !slices.Equal(bindings, want) {
		return fmt.Sprintf("binds\n got %s\nwant %s", strings.Join(bindings, "\n     "), strings.Join(want, "\n     "))
	}
	return ""
}

// sorted lists the elements of a list as text.
func sorted(r vectortest.Record, key string) []string {
	v, _ := r.Get(key)
	list, _ := v.([]any)
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = string(jobj.Append(nil, element))
	}
	slices.Sort(texts)
	return texts
}

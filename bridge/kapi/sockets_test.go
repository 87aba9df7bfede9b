package kapi_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// socketVerdict compares what a socket's subscription binds, or the keys that it
// has, with a record. It gives the quirk for which they differ, or in what they do.
func socketVerdict(r vectortest.Record) (quirk, difference string) {
	asked := strings.TrimPrefix(r.String("who"), "blackhole subscription ")
	b, err := bindings.Resolve(asked, recordedAsker(r))
	if err != nil {
		if strings.HasPrefix(asked, "fax.object.") && strings.HasSuffix(err.Error(), " not supported") {
			return "accepted-undelivered", ""
		}
		return "", fmt.Sprintf("%s is refused: %v", asked, err)
	}
	if r.Has("bindings") {
		return boundAs(r, b)
	}
	return keysAs(r, b)
}

// recordedAsker is the account that asked: it stands in the record or in what was
// bound, as does its realm, or it is the first of those recorded.
func recordedAsker(r vectortest.Record) bindings.Asker {
	a := bindings.Asker{
		Dialect: fidelity.V50, Compat: fidelity.Kazoo, Realm: "a.sip.local",
		AccountID: "account0000000000000000000000001", Now: time.Date(2026, time.November, 15, 0, 0, 0, 0, time.UTC),
	}
	options := r.String("binding_options")
	if m := regexp.MustCompile(`\{account_id,<<"([^"]*)">>\}`).FindStringSubmatch(options); m != nil {
		a.AccountID = m[1]
	}
	if m := regexp.MustCompile(`\{db,<<"([^"]*)">>\}`).FindStringSubmatch(options); m != nil {
		a.AccountID, _ = kapi.AccountOfDB(m[1])
	}
	if m := regexp.MustCompile(`\{(?:realm|'presence-id'),<<"([^"]*)">>\}`).FindStringSubmatch(options); m != nil {
		a.Realm = m[1]
	}
	if r.Has("account_id") {
		a.AccountID = r.String("account_id")
	}
	if strings.Contains(r.String("who"), " presence.") && r.Has("subscription_keys") {
		a.Realm = strings.ReplaceAll(strings.Split(sorted(r, "subscription_keys")[0], ".")[1], "%2E", ".")
	}
	return a
}

// boundAs compares one of the bindings; a record has no more.
func boundAs(r vectortest.Record, b bindings.Binding) (quirk, difference string) {
	for _, e := range b.Entries {
		l := kapi.Listener{Exchanges: kapi.Declared(e.Bind[0].Exchange), Bindings: e.Bind}
		if difference = listensAs(r, l); difference == "" {
			return "", ""
		}
	}
	e := b.Entries[0].Bind[0]
	want := sorted(r, "bindings")
	if len(want) == 1 && strings.Contains(want[0], `"exchange":"`+e.Exchange+`"`) && strings.Contains(want[0], doublyEncoded(e.Key)+`"`) {
		return "accepted-undelivered", ""
	}
	return "", difference
}

// doublyEncoded is a key whose id was encoded by the client and again by the
// reference, so that it routes nothing.
func doublyEncoded(key string) string {
	i := strings.LastIndexByte(key, '.') + 1
	return key[:i] + kapi.EncodeKey(key[i:])
}

// keysAs compares keys, and which calls of which account are asked for.
func keysAs(r vectortest.Record, b bindings.Binding) (quirk, difference string) {
	var keys, hooks []string
	for _, e := range b.Entries {
		if e.Unlisted {
			continue
		}
		keys = append(keys, string(jobj.AppendString(nil, e.Key)))
		if e.Bind[0].Exchange == kapi.ExchangeCallEvents {
			hooks = append(hooks, fmt.Sprintf(`["%s","%s"]`, recordedAsker(r).AccountID, strings.Split(e.Bind[0].Key, ".")[1]))
		}
	}
	slices.Sort(keys)
	slices.Sort(hooks)
	switch want := sorted(r, "subscription_keys"); {
	case b.Client != r.String("subscribed_key"):
		return "", fmt.Sprintf("subscribed as %s, want %s", b.Client, r.String("subscribed_key"))
	case !slices.Equal(hooks, sorted(r, "internal_call_hooks")):
		return "", fmt.Sprintf("calls %s, want %s", hooks, sorted(r, "internal_call_hooks"))
	case slices.Equal(keys, want):
		return "", ""
	case slices.EqualFunc(keys, want, undelivered):
		return "accepted-undelivered", ""
	default:
		return "", fmt.Sprintf("keys %s, want %s", keys, want)
	}
}

// undelivered reports whether theirs is the key ours with an id or an action in a
// form that no event has.
func undelivered(ours, theirs string) bool {
	i, j := strings.LastIndexByte(ours, '.')+1, strings.LastIndexByte(theirs, '.')+1
	id := strings.ToUpper(theirs[j:])
	return ours == theirs || ours == strings.Replace(theirs, `"`, `"doc_`, 1) ||
		ours[:i] == theirs[:j] && (ours[i:] == kapi.EncodeKey(strings.Trim(theirs[j:], `"`))+`"` || strings.ToUpper(ours[i:]) == id)
}

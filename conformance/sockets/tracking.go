package sockets

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// tracking is about what REST tells of the sockets that there are.
func tracking() suite.Group {
	newer := []string{suite.Kazoo5, suite.Kazoo4}
	return suite.Group{
		Name: "sockets/tracking", Title: "What REST tells of sockets", Needs: []string{suite.Accounts, suite.Sockets}, Do: doTracking,
		Requirements: []suite.Requirement{
			{
				ID: "WS-REST-020", Text: "A socket MUST be listed once a command of it has succeeded, and not before.", Source: "websockets.md 8; blackhole_tracking:handle_get_req/2",
				Judge: func(j *suite.Judging) {
					listedSockets(j, "before any", 0)
					listedSockets(j, "after an error", 0)
					listedSockets(j, "after ping", 1)
				},
			},
			{
				ID: "WS-REST-021", Text: "A socket MUST NOT be listed any more when it has ended.", Source: "websockets.md 8; websockets.md 9; websockets.md 10.2",
				Judge: func(j *suite.Judging) {
					listedSockets(j, "after ping", 1)
					listedSockets(j, "at the end", 0)
				},
			},
			{
				ID: "WS-REST-022", Text: "A listed socket MUST have exactly bindings, websocket_session_id, timestamp, destination and source, besides name and metadata where it said them.",
				Source: "websockets.md 8; bh_context:to_json/1", Dialects: newer,
				Judge: func(j *suite.Judging) {
					if one, ok := first(j, "after ping"); ok {
						j.Equal("members", "bindings destination source timestamp websocket_session_id", keys(one))
					}
					if one, ok := first(j, "named"); ok {
						j.Equal("members", "bindings destination metadata name source timestamp websocket_session_id", keys(one))
					}
				},
			},
			{
				ID: "WS-REST-023", Text: "A socket's websocket_session_id MUST be the address of the client and its port, and its source the address alone.", Source: "websockets.md 1.1; websockets.md 8", Dialects: newer,
				Judge: judgeSession,
			},
			{
				ID: "WS-REST-024", Text: "A socket's timestamp MUST be the time of its connection in Gregorian seconds.", Source: "websockets.md 8", Dialects: newer,
				Judge: judgeTimestamp,
			},
			{
				ID: "WS-REST-025", Text: "A socket's bindings MUST be those that it was told by its replies, and an empty list without any.", Source: "websockets.md 8; websockets.md 10.2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					for step, expected := range map[string]string{"after ping": "[]", "subscribed": "[call.CHANNEL_CREATE.* object.*.*]", "unsubscribed": "[]"} {
						if one, ok := first(j, step); ok {
							j.Equal("bindings "+step, expected, fmt.Sprint(set(one.Get("bindings"))))
						}
					}
				},
			},
			{
				ID: "WS-REST-026", Text: "A socket's name and metadata MUST be those beside the action of its last successful command, and absent when that had none.", Source: "websockets.md 2; websockets.md 8", Dialects: newer,
				Judge: judgeName,
			},
			{
				ID: "WS-REST-027", Text: "GET of one socket MUST be answered with the object that the list has, its id with : or %3A.", Source: "websockets.md 8", Dialects: newer,
				Judge: func(j *suite.Judging) {
					if one, ok := first(j, "subscribed"); ok {
						for _, step := range []string{"one", "one encoded"} {
							if got, ok := j.Status(step, "200"); ok {
								j.EqualJSON("data", one.Raw, []byte(read(got).Get("data").Raw), got)
							}
						}
					}
				},
			},
			{
				ID: "WS-REST-031", Text: "No answer about sockets MUST have a token or the account of a socket.", Source: "websockets.md 8; bh_context:to_json/1", Dialects: newer,
				Judge: judgeSecrets,
			},
			{
				ID: "WS-REST-032", Text: "The sockets of an account MUST be shown to the accounts above it and refused with 403 to others.", Source: "websockets.md 8",
				Judge: func(j *suite.Judging) {
					listedSockets(j, "to parent", 1)
					j.Status("to sibling", "403")
				},
			},
			{
				ID: "WS-REST-033", Text: "An id that no socket has MUST NOT be answered with success.", Source: "websockets.md 8",
				Judge: func(j *suite.Judging) {
					if got, found := j.Answer("unknown"); !found || strings.HasPrefix(got.Head, "2") {
						j.Fail("an unknown id was answered with "+got.Head, got)
					}
				},
			},
			{
				ID: "WS-REST-034", Text: "The list of sockets MUST NOT be paged or filtered.", Source: "websockets.md 8",
				Judge: func(j *suite.Judging) { listedSockets(j, "paged", 2) },
			},
		},
	}
}

// rows are the list in an answer.
func rows(j *suite.Judging, step string) ([]gjson.Result, capture.Entry, bool) {
	got, ok := j.Status(step, "200")
	return read(got).Get("data").Array(), got, ok
}

func listedSockets(j *suite.Judging, step string, n int) {
	if all, got, ok := rows(j, step); ok {
		j.Equal("sockets "+step, fmt.Sprint(n), fmt.Sprint(len(all)), got)
	}
}

func first(j *suite.Judging, step string) (gjson.Result, bool) {
	all, got, ok := rows(j, step)
	if ok && len(all) == 0 {
		j.Fail("no socket is listed "+step, got)
	}
	if !ok || len(all) == 0 {
		return gjson.Result{}, false
	}
	return all[0], true
}

// keys are the members of an object, in order.
func keys(o gjson.Result) string {
	var all []string
	for key := range o.Map() {
		all = append(all, key)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// judgeTimestamp compares with the time of the answer, which is by the same clock.
func judgeTimestamp(j *suite.Judging) {
	all, got, ok := rows(j, "after ping")
	if !ok || len(all) == 0 {
		j.Fail("no socket is listed")
		return
	}
	answered, err := time.Parse(time.RFC3339, read(got).Get("timestamp").Str)
	if err != nil {
		j.NotShown("the answer has no timestamp to compare with")
		return
	}
	const epoch = 62167219200 // of Unix, in Gregorian seconds
	if age := answered.Unix() + epoch - all[0].Get("timestamp").Int(); age < -2 || age > 120 {
		j.Differs("timestamp", fmt.Append(nil, answered.Unix()+epoch), []byte(all[0].Get("timestamp").Raw), got)
	}
}

func doTracking(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	sibling, err := p.NewAccount(ctx, "sibling", p.Target.Parent)
	if err != nil {
		return err
	}
	path := "/v2/accounts/" + account.ID + "/websockets"
	get := func(step, path string, caller probe.Account, holds func(probe.Response) bool) error {
		_, err := p.RESTUntil(ctx, step, probe.Request{Method: http.MethodGet, Path: path, Token: caller.Token}, p.Target.Patience.Delivery, holds)
		return err
	}
	t := &tracker{Probe: p, list: probe.Request{Method: http.MethodGet, Path: path, Token: account.Token}}
	s, err := p.MustDial(ctx, own)
	if err != nil {
		return err
	}
	t.look(ctx, "before any")
	s.Command(ctx, "e1", `{"action":"ping","request_id":"e1","auth_token":"nope"}`)
	t.look(ctx, "after an error")
	s.Command(ctx, "p1", `{"action":"ping","request_id":"p1","auth_token":`+quoted(account.Token)+`}`)
	t.lookUntil(ctx, "after ping", sockets(1))
	s.Command(ctx, "n1", `{"action":"ping","request_id":"n1","name":"screen","metadata":{"Room":1}}`)
	t.lookUntil(ctx, "named", shows(func(one gjson.Result) bool { return one.Get("name").Exists() }))
	s.Command(ctx, "n2", `{"action":"ping","request_id":"n2"}`)
	t.lookUntil(ctx, "nameless", shows(func(one gjson.Result) bool { return !one.Get("name").Exists() }))
	ask(ctx, s, account, "call.CHANNEL_CREATE.*", "object.*.*")
	t.lookUntil(ctx, "subscribed", shows(bound(2)))
	// The id is what the list says: a client is never told it.
	id := t.seen.Data().Get("0")
	if id.IsObject() {
		id = id.Get("websocket_session_id")
	}
	for _, step := range []struct {
		name, path string
		caller     probe.Account
		holds      func(probe.Response) bool
	}{
		{"one", path + "/" + id.Str, account, shown}, {"one encoded", path + "/" + strings.ReplaceAll(id.Str, ":", "%3A"), account, shown},
		{"one to parent", path + "/" + id.Str, p.Target.Parent, shown}, {"to sibling", path, sibling, once}, {"unknown", path + "/192.0.2.255:1", account, once},
	} {
		if err := get(step.name, step.path, step.caller, step.holds); err != nil {
			return err
		}
	}
	for _, binding := range []string{"call.CHANNEL_CREATE.*", "object.*.*"} {
		s.Command(ctx, "drop "+binding, command("unsubscribe", "drop "+binding, account.Token, account.ID, binding))
	}
	t.lookUntil(ctx, "unsubscribed", shows(bound(0)))
	if err := get("to parent", path, p.Target.Parent, lists(sockets(1))); err != nil {
		return err
	}
	second, err := p.MustDial(ctx, "second")
	if err != nil {
		return err
	}
	second.Command(ctx, "p2", `{"action":"ping","request_id":"p2","auth_token":`+quoted(account.Token)+`}`)
	paged := &tracker{Probe: p, list: probe.Request{Method: http.MethodGet, Path: path + "?page_size=1&filter_source=x", Token: account.Token}}
	paged.lookUntil(ctx, "paged", sockets(2))
	s.Close(ctx)
	second.Cut()
	t.lookUntil(ctx, "at the end", sockets(0))
	return paged.or(t.err)
}

// tracker looks at the list of sockets. Its first error stays.
type tracker struct {
	*probe.Probe
	list probe.Request
	seen probe.Response
	err  error
}

func (t *tracker) or(other error) error {
	if t.err != nil {
		return t.err
	}
	return other
}

func (t *tracker) look(ctx context.Context, step string) {
	seen, err := t.REST(ctx, step, t.list)
	t.seen, t.err = seen, t.or(err)
}

// lookUntil looks again, as long as an event may take, until the list shows what is to be: it
// is made of what bridges tell, which may learn a moment later.
func (t *tracker) lookUntil(ctx context.Context, step string, holds func(list []gjson.Result) bool) {
	seen, err := t.RESTUntil(ctx, step, t.list, t.Target.Patience.Delivery, lists(holds))
	t.seen, t.err = seen, t.or(err)
}

// shown, and once for what is refused, are for what bridges are asked for: they have 2 s to answer, whatever
// stands still meanwhile.
func shown(got probe.Response) bool { return got.Status == http.StatusOK }

func once(probe.Response) bool { return true }

// lists looks at the list of an answer that has one.
func lists(holds func(list []gjson.Result) bool) func(probe.Response) bool {
	return func(r probe.Response) bool {
		list, is := r.List()
		return is && holds(list)
	}
}

// sockets are as many in the list.
func sockets(n int) func([]gjson.Result) bool {
	return func(list []gjson.Result) bool { return len(list) == n }
}

// shows looks at the first socket of the list. The talk's list has nothing but ids.
func shows(holds func(one gjson.Result) bool) func([]gjson.Result) bool {
	return func(list []gjson.Result) bool { return len(list) > 0 && (!list[0].IsObject() || holds(list[0])) }
}

// bound has as many bindings, each once.
func bound(n int) func(gjson.Result) bool {
	return func(one gjson.Result) bool { return len(set(one.Get("bindings"))) == n }
}

// judgeSession compares id and source of a socket.
func judgeSession(j *suite.Judging) {
	if one, ok := first(j, "after ping"); ok {
		source := one.Get("source").Str
		if id := one.Get("websocket_session_id").Str; source == "" || !regexp.MustCompile(`^`+regexp.QuoteMeta(source)+`:[0-9]+$`).MatchString(id) {
			j.Differs("websocket_session_id", []byte(source+":<port>"), []byte(id))
		}
	}
}

// judgeSecrets looks for what is of the bridge alone.
func judgeSecrets(j *suite.Judging) {
	for _, step := range []string{"subscribed", "one", "one to parent"} {
		if got, ok := j.Status(step, "200"); ok {
			for _, key := range []string{"auth_token", "auth_account_id", "account_id", "req_id"} {
				if strings.Contains(read(got).Get("data").Raw, `"`+key+`"`) {
					j.Fail("data has "+key, got)
				}
			}
		}
	}
}

// judgeName looks at a socket that has said a name, and then none.
func judgeName(j *suite.Judging) {
	if one, ok := first(j, "named"); ok {
		j.Equal("name", "screen", one.Get("name").Str)
		j.Equal("metadata", `{"Room":1}`, one.Get("metadata").Raw)
	}
	if one, ok := first(j, "nameless"); ok && (one.Get("name").Exists() || one.Get("metadata").Exists()) {
		j.Differs("a socket without name", nil, []byte(one.Raw))
	}
}

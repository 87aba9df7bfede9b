package webhooks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// doc are members of a document.
type doc = map[string]any

// hook is one that a group makes. Its requests are JSON, unless fields say otherwise.
type hook struct {
	name, event string
	fields      doc
	answers     []probe.Answer
}

// makeHooks makes hooks in an account and returns when events may be published.
func makeHooks(ctx context.Context, p *probe.Probe, account probe.Account, hooks ...hook) error {
	for _, h := range hooks {
		fields := doc{"format": "json"}
		maps.Copy(fields, h.fields)
		if _, err := p.Hook(ctx, h.name, account, h.event, fields, h.answers...); err != nil {
			return err
		}
	}
	p.Applied(ctx)
	return nil
}

// event is a message of the bus.
type event struct {
	step, exchange, key string
	body                []byte
}

// publish publishes events in their order.
func publish(ctx context.Context, p *probe.Probe, events ...event) error {
	for _, e := range events {
		if err := p.Publish(ctx, e.step, e.exchange, e.key, e.body); err != nil {
			return err
		}
	}
	return nil
}

// call is a call event; its step is the id of the call.
func call(name, callID, accountID string, more ...string) event {
	return event{callID, "callevt", messages.CallKey(name, callID), messages.Call(name, callID, accountID, more...)}
}

// calls are CHANNEL_CREATE of several calls.
func calls(accountID string, callIDs ...string) []event {
	var events []event
	for _, id := range callIDs {
		events = append(events, call("CHANNEL_CREATE", id, accountID))
	}
	return events
}

// change is a change of a document. account is what the message says of it, which is not
// what decides.
func change(name, database, kind, id, account string) event {
	return event{id + " " + name, "configuration", strings.Join([]string{name, database, kind, id}, "."), fmt.Appendf(nil,
		`{"Event-Category":"configuration","Event-Name":%q,"ID":%q,"Database":%q,"Type":%q,"Account-ID":%q,"Rev":"1-0a1b2c3d4e5f60718293a4b5c6d7e8f9",`+
			`"Is-Soft-Deleted":false,"Origin-Cache":"kazoo_data_cache","Msg-ID":"c1d2e3f405162738","App-Name":"datamgr","App-Version":"4.0.0"}`,
		name, id, database, kind, account)}
}

// notice is a notification; id comes back as msg_id. key is what follows notifications. and
// members are the message's own.
func notice(name, key, id, members string) event {
	return event{id, "notifications", "notifications." + key, fmt.Appendf(nil,
		`{"Event-Category":"notification","Event-Name":%q,%s,"Msg-ID":%q,"App-Name":"teletype","App-Version":"4.0.0"}`, name, members, id)}
}

// disabledNotice is the notification with the fewest members.
func disabledNotice(id, accountID string) event {
	return notice("webhook_disabled", "webhook.disabled", id, fmt.Sprintf(`"Account-ID":%q,"Hook-ID":"6e097cd291aed294d2018ecf4b3a6cb8"`, accountID))
}

// fullNotice is that a voicemail box is full.
func fullNotice(id, accountID string) event {
	return notice("voicemail_full", "voicemail.full", id, fmt.Sprintf(`"Account-ID":%q,"Max-Message-Count":5,"Message-Count":5,"Voicemail-Box":"837fe7f1300142b532466a7a73bc3382"`, accountID))
}

// text is an inbound sms or mms.
func text(kind, id, accountID string) event {
	return event{id, "im", kind + ".inbound.offnet." + id, fmt.Appendf(nil,
		`{"Event-Category":%q,"Event-Name":"inbound","Message-ID":%q,"Account-ID":%q,"From":"+12125550199","To":"+14155550100","Body":"running late","Route-Type":"offnet",`+
			`"Msg-ID":"0011223344556677","App-Name":"im_inbound","App-Version":"1.0"}`,
		kind, id, accountID)}
}

// expect waits until every receiver has been sent as many requests as are expected, and then
// for what should not come.
func expect(ctx context.Context, p *probe.Probe, counts map[string]int) {
	expectWithin(ctx, p, p.Target.Patience.Delivery, counts)
	p.Settle(ctx)
}

// expectTries is expect where hooks are tried again: Kazoo sends the hooks of one event one
// after the other, and ends the tries of one before it comes to the next.
func expectTries(ctx context.Context, p *probe.Probe, counts map[string]int) {
	expectWithin(ctx, p, p.Target.Patience.Delivery+3*p.Target.Patience.Retry, counts)
}

func expectWithin(ctx context.Context, p *probe.Probe, limit time.Duration, counts map[string]int) {
	p.Await(ctx, fmt.Sprint("requests ", counts), limit, func(v capture.View) bool {
		for receiver, n := range counts {
			if len(v.Requests(receiver)) < n {
				return false
			}
		}
		return true
	})
}

// reached wants a receiver to have been sent these events and no others, in any order. They
// are told apart by a member of the JSON that was sent.
func reached(j *suite.Judging, receiver, member string, want ...string) {
	requests := j.Requests(receiver)
	got := make([]string, 0, len(requests))
	for _, r := range requests {
		value := gjson.GetBytes(r.Body, member)
		// A hook for all hears of the making of its account, too, and on a busy broker late.
		if !value.Exists() && strings.HasPrefix(gjson.GetBytes(r.Body, "action").Str, "doc_") {
			continue
		}
		got = append(got, value.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	j.Equal(member+" of the events at "+receiver, strings.Join(want, " "), strings.Join(got, " "), requests...)
}

// gotCalls is reached for call events.
func gotCalls(receiver string, want ...string) func(*suite.Judging) {
	return func(j *suite.Judging) { reached(j, receiver, "call_id", want...) }
}

// ofAccount is the path of an account's webhooks.
func ofAccount(account probe.Account) string { return "/v2/accounts/" + account.ID + "/webhooks" }

// patch changes a hook by REST, and returns when events may be published.
func patch(ctx context.Context, p *probe.Probe, account probe.Account, hookID, step string, fields doc) error {
	_, err := p.MustREST(ctx, step, probe.Request{
		Method: http.MethodPatch, Path: ofAccount(account) + "/" + hookID, Token: account.Token, Body: probe.Data(fields),
	})
	p.Applied(ctx)
	return err
}

// readAttempts asks for an account's attempts until there are n.
func readAttempts(ctx context.Context, p *probe.Probe, step string, account probe.Account, n int) error {
	path := ofAccount(account) + "/attempts"
	_, err := p.RESTUntil(ctx, step, probe.Request{Method: http.MethodGet, Path: path, Token: account.Token}, p.Target.Patience.Delivery, func(r probe.Response) bool {
		return len(r.Data().Array()) >= n
	})
	return err
}

// data wants a step to have been answered with 200 and returns the answer's data.
func data(j *suite.Judging, step string) (gjson.Result, capture.Entry, bool) {
	answer, ok := j.Status(step, "200")
	return gjson.GetBytes(answer.Body, "data"), answer, ok
}

// header is a field of a request, "" when there is none. Its name is in whatever case the
// target writes it.
func header(e capture.Entry, name string) string {
	for _, f := range e.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// holds tells whether an event's id is among the values of a request.
func holds(e capture.Entry, id string) bool {
	return strings.Contains(string(e.Body), fmt.Sprintf("%q", id))
}

// step is a REST request of a group.
type step struct{ name, method, path, body string }

// steps makes requests in their order, with an account's token.
func steps(ctx context.Context, p *probe.Probe, account probe.Account, requests ...step) error {
	for _, s := range requests {
		if _, err := p.REST(ctx, s.name, probe.Request{Method: s.method, Path: s.path, Token: account.Token, Body: s.body}); err != nil {
			return err
		}
	}
	return nil
}

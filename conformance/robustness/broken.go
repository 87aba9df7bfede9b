package robustness

import (
	"context"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

const deadLetters = "docs/operating.md, Dead letters"

// broken is about messages that are no events, and those behind them.
func broken() suite.Group {
	behind := func(id, text string, kind poisonKind) suite.Requirement {
		return suite.Requirement{
			ID: id, Text: text, Source: deadLetters, Ours: true,
			Judge: func(j *suite.Judging) { allCame(j, "the hook", sentinels(kind), forms(j.View, "hook", "call_id")) },
		}
	}
	return suite.Group{
		Name: "robustness/broken", Title: "Messages that are no events", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Lab},
		Do: doBroken,
		Requirements: []suite.Requirement{
			behind("RB-BAD-001", "A message that is no JSON object MUST NOT keep the event behind it from webhooks.", noJSON),
			behind("RB-BAD-002", "A message whose members have other types than an event's MUST NOT keep the event behind it from webhooks.", otherTypes),
			behind("RB-BAD-003", "A message that is too large or too deep MUST NOT keep the event behind it from webhooks.", excessive),
			behind("RB-BAD-004", "A message of another content type or with a broken encoding MUST NOT keep the event behind it from webhooks.", otherProperties),
			{
				ID: "RB-BAD-005", Text: "A message that is no event MUST NOT keep the event behind it from websockets.",
				Source: deadLetters, Ours: true, Needs: []string{suite.Sockets},
				Judge: func(j *suite.Judging) {
					all := sentinels(noJSON, otherTypes, excessive, otherProperties)
					allCame(j, "the socket", all, frames(j.View, "socket", "call_id"))
				},
			},
			{
				ID: "RB-BAD-006", Text: "A message that is no JSON object MUST NOT make a webhook fire.",
				Source: "webhooks.md 12; " + deadLetters, Ours: true,
				Judge: func(j *suite.Judging) {
					due := sentinels(noJSON, otherTypes, excessive, otherProperties)
					allCame(j, "the hook", due, forms(j.View, "hook", "call_id"))
					for _, e := range j.Requests("hook") {
						call := member(e, "call_id")
						if !slices.Contains(due, call) && (!strings.Contains(call, "poison") || call == "poison-half") {
							j.Fail("a request that no event asked for", e)
						}
					}
				},
			},
			{
				ID: "RB-BAD-007", Text: "A message that is larger than 1 MiB MUST NOT make a webhook fire.",
				Source: deadLetters, Ours: true,
				Judge: func(j *suite.Judging) {
					allCame(j, "the hook", sentinels(excessive), forms(j.View, "hook", "call_id"))
					for _, e := range j.Requests("hook") {
						if member(e, "call_id") == "poison-large" {
							j.Fail("the message that is too large was sent", e)
						}
					}
				},
			},
		},
	}
}

type poisonKind string

const (
	noJSON          poisonKind = "no-json"
	otherTypes      poisonKind = "other-types"
	excessive       poisonKind = "excessive"
	otherProperties poisonKind = "other-properties"
)

// poison is a message that is no event as it should be.
type poison struct {
	name    string
	kind    poisonKind
	message func(accountID string) amqp.Publishing
}

func poisons() []poison {
	bare := func(body string) func(string) amqp.Publishing {
		return func(string) amqp.Publishing {
			return amqp.Publishing{ContentType: "application/json", Body: []byte(body)}
		}
	}
	with := func(call string, more ...string) func(string) amqp.Publishing {
		return func(account string) amqp.Publishing {
			return amqp.Publishing{ContentType: "application/json", Body: messages.Call(event, call, account, more...)}
		}
	}
	as := func(call, contentType, encoding string) func(string) amqp.Publishing {
		return func(account string) amqp.Publishing {
			return amqp.Publishing{ContentType: contentType, ContentEncoding: encoding, Body: messages.Call(event, call, account)}
		}
	}
	return []poison{
		{"empty", noJSON, bare("")},
		{"text", noJSON, bare("hello")},
		{"half", noJSON, bare(`{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"poison-half"`)},
		{"list", noJSON, bare(`["Event-Category","call_event"]`)},
		{"number", noJSON, bare("42")},
		{"null", noJSON, bare("null")},
		{"bytes", noJSON, bare("\x00\xff\xfe\x80")},
		{"name-number", otherTypes, with("poison-name", `"Event-Name":7`)},
		{"category-list", otherTypes, with("poison-category", `"Event-Category":["call_event"]`)},
		{"call-object", otherTypes, with("poison-call", `"Call-ID":{"poison":"call"}`)},
		{"variables-list", otherTypes, with("poison-variables", `"Custom-Channel-Vars":["Account-ID"]`)},
		{"account-number", otherTypes, with("poison-account", `"Custom-Channel-Vars":{"Account-ID":12}`)},
		{"variables-null", otherTypes, with("poison-null", `"Custom-Channel-Vars":null`)},
		{"large", excessive, with("poison-large", `"Caller-ID-Name":"`+strings.Repeat("x", 2<<20)+`"`)},
		{"deep", excessive, with("poison-deep", `"Custom-SIP-Headers":`+strings.Repeat(`{"a":`, 20_000)+"1"+strings.Repeat("}", 20_000))},
		{"wide", excessive, with("poison-wide", `"Custom-SIP-Headers":{"x":"`+strings.Repeat("é%", 100_000)+`"}`)},
		{"html", otherProperties, as("poison-html", "text/html", "")},
		{"erlang", otherProperties, as("poison-erlang", "application/erlang", "")},
		{"no-gzip", otherProperties, as("poison-gzip", "application/json", "gzip")},
	}
}

// sentinel is the call whose event comes behind a poison.
func (p poison) sentinel() string { return "behind-" + p.name }

func sentinels(kinds ...poisonKind) []string {
	var names []string
	for _, p := range poisons() {
		if slices.Contains(kinds, p.kind) {
			names = append(names, p.sentinel())
		}
	}
	return names
}

func doBroken(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := hook(ctx, p, "hook", account); err != nil {
		return err
	}
	if p.Target.Has(suite.Sockets) {
		s, err := p.MustDial(ctx, "socket")
		if err != nil {
			return err
		}
		if err := s.Subscribe(ctx, account, binding); err != nil {
			return err
		}
	}
	for _, bad := range poisons() {
		if err := p.PublishAs(ctx, "poison "+bad.name, "callevt", messages.CallKey(event, "poison"), bad.message(account.ID)); err != nil {
			return err
		}
		if err := p.PublishAll(ctx, callsOf(account, []string{bad.sentinel()})); err != nil {
			return err
		}
	}
	all := sentinels(noJSON, otherTypes, excessive, otherProperties)
	awaitCalls(ctx, p, "hook", all)
	if p.Target.Has(suite.Sockets) {
		awaitFrames(ctx, p, "socket", all)
	}
	p.Settle(ctx)
	return nil
}

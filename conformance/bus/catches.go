package bus

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// catches is about which messages reach hooks: by exchange and key, and how their body travels.
func catches() suite.Group {
	fires := func(callID, why string) func(*suite.Judging) {
		return func(j *suite.Judging) { judgeCaught(j, callID, 1, why) }
	}
	passes := func(callID, why string) func(*suite.Judging) {
		return func(j *suite.Judging) { judgeCaught(j, callID, 0, why) }
	}
	return suite.Group{
		Name: "bus/catches", Title: "Which messages reach hooks", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doCatches,
		Requirements: []suite.Requirement{
			{
				ID: "AM-KEY-011", Text: "A call event whose key has the encoded Call-ID as its one last word MUST reach hooks, with the Call-ID as the message has it.",
				Source: "amqp.md 2; amqp.md 9.1; webhooks_channel_create:init/0", Judge: fires("a b.c@h", "an encoded key"),
			},
			{
				ID: "AM-KEY-012", Text: "A message with more words in its key than the binding call.CHANNEL_CREATE.* has MUST NOT reach hooks.",
				Source: "amqp.md 8; amqp.md 9.1; kapi_call:bind_q/2", Judge: passes("two.words", "a key with a word too many"),
			},
			{
				ID: "AM-KEY-013", Text: "A call event whose key names its Origination-Call-ID MUST reach hooks with the Call-ID of the message.",
				Source: "amqp.md 2; kapi_call:find_event_call_id/1", Judge: fires("own-id", "a key of another id"),
			},
			{
				ID: "AM-KEY-014", Text: "A call event on another exchange than callevt MUST NOT reach hooks.",
				Source: "amqp.md 1; amqp.md 9.1", Judge: passes("astray", "another exchange"),
			},
			{
				ID: "AM-KEY-016", Text: "Text messages MUST reach hooks for sms only when their key is sms.inbound.offnet and one word.",
				Source: "amqp.md 2; amqp.md 9.1; amqp.md 16; kapi_sms:bind_q/2", Judge: judgeTexts,
				Dialects: []string{suite.Talk, suite.Kazoo5},
			},
			{
				ID: "AM-KEY-017", Text: "A document's change MUST reach hooks for object whatever its routing key is.",
				Source: "amqp.md 9.1; webhooks_object:init/0", Judge: func(j *suite.Judging) {
					j.Count("requests for a change with a key of one word", 1, carrying(j.Requests("objects"), "odd-key"))
				},
			},
			{
				ID: "AM-MSG-011", Text: "A message whose content encoding is gzip MUST be unpacked.",
				Source: "amqp.md 3; gen_listener:handle_event/4", Judge: fires("packed", "a packed body"),
			},
			{
				ID: "AM-MSG-012", Text: "A message without a content type SHOULD be read as JSON.", Ours: true, Needs: []string{suite.Lab},
				Source: "amqp.md 3", Judge: fires("untyped", "no content type"),
			},
			{
				ID: "AM-MSG-013", Text: "A message whose body is no JSON SHOULD be dropped, and what follows it be handled as ever.", Ours: true, Needs: []string{suite.Lab},
				Source: "amqp.md 3", Judge: fires("last", "a broken message before it"),
			},
			{
				ID: "AM-MSG-014", Text: "A message with a timestamp of microseconds, as Kazoo sets it, MUST be handled like any other.",
				Source: "amqp.md 3; kz_amqp_util:basic_publish/5", Judge: fires("micros", "a timestamp of microseconds"),
			},
		},
	}
}

// carrying are the requests whose body has a word.
func carrying(requests []capture.Entry, word string) []capture.Entry {
	var with []capture.Entry
	for _, r := range requests {
		if bytes.Contains(r.Body, []byte(word)) {
			with = append(with, r)
		}
	}
	return with
}

// judgeCaught wants a number of requests for a call, at the receiver that also got the last one.
func judgeCaught(j *suite.Judging, callID string, times int, what string) {
	got := j.Requests("created")
	of := func(id string) []capture.Entry {
		return slices.DeleteFunc(slices.Clone(got), func(e capture.Entry) bool { return gjson.GetBytes(e.Body, "call_id").Str != id })
	}
	if len(of("last")) == 0 {
		j.Fail("the receiver created did not get the event that was published last")
	}
	j.Count("requests for "+what, times, of(callID))
}

func judgeTexts(j *suite.Judging) {
	got := j.Requests("texts")
	j.Count("requests for sms.inbound.offnet.one", 1, carrying(got, "text-one"))
	j.Count("requests for what came last", 1, carrying(got, "text-last"))
	for _, other := range []string{"text-onnet", "text-short", "text-long", "text-out"} {
		j.Count("requests for "+other, 0, carrying(got, other))
	}
}

func doCatches(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	form := map[string]any{"http_verb": "post", "format": "json"}
	hooks := map[string]string{"created": "channel_create", "objects": "object"}
	if p.Target.Dialect != suite.Kazoo4 {
		hooks["texts"] = "sms"
	}
	for name, event := range hooks {
		with := maps.Clone(form)
		if event == "object" {
			with["custom_data"] = map[string]any{"type": "user", "action": "doc_created"}
		}
		if _, err := p.Hook(ctx, name, account, event, with); err != nil {
			return err
		}
	}
	call := func(id string, more ...string) []byte {
		return messages.Call("CHANNEL_CREATE", id, account.ID, more...)
	}
	sent := []sending{
		{"encoded", "callevt", "call.CHANNEL_CREATE.a+b%2Ec%40h", amqp.Publishing{Body: call("a b.c@h")}},
		{"two words", "callevt", "call.CHANNEL_CREATE.two.words", amqp.Publishing{Body: call("two.words")}},
		{"of another id", "callevt", "call.CHANNEL_CREATE.origination", amqp.Publishing{Body: call("own-id", `"Origination-Call-ID":"origination"`)}},
		{"astray", "callmgr", "call.CHANNEL_CREATE.astray", amqp.Publishing{Body: call("astray")}},
		{"packed", "callevt", "call.CHANNEL_CREATE.packed", amqp.Publishing{Body: packed(call("packed")), ContentEncoding: "gzip"}},
		{"micros", "callevt", "call.CHANNEL_CREATE.micros", amqp.Publishing{Body: call("micros"), Timestamp: microseconds()}},
		{"change", "configuration", "one", amqp.Publishing{Body: change(account.ID)}},
	}
	if p.Target.Has(suite.Lab) { // which a Kazoo's listener does not stand
		sent = append(sent,
			sending{"untyped", "callevt", "call.CHANNEL_CREATE.untyped", amqp.Publishing{Body: call("untyped"), ContentType: "-"}},
			sending{"broken", "callevt", "call.CHANNEL_CREATE.broken", amqp.Publishing{Body: []byte(`{"Event-Category":"call_ev`)}},
		)
	}
	for _, word := range []string{"offnet.one", "onnet.onnet", "short", "offnet.long.long", "outbound:out", "offnet.last"} {
		k := "sms.inbound." + word
		if out, is := strings.CutPrefix(word, "outbound:"); is {
			k = "sms.outbound.offnet." + out
		}
		id := "text-" + word[strings.LastIndexAny(word, ".:")+1:]
		sent = append(sent, sending{id, "im", k, amqp.Publishing{Body: smsText(id, account.ID)}})
	}
	sent = append(sent, sending{"last", "callevt", "call.CHANNEL_CREATE.last", amqp.Publishing{Body: call("last")}})
	for _, s := range sent {
		switch s.message.ContentType {
		case "":
			s.message.ContentType = "application/json"
		case "-":
			s.message.ContentType = ""
		}
		if err := p.PublishAs(ctx, s.step, s.exchange, s.key, s.message); err != nil {
			return err
		}
	}
	p.AwaitRequests(ctx, "created", 5)
	p.AwaitRequests(ctx, "objects", 1)
	p.Settle(ctx)
	return nil
}

// sending is a message that the harness publishes.
type sending struct {
	step, exchange, key string
	message             amqp.Publishing
}

// microseconds is a time that stands on the wire as microseconds, where AMQP means seconds.
func microseconds() time.Time { return time.Unix(1710253474123456, 0) }

func packed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// change is a document's change as the data layer publishes it.
func change(accountID string) []byte {
	return fmt.Appendf(nil, `{"Origin-Cache":"kazoo_data_cache","Type":"user","Rev":"1-0a1b2c3d4e5f60718293a4b5c6d7e8f9","Is-Soft-Deleted":false,"Account-ID":%q,"Database":%q,"ID":"odd-key","Node":"kazoo_apps@certify.example.com","Msg-ID":"c1d2e3f405162738","Event-Name":"doc_created","Event-Category":"configuration","App-Version":"4.0.0","App-Name":"datamgr"}`,
		accountID, messages.Database(accountID))
}

// smsText is a text message.
func smsText(id, accountID string) []byte {
	return fmt.Appendf(nil, `{"Message-ID":%q,"Body":"running late","From":"+12125550199","To":"+14155550100","Route-Type":"offnet","Account-ID":%q,"Msg-ID":"0011223344556677","Event-Name":"inbound","Event-Category":"sms","App-Version":"1.0","App-Name":"im_inbound","Node":"kazoo_apps@certify.example.com"}`, id, accountID)
}

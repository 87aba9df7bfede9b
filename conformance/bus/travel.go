package bus

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// travel is about how every message travels that REST calls have the target publish.
func travel() suite.Group {
	broken := func(aspects ...string) func(*suite.Judging) {
		return func(j *suite.Judging) { judgeByBook(j, published(j), aspects...) }
	}
	return suite.Group{
		Name: "bus/messages", Title: "How messages travel", Needs: []string{suite.Accounts, suite.Bus},
		Do: doMessages,
		Requirements: []suite.Requirement{
			{
				ID: "AM-MSG-001", Text: "Every message MUST have the content type application/json.",
				Source: "amqp.md 3; kz_amqp_util:basic_publish/5",
				Judge: func(j *suite.Judging) {
					for _, e := range published(j) {
						got, _ := e.Value("content-type")
						j.Equal("content type of "+e.Head, "application/json", got, e)
					}
				},
			},
			{
				ID: "AM-MSG-002", Text: "The timestamp of a message MUST be the time in microseconds since 1970, of 16 digits.",
				Source: "amqp.md 3; kz_amqp_util:basic_publish/5", Judge: judgeTimestamps,
			},
			{
				ID: "AM-MSG-003", Text: "A message MUST have no further property and no header: no delivery mode, priority, correlation id, reply-to, expiration, message id, type, user or application id.",
				Source: "amqp.md 3; kz_amqp_util:basic_publish/5",
				Judge: func(j *suite.Judging) {
					for _, e := range published(j) {
						for _, f := range e.Header {
							if f.Name != "content-type" && f.Name != "timestamp" {
								j.Differs("properties of "+e.Head, []byte("content-type and timestamp"), []byte(f.Name+": "+f.Value), e)
							}
						}
					}
				},
			},
			{
				ID: "AM-MSG-004", Text: "Every message MUST have App-Name, App-Version, Event-Category, Event-Name, Msg-ID and Node as texts that are not empty, Node as name@host.",
				Source: "amqp.md 4.1; amqp.md 4.6; kz_api.hrl", Judge: broken("default-fields", "node"),
			},
			{
				ID: "AM-MSG-005", Text: "A message MUST have only members of its definition and all that it requires, of the types that the definition gives.",
				Source: "amqp.md 4.2; amqp.md 4.3; kz_api:build_message/3", Judge: broken("closed-fields", "required", "type", "kind"),
			},
			{
				ID: "AM-MSG-006", Text: "The members of a message MUST stand in the fixed order: optional ones backwards, required ones backwards, default ones, then Msg-ID, Event-Name, Event-Category, App-Version, App-Name.",
				Source: "amqp.md 4.2; kz_api:build_message/3",
				Judge: func(j *suite.Judging) {
					judgeByBook(j, published(j), "order")
					for _, e := range published(j) {
						j.Equal("last members of "+e.Head, "Msg-ID Event-Name Event-Category App-Version App-Name", lastMembers(e, 5), e)
					}
				},
			},
			{
				ID: "AM-MSG-007", Text: "A message MUST be compact JSON without members that are empty texts, without a member twice, and with / not escaped.",
				Source: "amqp.md 4.2; kz_json:encode/1", Judge: broken("compact", "empty", "repeated", "json"),
			},
			{
				ID: "AM-MSG-008", Text: "The Msg-ID of a document's change and of a command to a call MUST be 16 hexadecimal digits, another for each message.",
				Source: "amqp.md 4.4; kz_amqp_worker:send_request/4", Judge: judgeShortIDs,
			},
			{
				ID: "AM-MSG-009", Text: "The Msg-ID of the question for the channels of an account and of the one for its websockets MUST be the id of the REST request.",
				Source: "amqp.md 4.4; crossbar.md 6.1; cb_websockets:get_websockets/1", Judge: judgeRequestIDs,
			},
			{
				ID: "AM-MSG-010", Text: "The application that signs a message MUST be crossbar 4.0.0 for what REST asks and commands, and datamgr 4.0.0 for changes of documents.",
				Source: "amqp.md 11.2; crossbar.md 6.5; cb_channels:publish/2",
				Judge: func(j *suite.Judging) {
					for _, e := range published(j) {
						want := "crossbar 4.0.0"
						if strings.HasPrefix(text(e, "Event-Name"), "doc_") {
							want = "datamgr 4.0.0"
						}
						j.Equal("application of "+e.Head, want, text(e, "App-Name")+" "+text(e, "App-Version"), e)
					}
				},
			},
			{
				ID: "AM-EXCH-001", Text: "Exchanges MUST be there as Kazoo declares them: topic, targeted direct, not durable, not deleted by themselves.",
				Source: "amqp.md 1; kz_amqp_util:new_exchange/3",
				Judge: func(j *suite.Judging) {
					for _, name := range exchanges() {
						j.Equal("declaring the exchange "+name, "ok", j.Fact("exchange "+name))
					}
				},
			},
		},
	}
}

func exchanges() []string {
	return strings.Fields("callevt targeted configuration notifications metaflow sysconf callmgr conference presence faxes im")
}

// published are the messages that the target published in the group's account. None is a
// finding of its own.
func published(j *suite.Judging) []capture.Entry {
	account, call := j.Fact("account own"), j.Fact("call")
	own := j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && account != "" && e.Name != replies &&
			(bytes.Contains(e.Body, []byte(account)) || text(e, "Call-ID") == call)
	})
	seen := map[string]bool{}
	for _, e := range own {
		seen[text(e, "Event-Name")] = true
	}
	for name := range strings.FieldsSeq("doc_created doc_edited doc_deleted query_channels_req action flow get_req") {
		if !seen[name] {
			j.Failf("no message %s was seen", name)
		}
	}
	return own
}

// judgeByBook holds messages to some rules of the book over messages of the bus.
func judgeByBook(j *suite.Judging, seen []capture.Entry, aspects ...string) {
	book := judge.NewBook(judge.Produced)
	for _, e := range seen {
		for _, f := range book.Check(asMessage(e)) {
			_, aspect, _ := strings.Cut(f.Rule, ".")
			if slices.Contains(aspects, aspect) {
				j.Differs(e.Head+": "+f.Rule+": "+f.Field, []byte(f.Want), []byte(f.Saw), e)
			}
		}
	}
}

// asMessage is an entry as the book wants it.
func asMessage(e capture.Entry) judge.Message {
	exchange, key, _ := strings.Cut(e.Head, " ")
	m := judge.Message{Exchange: exchange, Key: key, Body: e.Body}
	m.ContentType, _ = e.Value("content-type")
	m.ContentEncoding, _ = e.Value("content-encoding")
	stamp, _ := e.Value("timestamp")
	m.TimestampMicros, _ = strconv.ParseInt(stamp, 10, 64)
	for _, f := range e.Header {
		if name, is := strings.CutPrefix(f.Name, "header "); is {
			if m.Headers == nil {
				m.Headers = map[string]any{}
			}
			m.Headers[name] = []byte(f.Value)
		}
	}
	return m
}

func lastMembers(e capture.Entry, n int) string {
	var names []string
	gjson.ParseBytes(e.Body).ForEach(func(name, _ gjson.Result) bool {
		names = append(names, name.Str)
		return true
	})
	return strings.Join(names[max(len(names)-n, 0):], " ")
}

func judgeTimestamps(j *suite.Judging) {
	for _, e := range published(j) {
		stamp, _ := e.Value("timestamp")
		at, err := strconv.ParseInt(stamp, 10, 64)
		// Of the target's clock nothing is known but that it is of this century.
		if err != nil || len(stamp) != 16 || at < 1_500_000_000_000_000 || at > 4_100_000_000_000_000 {
			j.Differs("timestamp of "+e.Head, []byte("16 digits"), []byte(stamp), e)
		}
	}
}

func judgeShortIDs(j *suite.Judging) {
	short := regexp.MustCompile(`^[0-9a-f]{16}$`)
	seen := map[string]bool{}
	for _, e := range published(j) {
		if name := text(e, "Event-Name"); !slices.Contains([]string{"doc_created", "doc_edited", "doc_deleted", "action", "flow"}, name) {
			continue
		}
		id := text(e, "Msg-ID")
		if !short.MatchString(id) || seen[id] {
			j.Differs("Msg-ID of "+e.Head, []byte("16 hexadecimal digits of its own"), []byte(id), e)
		}
		seen[id] = true
	}
}

func judgeRequestIDs(j *suite.Judging) {
	steps := map[string]string{"list websockets": "get_req"}
	if offers(j, suite.Switch) {
		steps["list channels"] = "query_account_channels_req"
	}
	for step, name := range steps {
		answer, ok := j.Answer(step)
		if !ok {
			j.Failf("the request %q has no answer", step)
			continue
		}
		id := gjson.GetBytes(answer.Body, "request_id").Str
		found := j.Where(func(e capture.Entry) bool {
			return e.Kind == capture.Delivered && text(e, "Event-Name") == name && text(e, "Account-ID") == j.Fact("account own")
		})
		if e, one := j.One("messages "+name, found); one {
			j.Equal("Msg-ID of "+name, id, text(e, "Msg-ID"), e, answer)
		}
	}
}

func doMessages(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	call := p.ID()
	p.Note("call", call)
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	for queue, where := range map[string][2]string{
		"account's": {"configuration", "*." + messages.Database(account.ID) + ".#"}, "hooks": {"configuration", "*.webhooks.#"},
		"sockets": {"sysconf", "websockets.#"},
	} {
		if _, err := p.Listen(ctx, queue, where[0], where[1]); err != nil {
			return err
		}
	}
	for _, name := range exchanges() {
		p.Declared(name)
	}
	menu, err := made(ctx, p, account, "make menu", "/menus", fields{"name": "messages"})
	if err != nil {
		return err
	}
	own := "/v2/accounts/" + account.ID
	for _, s := range []struct{ step, method, path, body string }{
		{"edit menu", http.MethodPatch, own + "/menus/" + menu, `{"data":{"name":"other/ñ"}}`},
		{"delete menu", http.MethodDelete, own + "/menus/" + menu, ""},
		{"make hook", http.MethodPut, own + "/webhooks", `{"data":{"name":"messages","uri":"` + hookAddress + `","hook":"parking"}}`},
		{"list websockets", http.MethodGet, own + "/websockets", ""},
		{"list channels", http.MethodGet, own + "/channels", ""},
	} {
		if _, err := p.REST(ctx, s.step, probe.Request{Method: s.method, Path: s.path, Token: account.Token, Body: s.body}); err != nil {
			return err
		}
	}
	for _, c := range []channelRequest{
		{"hang up", http.MethodPost, call, `{"data":{"action":"hangup"}}`},
		{"run metaflow", http.MethodPut, call, `{"action":"metaflow","data":{"module":"hangup","data":{}}}`},
	} {
		if err := p.Again(c.step, func() error { return command(ctx, p, account, c, channel(call, account.ID)) }); err != nil {
			return err
		}
	}
	p.Settle(ctx)
	return nil
}

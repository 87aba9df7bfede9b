package sockets

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// A file is a message on the bus, a line of dashes, and the frame that comes of it.
//
//go:embed golden/*.txt
var golden embed.FS

func messageAndFrame(name string) (message, frame string, err error) {
	text, err := golden.ReadFile("golden/" + name + ".txt")
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", probe.ErrHarness, err)
	}
	message, frame, found := strings.Cut(string(text), "\n----\n")
	if !found {
		return "", "", fmt.Errorf("%w: golden/%s.txt has no line of dashes", probe.ErrHarness, name)
	}
	return message, frame, nil
}

// framed wants the event of a file to be the frame of that file.
func framed(j *suite.Judging, name string) {
	_, frame, err := messageAndFrame(name)
	if err != nil {
		j.Fail(err.Error())
		return
	}
	got, found := j.One("events of "+name, probe.EventsOf(j.View, own, name))
	if found {
		j.EqualJSON("the frame of "+name, fill(j, frame), got.Body, got)
	}
}

// events is about the frames of events as a whole.
func events() suite.Group {
	return suite.Group{
		Name: "sockets/events", Title: "The frames of events", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doEvents,
		Requirements: []suite.Requirement{
			{
				ID: "WS-EVT-001", Text: "The event of a call MUST have the members action, subscribed_key, subscription_key, name, routing_key and data, and the message without its headers in data.",
				Source: "websockets.md 6; websockets.md 7.2; amqp.md 10.4; blackhole_data_emitter:event/4",
				Judge:  func(j *suite.Judging) { framed(j, "call") },
			},
			{
				ID: "WS-EVT-002", Text: "The event of a parked call MUST be framed as other call events are.", Source: "websockets.md 6; amqp.md 10.7",
				Judge: func(j *suite.Judging) { framed(j, "parked") },
			},
			{
				ID: "WS-EVT-003", Text: "The event of a document MUST have the key of the bus as its routing_key, and the names of the message in lower case with underscores.", Source: "websockets.md 6; websockets.md 7.3; amqp.md 11.2",
				Judge: func(j *suite.Judging) { framed(j, "document") },
			},
			{
				ID: "WS-EVT-004", Text: "The event of a fax MUST have the key of the bus as its routing_key and status for its name.", Source: "websockets.md 6; amqp.md 13.1",
				Judge: func(j *suite.Judging) { framed(j, "fax") },
			},
			{
				ID: "WS-EVT-005", Text: "The event of a conference MUST have the key of the bus as its routing_key and all of the message in data.", Source: "websockets.md 6; amqp.md 14.1",
				Judge: func(j *suite.Judging) { framed(j, "conference") },
			},
			{
				ID: "WS-EVT-006", Text: "The event of a voicemail box's lamp MUST have the key of the bus as its routing_key and mwi_update for its name.", Source: "websockets.md 6; websockets.md 5.5; amqp.md 15", Dialects: []string{suite.Talk, suite.Kazoo5},
				Judge: func(j *suite.Judging) {
					framed(j, "lamp")
				},
			},
			{
				ID: "WS-EVT-007", Text: "The event of a message without an Event-Name SHOULD have no name.", Source: "websockets.md 6",
				Judge: func(j *suite.Judging) {
					if got, ok := event(j, own, "nameless"); ok && got.Get("name").Exists() {
						j.Differs("name", nil, []byte(got.Get("name").Raw))
					}
				},
			},
			{
				ID: "WS-EVT-008", Text: "Two sockets that are subscribed to the same MUST get the event both, once each.", Source: "websockets.md 5.7; websockets.md 13",
				Judge: func(j *suite.Judging) {
					event(j, own, "call")
					event(j, "second", "call")
				},
			},
		},
	}
}

func doEvents(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	p.Note("realm", account.Realm)
	db := messages.Database(account.ID)
	subscriptions := []struct {
		binding string
		warm    message
	}{
		{"call.*.*", call("CHANNEL_CREATE", "warm", account.ID)}, {"object.doc_edited.device", change("doc_edited", db, "device", "warm", account.ID)},
		{"fax.status.*", fax(account.ID, "warm")}, {"conference.event.42ad.*", conferenceEvent("lock", account.ID, "42ad", "warm")},
		{"presence.mwi_updates.*", presence("mwi_updates", "mwi_update", account.Realm, "warm")},
	}
	if p.Target.Dialect == suite.Kazoo4 {
		subscriptions = subscriptions[:4]
	}
	for _, want := range subscriptions {
		if err := tuned(ctx, p, s, account, want.binding, want.warm); err != nil {
			return err
		}
	}
	if _, err := listening(ctx, p, "second", account, "call.*.*", call("CHANNEL_CREATE", "warm", account.ID)); err != nil {
		return err
	}
	into := strings.NewReplacer("{own}", account.ID, "{db own}", db, "{domain}", account.Realm)
	files := []struct{ name, exchange, key string }{
		{"call", "callevt", "call.CHANNEL_CREATE.7d1f"}, {"parked", "callevt", "call.PARK_PARKED.7d1f"}, {"document", "configuration", "doc_edited." + db + ".device.5e1f"},
		{"fax", "faxes", "fax.status." + account.ID + ".202403-3513"}, {"conference", "conference", "conference.event.add-member." + account.ID + ".42ad.at6d"},
		{"lamp", "presence", "mwi_updates." + realmWord(account.Realm) + ".1001"},
	}
	for _, f := range files {
		text, _, err := messageAndFrame(f.name)
		if err != nil {
			return err
		}
		if err := p.Publish(ctx, f.name, f.exchange, f.key, []byte(into.Replace(text))); err != nil {
			return err
		}
	}
	nameless := []byte(`{"ID":"d1","Type":"device","Database":"` + db + `","Event-Category":"configuration","Msg-ID":"nameless"}`)
	if err := p.Publish(ctx, "nameless", "configuration", "doc_edited."+db+".device.d1", nameless); err != nil {
		return err
	}
	for _, name := range []string{"call", "parked", "document", "fax", "conference", "nameless"} {
		p.AwaitEvent(ctx, own, name)
	}
	if p.Target.Dialect != suite.Kazoo4 {
		p.AwaitEvent(ctx, own, "lamp")
	}
	p.AwaitEvent(ctx, "second", "call")
	p.Settle(ctx)
	return nil
}

// normalising is about the names and values of a message.
func normalising() suite.Group {
	return suite.Group{
		Name: "sockets/normalising", Title: "Names and values in events", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doNormalising,
		Requirements: []suite.Requirement{
			{
				ID: "WS-NORM-001", Text: "In the names of a message A to Z MUST become a to z and - become _, at every depth, in lists too.", Source: "websockets.md 6.1; kz_json:normalize_jobj/1",
				Judge: func(j *suite.Judging) { normal(j, "names") },
			},
			{
				ID: "WS-NORM-002", Text: "Other signs of names MUST stay as they are.", Source: "websockets.md 6.1; kz_json:normalize_jobj/1",
				Judge: func(j *suite.Judging) { normal(j, "signs") },
			},
			{
				ID: "WS-NORM-003", Text: "Members that are null MUST be left out of each object, and elements of lists that are null stay.", Source: "websockets.md 6.1; kz_json:normalize_jobj/1",
				Judge: func(j *suite.Judging) { normal(j, "nulls") },
			},
			{
				ID: "WS-NORM-004", Text: "Empty texts, objects and lists, false and 0 MUST stay.", Source: "websockets.md 6.1",
				Judge: func(j *suite.Judging) { normal(j, "empty") },
			},
			{
				ID: "WS-NORM-005", Text: "Values MUST come as they are: texts with their case and signs, numbers with their digits, and texts that look like other types as texts.", Source: "websockets.md 6.1",
				Judge: func(j *suite.Judging) { normal(j, "values") },
			},
			{
				ID: "WS-NORM-006", Text: "Of members whose names become the same, the last MUST count.", Source: "websockets.md 6.1; kz_json:normalize_jobj/1",
				Judge: func(j *suite.Judging) { normal(j, "same") },
			},
			{
				ID: "WS-NORM-007", Text: "The fourteen headers of the bus that are nobody's business MUST be left out.", Source: "websockets.md 6.1; amqp.md 4.5; kz_api:public_fields/1",
				Judge: func(j *suite.Judging) {
					if got, ok := event(j, own, "headers"); ok {
						for _, name := range headers() {
							if key := strings.ReplaceAll(strings.ToLower(name), "-", "_"); got.Get("data." + key).Exists() {
								j.Differs("data."+key, nil, []byte(got.Get("data."+key).Raw), probe.EventsOf(j.View, own, "headers")...)
							}
						}
					}
				},
			},
			{
				ID: "WS-NORM-008", Text: "Account-ID, Call-ID, App-Name, App-Version, Event-Category, Event-Name and Msg-ID MUST be kept.", Source: "websockets.md 6.1; amqp.md 4.5; kz_api:public_fields/1",
				Judge: func(j *suite.Judging) {
					for path, expected := range map[string]string{
						"account_id": "top", "call_id": "c-headers", "app_name": "ecallmgr", "app_version": "4.0.0", "event_category": "call_event", "event_name": "CHANNEL_CREATE", "msg_id": "headers",
					} {
						member(j, own, "headers", "data."+path, expected)
					}
				},
			},
			{
				ID: "WS-NORM-009", Text: "Members of the headers' names below the top MUST be kept.", Source: "websockets.md 6.1; kz_api:public_fields/1",
				Judge: func(j *suite.Judging) { normal(j, "below") },
			},
			{
				ID: "WS-NORM-010", Text: "Names with letters beyond ASCII MUST come unchanged, where Kazoo cannot send the event at all.", Source: "websockets.md 6.1; design.md 3", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { normal(j, "letters") },
			},
		},
	}
}

func headers() []string {
	return strings.Fields("Access-Group Defer-Response Destination-Server Geo-Location System-Log-ID Node Server-Queue-ID Raw-Headers Server-ID Request-From-PID Reply-To-PID AMQP-Broker AMQP-Broker-Zone Deliver-To-PID")
}

// values are what a message has in Sample, and what the event has in data.sample.
func values() []struct{ name, in, out string } {
	return []struct{ name, in, out string }{
		{
			"names", `{"X-AUTH-IP":"a","From-Uri":{"Is-Soft-Deleted":true},"A-B-c":[[{"D-E":{"F":1}}],{"G-":2}],"-":3,"--":4,"already_so":5}`,
			`{"x_auth_ip":"a","from_uri":{"is_soft_deleted":true},"a_b_c":[[{"d_e":{"f":1}}],{"g_":2}],"_":3,"__":4,"already_so":5}`,
		},
		{"signs", `{"K[0]":1,"a.b":2,"C D":3,"E:F/G+H":4,"日本":5,"@Z":6}`, `{"k[0]":1,"a.b":2,"c d":3,"e:f/g+h":4,"日本":5,"@z":6}`},
		{"nulls", `{"A":null,"B":{"C":null},"D":[null,{"E":null,"F":1}],"G":[[null]],"H":"null"}`, `{"b":{},"d":[null,{"f":1}],"g":[[null]],"h":"null"}`},
		{"empty", `{"A":"","B":{},"C":[],"D":false,"E":0,"F":[{}],"G":" "}`, `{"a":"","b":{},"c":[],"d":false,"e":0,"f":[{}],"g":" "}`},
		{
			"values", `{"A":"CHANNEL-Create","B":"false","C":63877472674,"D":1.25,"E":-7,"F":"J \"q\" é/\\ \u0041","G":["X-Y",true],"H":"<&>","I":"undefined"}`,
			`{"a":"CHANNEL-Create","b":"false","c":63877472674,"d":1.25,"e":-7,"f":"J \"q\" é/\\ A","g":["X-Y",true],"h":"<&>","i":"undefined"}`,
		},
		{"same", `{"A-B":1,"A_B":2,"a-b":3,"a_b":4,"C":{"x":1},"c":{"Y":2},"Call-ID":"a","call_id":"b"}`, `{"a_b":4,"c":{"y":2},"call_id":"b"}`},
		{"below", `{"Node":"a","Server-ID":"b","System-Log-ID":{"Node":"c"},"List":[{"AMQP-Broker":"d"}]}`, `{"node":"a","server_id":"b","system_log_id":{"node":"c"},"list":[{"amqp_broker":"d"}]}`},
		{"letters", `{"Ñandú":1,"Ω-A":{"ß":2}}`, `{"Ñandú":1,"Ω_a":{"ß":2}}`},
	}
}

func normal(j *suite.Judging, name string) {
	got, ok := event(j, own, name)
	for _, v := range values() {
		if ok && v.name == name {
			j.EqualJSON("data.sample of "+name, v.out, []byte(got.Get("data.sample").Raw), probe.EventsOf(j.View, own, name)...)
		}
	}
}

func doNormalising(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "call.CHANNEL_CREATE.*", call("CHANNEL_CREATE", "warm", account.ID)); err != nil {
		return err
	}
	for _, v := range values() {
		if v.name == "letters" && !p.Target.Has(suite.Lab) {
			continue // the handler of a Kazoo crashes of it
		}
		if err := publish(ctx, p, v.name, call("CHANNEL_CREATE", "c1", account.ID, `"Sample":`+v.in)); err != nil {
			return err
		}
	}
	more := []string{`"Account-ID":"top"`}
	for _, name := range headers() {
		more = append(more, quoted(name)+`:"secret"`)
	}
	if err := publish(ctx, p, "headers", call("CHANNEL_CREATE", "c-headers", account.ID, more...)); err != nil {
		return err
	}
	p.Await(ctx, "all events", p.Target.Patience.Delivery, func(v capture.View) bool {
		for _, one := range values() {
			if len(probe.EventsOf(v, own, one.name)) == 0 && (one.name != "letters" || p.Target.Has(suite.Lab)) {
				return false
			}
		}
		return len(probe.EventsOf(v, own, "headers")) > 0
	})
	return nil
}

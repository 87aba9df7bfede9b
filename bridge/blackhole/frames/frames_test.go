package frames_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

const account = "a1b2c3d4e5f60718293a4b5c6d7e8f90"

func read(t testing.TB, body, key string) frames.Event {
	t.Helper()
	e, err := frames.Reader{}.Read([]byte(body), key)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return e
}

// data is that of an event's frame.
func data(t testing.TB, e frames.Event) string {
	t.Helper()
	frame, err := jobj.ParseObject(e.Frame("s", "k", ""))
	if err != nil {
		t.Fatalf("%s: %v", e.Frame("s", "k", ""), err)
	}
	return string(jobj.Append(nil, frame.Object("data")))
}

func TestFrameOfACall(t *testing.T) {
	g := NewWithT(t)
	e := read(t, `{"Custom-Channel-Vars":{"Account-ID":"`+account+`","Owner-ID":null},"Call-ID":"7d1f@203.0.113.20","Timestamp":63877472674,`+
		`"Caller-ID-Name":"J \"q\" \u00e9\/","Media-Names":[],"Node":"n@h","Server-ID":"","System-Log-ID":"l","Msg-ID":"m1",`+
		`"Event-Name":"CHANNEL_CREATE","Event-Category":"call_event"}`, "call.CHANNEL_CREATE.7d1f%40203%2E0%2E113%2E20")
	g.Expect(e.Category).To(Equal("call_event"))
	g.Expect(e.Name).To(Equal("CHANNEL_CREATE"))
	g.Expect(e.AccountID).To(Equal(account))
	g.Expect(e.CallID).To(Equal("7d1f@203.0.113.20"))
	g.Expect(e.Dialled).To(BeEmpty())

	of := e.OfCall(e.AccountID)
	g.Expect(of.Key).To(Equal("call." + account + ".CHANNEL_CREATE.7d1f%40203%2E0%2E113%2E20"))
	want := `{"action":"event","subscribed_key":"call.CHANNEL_CREATE.*","subscription_key":"call.` + account + `.CHANNEL_CREATE.*",` +
		`"name":"CHANNEL_CREATE","routing_key":"call.` + account + `.CHANNEL_CREATE.7d1f%40203%2E0%2E113%2E20",` +
		`"data":{"custom_channel_vars":{"account_id":"` + account + `"},"call_id":"7d1f@203.0.113.20","timestamp":63877472674,` +
		`"caller_id_name":"J \"q\" é/","media_names":[],"msg_id":"m1","event_name":"CHANNEL_CREATE","event_category":"call_event"}}`
	g.Expect(string(of.Frame("call.CHANNEL_CREATE.*", "call."+account+".CHANNEL_CREATE.*", ""))).To(Equal(want))
	g.Expect(string(of.Frame("call.CHANNEL_CREATE.*", "call."+account+".CHANNEL_CREATE.*", `i"1`))).To(Equal(strings.TrimSuffix(want, "}") + `,"id":"i\"1"}`))
}

func TestACallWithoutAccount(t *testing.T) {
	const head, tail = `{"Event-Category":"call_event","Event-Name":"`, `","Call-ID":"c","Request":"+14155550100@h","To":"x@h"`
	for _, c := range []struct{ vars, want string }{
		{``, `,"custom_channel_vars":{"account_id":"a"}`},
		{`,"Custom-Channel-Vars":{}`, `,"custom_channel_vars":{"account_id":"a"}`},
		{`,"Custom-Channel-Vars":{"X-Y":1},"Z":{}`, `,"custom_channel_vars":{"x_y":1,"account_id":"a"},"z":{}`},
		{`,"Custom-Channel-Vars":[],"Z":1`, `,"custom_channel_vars":{"account_id":"a"},"z":1`},
		{`,"Custom-Channel-Vars":null,"Z":1`, `,"z":1,"custom_channel_vars":{"account_id":"a"}`},
		{`,"Custom-Channel-Vars":1,"custom-channel-vars":{"b":1},"Z":1`, `,"custom_channel_vars":{"b":1,"account_id":"a"},"z":1`},
	} {
		g := NewWithT(t)
		e := read(t, head+"CHANNEL_CREATE"+tail+c.vars+`}`, "call.CHANNEL_CREATE.c")
		g.Expect(e.AccountID).To(BeEmpty())
		g.Expect(e.Dialled).To(Equal("+14155550100"))
		before := data(t, e)
		of := e.OfCall("a")
		g.Expect(of.AccountID).To(Equal("a"))
		g.Expect(data(t, of)).To(HaveSuffix(`"to":"x@h"` + c.want + `}`))
		g.Expect(data(t, e)).To(Equal(before), "the event that was read stays as it is")

		// Nobody's: all others than these two are for who has all accounts.
		g.Expect(e.OfCall("").Key).To(Equal("call.undefined.CHANNEL_CREATE.c"))
		g.Expect(data(t, e.OfCall(""))).To(Equal(before))
		g.Expect(read(t, head+"CHANNEL_ANSWER"+tail+c.vars+`}`, "").Dialled).To(BeEmpty())
	}
	g := NewWithT(t)
	g.Expect(read(t, head+`CHANNEL_DESTROY","To":"1001@h"}`, "").Dialled).To(Equal("1001"))
	g.Expect(string(read(t, `{}`, "").OfCall("a").Frame("", "", ""))).To(HaveSuffix(`"data":{"custom_channel_vars":{"account_id":"a"}}}`))
}

func TestWhoseAnEventIs(t *testing.T) {
	const db = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
	for _, c := range []struct{ body, key, account, want string }{
		{`{"Event-Category":"configuration","Database":"` + db + `-202611","Account-ID":"x"}`, "doc_edited." + db + ".a.b", account, "doc_edited." + db + ".a.b"},
		{`{"Event-Category":"configuration","Database":"accounts","Account-ID":"x"}`, "k", "x", "k"},
		{`{"Event-Category":"fax","Account-ID":"x"}`, "fax.status.x.j", "x", "fax.status.x.j"},
		{`{"Event-Category":"conference","Custom-Channel-Vars":{"Account-ID":"x"}}`, "k", "x", "k"},
		{`{"Event-Category":"conference"}`, "conference.command.c", "", "conference.command.c"},
		{`{"Event-Category":"call_event","Account-ID":"top"}`, "k", "", "k"},
		{`{"Event-Category":"notification","Account-ID":"x"}`, "notifications.voicemail.new", "x", "notifications.x.voicemail.new"},
		{`{"Event-Category":"notification"}`, "notifications.system.alert", "", "notifications.undefined.system.alert"},
		{`{"Event-Category":"notification","Details":{"Custom-Channel-Vars":{"Account-ID":"x"}}}`, "notifications.system.alert", "x", "notifications.x.system.alert"},
		{`{"Event-Category":"notification","account_id":5,"Account-ID":"x"}`, "notifications.a.b", "", "notifications.undefined.a.b"},
	} {
		g := NewWithT(t)
		e := read(t, c.body, c.key)
		g.Expect(e.AccountID).To(Equal(c.account), c.body)
		g.Expect(e.Key).To(Equal(c.want), c.body)
	}
}

func TestWhatThePublicSees(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:    `{}`,
		` { } `: `{}`,
		`{"Access-Group":1,"Defer-Response":1,"Destination-Server":1,"Geo-Location":1,"System-Log-ID":1,"Node":1,"Server-Queue-ID":1,` +
			`"Raw-Headers":{"A":[1]},"Server-ID":1,"Request-From-PID":1,"Reply-To-PID":1,"AMQP-Broker":1,"AMQP-Broker-Zone":1,"Deliver-To-PID":1}`: `{}`,
		`{"A":{"Node":1},"App-Name":"a","Account-ID":"x","Node":"n"}`: `{"a":{"node":1},"app_name":"a","account_id":"x"}`,
		`{"A":null,"B":[null,{"C":null}],"D":{"E":null},"F":null}`:    `{"b":[null,{}],"d":{}}`,
		`{"A":1,"a":2,"B":3}`:                                  `{"a":2,"b":3}`,
		`{"A":{"x":1},"b":2,"a":{"Y":{"z":1,"Z":[2,3]}}}`:      `{"a":{"y":{"z":[2,3]}},"b":2}`,
		`{"A":1,"a":null}`:                                     `{"a":1}`,
		"{\"X\\u0059-\\u000a\\n\\\"Z\":\"\\ud83d\\ude00\\b\"}": "{\"xy_\\n\\n\\\"z\":\"😀\\b\"}",
		`{"\u001F-U":1}`:                                       `{"\u001F_u":1}`,
		`{"n":[1.50,1e6,-0,-0.0,12345678901234567890,1E400]}`:  `{"n":[1.5,1000000.0,0,0.0,12345678901234567890,1E400]}`,
		`{"ÑAnd-Ú":"É"}`:                                       `{"Ñand_Ú":"É"}`,
		`{"t":true,"f":false,"e":"","o":{},"l":[]}`:            `{"t":true,"f":false,"e":"","o":{},"l":[]}`,
	} {
		g := NewWithT(t)
		frame := string(read(t, in, "k").Frame("s", "k", ""))
		g.Expect(frame).To(Equal(`{"action":"event","subscribed_key":"s","subscription_key":"k","routing_key":"k","data":` + want + `}`))
	}
}

func TestNames(t *testing.T) {
	for body, want := range map[string]string{
		`{"Event-Name":"a\u0062"}`:          `"name":"ab",`,
		`{"Event-Name":""}`:                 `"name":"",`,
		`{"Event-Name":7}`:                  `"name":7,`,
		`{"Event-Name":null}`:               `"k","routing_key"`,
		`{"event-name":"x"}`:                `"k","routing_key"`,
		`{"Event-Name":"a","Event-Name":1}`: `"name":"a",`,
	} {
		g := NewWithT(t)
		g.Expect(string(read(t, body, "r").Frame("s", "k", ""))).To(ContainSubstring(want), body)
	}
}

func TestCorrectedReading(t *testing.T) {
	g := NewWithT(t)
	const body = `{"Event-Category":"configuration","Event-Name":"doc_edited","Date-Created":2,"Date-Modified":1,"N":1.50,"Doc":{"Date-Created":5}}`
	kept, err := frames.Reader{Compat: fidelity.Kazoo}.Read([]byte(body), "doc_edited.d.t.i")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(data(t, kept)).To(ContainSubstring(`"date_created":2,"date_modified":1,"n":1.5,"doc":{"date_created":5}`))
	right, err := frames.Reader{Compat: fidelity.Corrected}.Read([]byte(body), "doc_edited.d.t.i")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(data(t, right)).To(ContainSubstring(`"date_modified":2,"date_created":1,"n":1.50,"doc":{"date_created":5}`))
}

func TestWhatIsNoEvent(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 33) + strings.Repeat(`]}`, 33)
	for body, want := range map[string]error{
		``: frames.ErrNotJSON, `[]`: frames.ErrNotJSON, `null`: frames.ErrNotJSON, `{`: frames.ErrNotJSON, `{"a"}`: frames.ErrNotJSON,
		`{"a":1,}`: frames.ErrNotJSON, `{,}`: frames.ErrNotJSON, `{"a":[1,]}`: frames.ErrNotJSON, `{"a":01}`: frames.ErrNotJSON,
		`{"a":1.}`: frames.ErrNotJSON, `{"a":-}`: frames.ErrNotJSON, `{"a":1e}`: frames.ErrNotJSON, `{"a":nul}`: frames.ErrNotJSON,
		"{\"a\":\"\n\"}": frames.ErrNotJSON, `{"a":"\x"}`: frames.ErrNotJSON, `{"a":"\u12"}`: frames.ErrNotJSON, `{"a":"\`: frames.ErrNotJSON,
		`{} x`: frames.ErrNotJSON, `{"a":1 "b":2}`: frames.ErrNotJSON, "{\"a\":1\x00}": frames.ErrNotJSON, `{a:1}`: frames.ErrNotJSON,
		"{\"\xff\":1}": frames.ErrNotText, `{"a":"\ud83d"}`: frames.ErrNotText, `{"\ude00":1}`: frames.ErrNotText, `{"Node":"\ud83dx"}`: frames.ErrNotText,
		deep: frames.ErrTooDeep,
	} {
		g := NewWithT(t)
		_, err := frames.Reader{}.Read([]byte(body), "k")
		g.Expect(err).To(MatchError(want), body)
	}
}

func TestManyKeysThatComeAgain(t *testing.T) {
	g := NewWithT(t)
	var body, want strings.Builder
	for round := range 3 {
		for i := range 500 {
			value := strings.Repeat("v", round+1)
			body.WriteString(`,"K-` + strings.Repeat("k", i) + `":"` + value + `"`)
			if round == 2 {
				want.WriteString(`,"k_` + strings.Repeat("k", i) + `":"` + value + `"`)
			}
		}
	}
	g.Expect(data(t, read(t, "{"+body.String()[1:]+"}", "k"))).To(Equal("{" + want.String()[1:] + "}"))
}

// FuzzRead: no body breaks the reader; it takes what the hooks take, and makes of it
// what normalising member by member makes.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		channelCreate, `{}`, `{"A":{"x":1},"b":2,"a":{"Y":{"z":1,"Z":[2,3]}}}`, `{"Node":"\ud83d\ude00","\u0041":[null,{"B":null}]}`,
		`{"n":[1.50,1e6,-0,-0.0,1E400]}`, `{"Custom-Channel-Vars":[],"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE"}`,
		`{"Event-Category":"notification","details":{"account_id":"x"}}`, `{"a":"\u`, "{\"\xff\":1}", `{"A":1,"A":{},"a":[]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		e, err := frames.Reader{Compat: fidelity.Corrected}.Read([]byte(body), "call.x.y")
		if refused := payload.Check([]byte(body)); (refused == nil) != (err == nil) {
			t.Fatalf("%q: %v, but %v", body, err, refused)
		}
		if err != nil {
			return
		}
		for _, event := range []frames.Event{e, e.OfCall("acc"), e.OfCall("")} {
			if frame := event.Frame("s", "k", "i"); !json.Valid(frame) || !utf8.Valid(frame) {
				t.Fatalf("%q became %q", body, frame)
			}
		}
		rules := payload.Rules{Dialect: fidelity.V50, Compat: fidelity.Corrected}
		want := compact(t, rules.Normalise(payload.Parse(string(public(t, body)))).JSON(fidelity.Corrected))
		if got := data(t, e); got != want {
			t.Fatalf("%q\n got %s\nwant %s", body, got, want)
		}
	})
}

// public is the message without internal headers.
func public(t testing.TB, body string) []byte {
	t.Helper()
	obj, err := jobj.ParseObject([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return jobj.Append(nil, obj.Delete(internal()...))
}

func internal() []string {
	return strings.Fields(`Access-Group Defer-Response Destination-Server Geo-Location System-Log-ID Node Server-Queue-ID
		Raw-Headers Server-ID Request-From-PID Reply-To-PID AMQP-Broker AMQP-Broker-Zone Deliver-To-PID`)
}

// compact takes the blanks out of a JSON text.
func compact(t testing.TB, text []byte) string {
	t.Helper()
	value, err := jobj.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(jobj.Append(nil, value))
}

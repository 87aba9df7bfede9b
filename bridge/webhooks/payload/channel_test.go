package payload_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

const answeredCall = `{"Event-Category":"call_event","Event-Name":"CHANNEL_ANSWER","Call-ID":"c1@192.0.2.7","Call-Direction":"inbound",` +
	`"Caller-ID-Name":"Ann & Co","Caller-ID-Number":"+12125550199","Channel-Is-Loopback":false,"Timestamp":63877472675,"To":"1002@acme.example.com",` +
	`"Custom-Channel-Vars":{"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90","Owner-ID":"9c0a","Bridge-ID":"c1"},` +
	`"Msg-ID":"5d0c8e7f6a5b4c3d","App-Name":"ecallmgr","App-Version":"4.0.0"}`

// recorded are the rules of the recorded answers.
func recorded() *payload.Reader {
	return payload.NewReader(payload.Rules{Dialect: fidelity.V50, Compat: fidelity.Kazoo, Reserved: payload.DefaultReservedVars()})
}

func example() payload.Payload {
	owner := payload.Owner{AccountID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", ResellerID: "f0e1d2c3b4a5968778695a4b3c2d1e0f"}
	event, _ := recorded().Read([]byte(answeredCall))
	return event.Payload(owner).
		Merge(fidelity.Kazoo, payload.Parse(`{"crm":"7","tier":"gold"}`), "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0")
}

func TestAnAnsweredCallAsFormText(t *testing.T) {
	const want = "account_id=a1b2c3d4e5f60718293a4b5c6d7e8f90&call_direction=inbound&call_id=c1%40192.0.2.7&caller_id_name=Ann+%26+Co" +
		"&caller_id_number=%2B12125550199&custom_channel_vars[Bridge-ID]=c1&emergency_resource_used=false&local_resource_used=true" +
		"&is_internal_leg=false&owner_id=9c0a&reseller_id=f0e1d2c3b4a5968778695a4b3c2d1e0f&timestamp=63877472675&to=1002%40acme.example.com" +
		"&hook_event=channel_answer&tier=gold&crm=7&cluster_id=6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0"
	if got := string(example().Form(fidelity.Kazoo)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestAnAnsweredCallAsJSON(t *testing.T) {
	const want = `{
  "account_id" : "a1b2c3d4e5f60718293a4b5c6d7e8f90",
  "call_direction" : "inbound",
  "call_id" : "c1@192.0.2.7",
  "caller_id_name" : "Ann & Co",
  "caller_id_number" : "+12125550199",
  "custom_channel_vars" : {
    "Bridge-ID" : "c1"
  },
  "emergency_resource_used" : false,
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "owner_id" : "9c0a",
  "reseller_id" : "f0e1d2c3b4a5968778695a4b3c2d1e0f",
  "timestamp" : 63877472675,
  "to" : "1002@acme.example.com",
  "hook_event" : "channel_answer",
  "tier" : "gold",
  "crm" : "7",
  "cluster_id" : "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0"
}`
	if got := string(example().JSON(fidelity.Kazoo)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestMergeLaysCustomDataOver(t *testing.T) {
	cases := []struct{ name, payload, custom, want string }{
		{"new keys in reverse order", `{"a":1,"b":2}`, `{"x":1,"b":2,"y":3}`, `a=1&b=2&y=3&x=1&cluster_id=c`},
		{"removed and set again", `{"a":1,"b":2}`, `{"a":3,"a":null}`, `b=2&a=3&cluster_id=c`},
		{"null removes a key", `{"a":1,"b":2}`, `{"a":null,"z":null}`, `b=2&cluster_id=c`},
		{"replaced whole, not merged", `{"a":{"b":1}}`, `{"a":{"c":2}}`, `a[c]=2&cluster_id=c`},
		{"cluster_id cannot be overwritten", `{"a":1}`, `{"cluster_id":"mine","z":1}`, `a=1&z=1&cluster_id=c`},
		{"none", `{"a":1}`, `{}`, `a=1&cluster_id=c`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := payload.Parse(c.payload)
			if got := string(p.Merge(fidelity.Kazoo, payload.Parse(c.custom), "c").Form(fidelity.Kazoo)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got, want := string(p.Form(fidelity.Kazoo)), string(payload.Parse(c.payload).Form(fidelity.Kazoo)); got != want {
				t.Errorf("the event's own payload changed to %s", got)
			}
		})
	}
}

func TestModifiers(t *testing.T) {
	const event = `{"s":"x","n":63871234567,"f":1.0,"b":true,"o":{"p":1,"q":2},"l":[1]}`
	cases := []struct {
		modifiers string
		passes    bool
	}{
		{`{}`, true},
		{`{"absent":"anything"}`, true},
		{`{"s":"x"}`, true},
		{`{"s":"y"}`, false},
		{`{"s":[]}`, true},
		{`{"s":["y","x"]}`, true},
		{`{"s":["y"]}`, false},
		{`{"n":63871234567}`, true},
		{`{"n":"63871234567"}`, false},
		{`{"f":1.0}`, true},
		{`{"f":1}`, false},
		{`{"b":"true"}`, false},
		{`{"o":{"p":1,"q":2}}`, true},
		{`{"o":{"q":2,"p":1}}`, false},
		{`{"l":[[1]]}`, true},
		{`{"l":[1]}`, false},
		{`{"s":"x","n":1}`, false},
	}
	for _, c := range cases {
		if _, got := payload.Parse(event).Passes(payload.Parse(c.modifiers)); got != c.passes {
			t.Errorf("%s: got %v, want %v", c.modifiers, got, c.passes)
		}
	}
}

func TestCheckRefusesWhatCannotBeAnEvent(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)
	cases := []struct {
		name, body string
		want       error
	}{
		{"an object", `{"a":"é😀\u0000\ud83d\ude00"}`, nil},
		{"empty", ``, payload.ErrNotJSON},
		{"a list", `[1]`, payload.ErrNotJSON},
		{"cut off", `{"a":`, payload.ErrNotJSON},
		{"two values", `{} {}`, payload.ErrNotJSON},
		{"not UTF-8", "{\"a\":\"\xff\"}", payload.ErrNotText},
		{"a high surrogate alone", `{"a":"\ud83d"}`, payload.ErrNotText},
		{"a high surrogate before text", `{"a":"\ud83dx"}`, payload.ErrNotText},
		{"a high surrogate before another escape", `{"a":"\ud83d\n"}`, payload.ErrNotText},
		{"a low surrogate alone", `{"a":"\udE00"}`, payload.ErrNotText},
		{"two high surrogates", `{"a":"\ud83d\ud83d"}`, payload.ErrNotText},
		{"an escaped backslash is no escape", `{"a":"\\ud83d"}`, nil},
		{"deep", deep, payload.ErrTooDeep},
		{"deep and cut off", strings.Repeat("[", 1<<20), payload.ErrTooDeep},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := payload.Check([]byte(c.body)); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// BenchmarkChannel is what it costs to make form text of an event, as a switch sends
// it for a call from outside.
func BenchmarkChannel(b *testing.B) {
	body, err := os.ReadFile("testdata/channel_create.json")
	if err != nil {
		b.Fatal(err)
	}
	reader := recorded()
	b.ReportAllocs()
	for b.Loop() {
		event, err := reader.Read(body)
		if err != nil {
			b.Fatal(err)
		}
		base := payload.NewBase(func() payload.Payload {
			return event.Payload(payload.Owner{AccountID: event.AccountID})
		}, fidelity.Kazoo, "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0")
		_ = base.Text(false, nil)
	}
}

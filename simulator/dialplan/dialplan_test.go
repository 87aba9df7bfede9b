package dialplan_test

import (
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

func sender() dialplan.Sender {
	n := 0
	return dialplan.Sender{CallID: "c", ReplyTo: "q", Node: "n@h", MsgID: func() string { n++; return "id-" + strconv.Itoa(n) }}
}

// Each command ends in the same keys; these stand for them in the table.
const tail = `,"Server-ID":"q","Node":"n@h","Msg-ID":"id-%","Event-Name":"command","Event-Category":"call","App-Version":"1.0.0","App-Name":"kapps_call"}`

func TestCommandsHaveTheKeysOfKazooInItsOrder(t *testing.T) {
	s := sender
	first := func(o jobj.Object, _ string) jobj.Object { return o }
	end := func(id string) string {
		return `,"Call-ID":"c","Application-Name":"` + id
	}
	with := func(name string, n int) string {
		out := end(name) + `"` + tail
		return out[:len(out)-len(tail)] + replaced(tail, n)
	}
	for _, c := range []struct {
		name string
		got  jobj.Object
		want string
	}{
		{"answer", s().Answer(), `{` + with("answer", 1)[1:]},
		{"hangup", s().Hangup(), `{"Insert-At":"now"` + with("hangup", 1)},
		{"hangup, queued", s().QueuedHangup(), `{` + with("hangup", 1)[1:]},
		{"park", s().Park(), `{"Insert-At":"now"` + with("park", 1)},
		{"flush", first(s().Flush()), `{"Insert-At":"flush"` + with("noop", 1)},
		{
			"say", first(s().Queue(dialplan.TTS{Text: "x", Terminators: []string{"#"}, Voice: "male", Language: "en-us", Engine: "flite"}.Part("c"))),
			`{"Commands":[{"Application-Name":"noop","Call-ID":"c","Msg-ID":"id-1"},{"Application-Name":"tts","Text":"x","Terminators":["#"],` +
				`"Voice":"male","Language":"en-us","Engine":"flite","Call-ID":"c"}]` + with("queue", 2),
		},
		{
			"play", first(s().Queue(dialplan.Play{Media: "m"}.Part("c"))),
			`{"Commands":[{"Application-Name":"noop","Call-ID":"c","Msg-ID":"id-1"},{"Application-Name":"play","Media-Name":"m","Terminators":[],` +
				`"Call-ID":"c","Endless-Playback":false}]` + with("queue", 2),
		},
		{
			"refuse", first(s().Respond("486", "busy", "", false)),
			`{"Commands":[{"Application-Name":"noop","Msg-ID":"id-1","Call-ID":"c"},{"Application-Name":"respond","Msg-ID":"id-1","Response-Code":"486",` +
				`"Response-Message":"busy","Call-ID":"c"}],"Call-ID":"c","Application-Name":"queue","Node":"n@h","Msg-ID":"id-2","Event-Name":"command",` +
				`"Event-Category":"call","App-Version":"0.1.0","App-Name":"call_response"}`,
		},
		{
			"refuse with a prompt", first(s().Respond("503", "rejected", "m", true)),
			`{"Commands":[{"Application-Name":"noop","Msg-ID":"id-1","Call-ID":"c"},{"Application-Name":"respond","Response-Code":"503",` +
				`"Response-Message":"rejected","Msg-ID":"id-1","Call-ID":"c"},{"Application-Name":"play","Media-Name":"m","Msg-ID":"id-1","Call-ID":"c"},` +
				`{"Application-Name":"progress","Msg-ID":"id-1","Call-ID":"c"}],"Call-ID":"c","Application-Name":"queue","Node":"n@h","Msg-ID":"id-2",` +
				`"Event-Name":"command","Event-Category":"call","App-Version":"0.1.0","App-Name":"call_response"}`,
		},
		{
			"refuse with a prompt of nothing", first(s().Respond("486", "busy", "", true)),
			`{"Commands":[{"Application-Name":"noop","Msg-ID":"id-1","Call-ID":"c"},{"Application-Name":"respond","Response-Code":"486",` +
				`"Response-Message":"busy","Msg-ID":"id-1","Call-ID":"c"},{"Application-Name":"play","Media-Name":"","Msg-ID":"id-1","Call-ID":"c"},` +
				`{"Application-Name":"progress","Msg-ID":"id-1","Call-ID":"c"}],"Call-ID":"c","Application-Name":"queue","Node":"n@h","Msg-ID":"id-2",` +
				`"Event-Name":"command","Event-Category":"call","App-Version":"0.1.0","App-Name":"call_response"}`,
		},
		{
			"tones", s().Tones(dialplan.Tone{Frequencies: []string{"440"}, On: "500", Off: "100"}),
			`{"Tones":[{"Frequencies":["440"],"Duration-ON":"500","Duration-OFF":"100"}]` + with("tones", 1),
		},
		{
			"record", s().Record(dialplan.Record{Media: "m", LimitSeconds: 60, SilenceHits: 5}),
			`{"Time-Limit":60,"Terminators":[],"Silence-Threshold":200,"Silence-Hits":5,"Media-Name":"m"` + with("record", 1),
		},
		{
			"store", s().Store("m", "http://h/m", "put"),
			`{"Suppress-Error-Report":false,"Insert-At":"now","Additional-Headers":[{}],"Media-Transfer-Method":"put",` +
				`"Media-Transfer-Destination":"http://h/m","Media-Name":"m"` + with("store", 1),
		},
		{
			"record_call", s().RecordCall("start", "m", 14400000),
			`{"Time-Limit":"14400000","Media-Name":"m","Insert-At":"now","Record-Action":"start"` + with("record_call", 1),
		},
		{
			"set", s().Set(jobj.Object{{Key: "a", Value: "b"}}, nil),
			`{"Insert-At":"now","Export-All":false,"Custom-Channel-Vars":{"a":"b"},"Custom-Call-Vars":{}` + with("set", 1),
		},
		{
			"status", s().StatusRequest("kapps_call_command"),
			`{"Call-ID":"c","Server-ID":"q","Node":"n@h","System-Log-ID":"c","Msg-ID":"id-1","Event-Name":"channel_status_req",` +
				`"Event-Category":"call_event","App-Version":"4.0.0","App-Name":"kapps_call_command"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			NewWithT(t).Expect(string(jobj.Append(nil, c.got))).To(Equal(c.want))
		})
	}
}

func replaced(text string, n int) string {
	out := ""
	for _, r := range text {
		if r == '%' {
			out += strconv.Itoa(n)
			continue
		}
		out += string(r)
	}
	return out
}

func TestACallSpeaksUnderTheNameThatItBrings(t *testing.T) {
	g := NewWithT(t)
	s := sender()
	s.AppName, s.AppVersion = "callflow", "4.3"
	got := s.Hangup()
	g.Expect(got.String("App-Name")).To(Equal("callflow"))
	g.Expect(got.String("App-Version")).To(Equal("4.3"))
	got = s.Bridge(dialplan.Bridge{Timeout: 20, Method: "single", IgnoreEarlyMedia: true, Endpoints: []jobj.Object{{{Key: "Route", Value: "sip:a@b"}}}})
	g.Expect(string(jobj.Append(nil, got))).To(Equal(`{"Timeout":20,"Ignore-Early-Media":"true","Dial-Endpoint-Method":"single",` +
		`"Endpoints":[{"Route":"sip:a@b"}],"Call-ID":"c","Application-Name":"bridge","Server-ID":"q","Node":"n@h","Msg-ID":"id-2",` +
		`"Event-Name":"command","Event-Category":"call","App-Version":"4.0.0","App-Name":"translator"}`))
}

func TestANumberIsAskedForOverTheResources(t *testing.T) {
	got := sender().Offnet(dialplan.Offnet{
		Timeout: int64(30), CallerNumber: "1001", Media: "bypass", ForceOutbound: true, ControlQueue: "ctl", AccountRealm: "r", AccountID: "a", To: "911",
	})
	NewWithT(t).Expect(string(jobj.Append(nil, got))).To(Equal(`{"Timeout":30,"Outbound-Caller-ID-Number":"1001","Media":"bypass","Force-Outbound":true,` +
		`"Control-Queue":"ctl","Call-ID":"c","Account-Realm":"r","Account-ID":"a","To-DID":"911","Resource-Type":"audio","Application-Name":"bridge",` +
		`"Server-ID":"q","Node":"n@h","Msg-ID":"id-1","Event-Name":"offnet_req","Event-Category":"resource","App-Version":"4.0.0","App-Name":"translator"}`))
}

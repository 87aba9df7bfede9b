package callflow_test

import (
	"crypto/md5"
	"encoding/hex"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

func TestVariablesAndCallerIDs(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		flow         string
		name, number string
		says         string
	}{
		"set_cid":           {then(node("set_cid", `"caller_id_name":"X","caller_id_number":"1"`), ask), "X", "1", ""},
		"set_cid: a half":   {then(node("set_cid", `"caller_id_name":"X","caller_id_number":""`), ask), "X", "+12125550199", ""},
		"prepend_cid":       {then(node("prepend_cid", `"caller_id_name_prefix":"A ","caller_id_number_prefix":"0"`), ask), "A PAT EXAMPLE", "0+12125550199", ""},
		"prepend_cid twice": {then(node("prepend_cid", `"caller_id_name_prefix":"A "`), then(node("prepend_cid", `"caller_id_name_prefix":"B "`), ask)), "B A PAT EXAMPLE", "+12125550199", ""},
		"prepend_cid to the original": {
			then(node("prepend_cid", `"caller_id_name_prefix":"A "`), then(node("prepend_cid", `"caller_id_name_prefix":"B ","apply_to":"original"`), ask)),
			"B PAT EXAMPLE", "+12125550199", "",
		},
		"prepend_cid taken away": {then(node("prepend_cid", `"caller_id_name_prefix":"A "`), then(node("prepend_cid", `"action":"reset"`), ask)), "PAT EXAMPLE", "+12125550199", ""},
		"set_variables":          {then(node("set_variables", `"custom_application_vars":{"a":"1"}`), ask), "PAT EXAMPLE", "+12125550199", `set now {"a":"1"}`},
		"set_variable":           {then(node("set_variable", `"variable":"call_priority","value":"1"`), ask), "PAT EXAMPLE", "+12125550199", `set now {"Call-Priority":"1"}`},
		"set_variable: another":  {then(node("set_variable", `"variable":"Account-ID","value":"1"`), ask), "PAT EXAMPLE", "+12125550199", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.calls(c.flow)
			r.run(nil)
			i := 0
			if c.says != "" {
				r.Expect(r.said[0]).To(Equal(c.says))
				i = 1
			}
			call := r.whole[i].Object("Call")
			r.Expect(call.String("Caller-ID-Name") + " " + call.String("Caller-ID-Number")).To(Equal(c.name + " " + c.number))
		})
	}
}

func TestAVariableOfBothLegsIsOneOfTheCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(node("set_variable", `"variable":"call_priority","value":"1","channel":"both"`))
	r.run(nil)
	r.Expect(r.whole[0].String("Custom-Call-Vars", "Call-Priority")).To(Equal("1"))
	r.Expect(r.whole[0].Object("Custom-Channel-Vars")).To(BeEmpty())
}

func TestAFlowFiresAWebhookOfItsOwnAndGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("webhook", `"uri":"http://hooks/x","http_verb":"get","retries":2,"custom_data":{"k":"v"}`), bye))
	r.run(nil)
	r.Expect(r.said).To(Equal([]string{"webhook", "answer", "queue[noop, tts Bye]", "hangup now"}))
	told := r.whole[0]
	r.Expect(told.String("Event-Category")).To(Equal("notification"))
	r.Expect(string(jobj.Append(nil, told.Object("Hook").Delete("_id")))).To(MatchJSON(`{"uri":"http://hooks/x","hook":"notifications","http_verb":"get",
		"retries":2,"pvt_account_id":"` + account + `","custom_data":{"k":"v"}}`))
	r.Expect(told.String("Hook", "_id")).To(MatchRegexp(`^6\d{10}$`))
	data := told.Object("Data")
	r.Expect(data.String("call_id")).To(Equal("call-1@203.0.113.20"))
	r.Expect(data.String("caller_id_number")).To(Equal("+12125550199"))
	for _, hidden := range []string{"key_value_store", "control_queue", "controller_queue", "custom_channel_vars"} {
		r.Expect(data.Has(hidden)).To(BeFalse(), hidden)
	}
}

func TestManualPresence(t *testing.T) {
	t.Parallel()
	for data, is := range map[string]string{
		`"presence_id":"lamp","status":"busy"`:    "update lamp@" + realm + " confirmed",
		`"presence_id":"lamp@x"`:                  "update lamp@x terminated",
		`"presence_id":"lamp","status":"ringing"`: "update lamp@" + realm + " early",
	} {
		r := newRig(t, nil)
		r.calls(node("manual_presence", data))
		r.run(nil)
		r.Expect(r.said).To(Equal([]string{is, "hangup now"}))
	}
}

func TestConferences(t *testing.T) {
	t.Parallel()
	sum := md5.Sum([]byte(account + "_sales"))
	id := hex.EncodeToString(sum[:])
	welcome := "queue[noop, play prompt://" + account + "/conf-welcome/en-us]\n"
	hang := func(r *rig) map[time.Duration]func() { return map[time.Duration]func(){at(60): r.hangUp} }
	const goes = "conference waits, the call was hung up: NORMAL_CLEARING"
	playAll(t, []played{
		{
			what: "by name, of the account alone", flow: then(node("conference", `"config":{"name":"sales"}`), bye), script: hang,
			says: "answer\n" + welcome + "discovery_req " + id, hears: "play prompt://" + account + "/conf-welcome/en-us", goes: goes,
		},
		{
			what: "without a welcome", flow: node("conference", `"config":{"name":"sales"},"welcome_prompt":{"play":false}`), script: hang,
			says: "answer\ndiscovery_req " + id, goes: goes,
		},
		{what: "a stored one", flow: node("conference", `"id":"conference"`), script: hang, says: "answer\ndiscovery_req conference", goes: goes},
	})
}

func TestRecording(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("record_caller", `"url":"http://store/","format":"wav"`), bye))
	r.run(map[time.Duration]func(){
		at(1): func() { r.board.Speak(r.caller, at(7)) },
		at(6): r.press("#"),
	})
	r.Expect(r.said).To(HaveLen(6))
	r.Expect(r.said[2]).To(MatchRegexp(`^store now http://store/call_recording_[0-9a-f]{32}\.wav$`))
	r.Expect(r.trail()).To(MatchRegexp(`^record_caller>_` + goesBye + `$`))
	for _, s := range r.steps {
		if s.What == callflow.Went {
			r.Expect(s.Why).To(MatchRegexp(`^recorded [45]\d\d\d ms$`))
		}
	}
}

func TestRecordingNowhereIsPassedOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("record_caller", ""), bye))
	r.run(nil)
	r.Expect(r.said).To(Equal([]string{"answer", "queue[noop, tts Bye]", "hangup now"}))
}

func TestACallIsRecordedBesideTheFlow(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("answer", ""), then(node("record_call", `"action":"start","url":"http://store","media_name":"m.mp3","time_limit":20000`),
		then(node("sleep", `"duration":5`), then(node("record_call", `"action":"stop"`), bye)))))
	r.run(nil)
	r.Expect(r.said).To(Equal([]string{
		"answer", "record_call now start", "record_call now stop", "answer", "queue[noop, tts Bye]", "store now http://store/m.mp3", "hangup now",
	}))
	r.Expect(r.whole[1].String("Time-Limit")).To(Equal("10800"))
}

func TestACallerLeavesAMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("voicemail", `"id":"box"`), bye))
	r.run(map[time.Duration]func(){at(8): func() { r.board.Speak(r.caller, at(4)) }})
	r.Expect(r.left).To(HaveLen(1))
	r.Expect(r.left[0].BoxID).To(Equal("box"))
	r.Expect(r.left[0].Length).To(BeNumerically(">", 500))
	r.Expect(r.said).To(Equal([]string{
		"answer", "queue[noop, play prompt://" + account + "/vm-record_message/en-us, play prompt://" + account + "/vm-not_available_no_voicemail/en-us]",
		"tones", "record", "answer", "queue[noop, tts Bye]", "hangup now",
	}))
}

func TestVoicemailThatIsNotThereIsPassedOn(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`"id":"none"`, `"id":"box","action":"check"`} {
		r := newRig(t, nil)
		r.calls(then(node("voicemail", data), bye))
		r.run(nil)
		r.Expect(r.trail()).To(Equal("voicemail>_" + goesBye))
	}
}

func TestACallThatIsRoutedAnewIsLetGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("sleep", `"duration":60`), bye))
	r.run(map[time.Duration]func(){at(3): func() { r.Expect(r.caller.Route("another", "")).To(Succeed()) }, at(90): r.hangUp})
	r.Expect(r.trail()).To(Equal("the call was routed anew"))
	r.Expect(r.said).To(BeEmpty())
	r.Expect(r.engine.Leads("call-1@203.0.113.20")).To(BeFalse())
}

func TestStepsSayWhereANodeStands(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("noop", ""), then(node("noop", ""), node("hangup", ""))))
	r.run(nil)
	var paths []string
	for _, s := range r.steps {
		if s.What == callflow.Entered {
			r.Expect(s.FlowID).To(Equal("flow-1"))
			paths = append(paths, s.Path)
		}
	}
	r.Expect(paths).To(Equal([]string{"", "/_", "/_/_"}))
}

package callflow_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

const (
	processing = `{"Event-Category":"pivot","Event-Name":"processing"}`
	failed     = `{"Event-Category":"pivot","Event-Name":"failed"}`
)

// pivoted is the event that brings a flow.
func pivoted(flow string) string {
	return `{"Event-Category":"call_event","Event-Name":"CHANNEL_PIVOT","Application-Data":` + string(jobj.AppendString(nil, flow)) + `}`
}

func TestPivot(t *testing.T) {
	t.Parallel()
	tells := func(script map[float64]string) func(r *rig) map[time.Duration]func() {
		return func(r *rig) map[time.Duration]func() {
			all := map[time.Duration]func(){at(300): r.hangUp}
			for after, text := range script {
				all[at(after)] = r.tells(text)
			}
			return all
		}
	}
	const asks, ended = "pivot_req http://app/v", "the call was hung up: ORIGINATOR_CANCEL"
	playAll(t, []played{
		{
			what: "processing: the flow waits", flow: then(ask, bye), script: tells(map[float64]string{2: processing}),
			says: asks, goes: "pivot waits, " + ended,
		},
		{
			what: "failed: child _", flow: then(ask, bye), script: tells(map[float64]string{2: failed}),
			says: asks + "\n" + saysBye, hears: hearsBye, goes: "pivot>_" + goesBye,
		},
		{
			what: "failed, and no child: hangup", flow: ask, script: tells(map[float64]string{2: failed}),
			says: asks + "\nhangup now", goes: "the Pivot application failed; there is no child to go to",
		},
		{
			what: "silence for 10 s: child _", flow: then(ask, bye),
			says: asks + "\n" + saysBye, hears: hearsBye, goes: "pivot>_" + goesBye,
		},
		{
			what: "what is told after processing reaches nobody", flow: then(ask, bye), script: tells(map[float64]string{2: processing, 3: failed, 40: failed}),
			says: asks, goes: "pivot waits, " + ended,
		},
		{
			what: "JSON: the flow is replaced", flow: then(ask, node("hangup", "")), script: tells(map[float64]string{2: processing, 2.1: pivoted(bye)}),
			says: asks + "\nnoop flush\n" + saysBye, hears: hearsBye, goes: "pivot waits, replaced" + goesBye,
		},
		{
			what: "late: the flow that has moved on is replaced", flow: then(ask, node("sleep", `"duration":60`)), script: tells(map[float64]string{20: pivoted(bye)}),
			says: asks + "\nnoop flush\n" + saysBye, hears: hearsBye, goes: "pivot>_, replaced" + goesBye,
		},
		{
			what: "what was pushed is run after it", flow: then(node("callflow", `"id":"asks"`), node("hangup", "")),
			script: func(r *rig) map[time.Duration]func() {
				r.docs["callflows/asks"] = r.parse(`{"flow":` + ask + `}`)
				return map[time.Duration]func(){at(2): r.tells(pivoted(bye))}
			},
			says: lines(asks, "noop flush", "answer", "queue[noop, tts Bye]", "hangup", "hangup now"), hears: hearsBye,
			goes: "callflow=>asks, replaced, back, hangup",
		},
		{
			what: "a flow that cannot be read is none", flow: then(ask, bye), script: tells(map[float64]string{2: processing, 3: pivoted("[1,")}),
			says: asks, goes: "pivot waits, " + ended,
		},
		{
			what: "no voice_url: child _", flow: then(node("pivot", ""), bye),
			says: saysBye, hears: hearsBye, goes: "pivot>_" + goesBye,
		},
	})
}

func TestALateFlowIsRefusedWhereQuirksAreCorrected(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *callflow.Config) { c.Compat = fidelity.Corrected })
	r.calls(then(ask, node("sleep", `"duration":60`)))
	r.run(map[time.Duration]func(){at(20): r.tells(pivoted(bye)), at(80): r.hangUp})
	var refused bool
	for _, s := range r.steps {
		r.Expect(s.What).NotTo(Equal(callflow.Replaced))
		refused = refused || s.What == callflow.Refused
	}
	r.Expect(refused).To(BeTrue())
}

func TestAnyEventOfTheCallHasPivotWaitAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("answer", ""), then(ask, bye)))
	r.run(map[time.Duration]func(){at(6): r.press("1"), at(12): r.press("2")})
	var asked, went time.Time
	for _, s := range r.steps {
		switch {
		case s.Module == "pivot" && s.What == callflow.Entered:
			asked = s.At
		case s.Module == "pivot" && s.What == callflow.Went:
			went = s.At
		}
	}
	r.Expect(went.Sub(asked)).To(BeNumerically("~", 22*time.Second, time.Second))
}

func TestThePivotRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("set_variables", `"custom_application_vars":{"tier":"gold"}`), then(node("collect_dtmf", `"collection_name":"menu"`),
		node("pivot", `"voice_url":"http://app/v","method":"POST","req_format":"kazoo","req_timeout_ms":1500,"cdr_url":"http://app/cdr","debug":true`))))
	r.run(map[time.Duration]func(){at(2): r.press("1"), at(60): r.hangUp})
	request := r.whole[len(r.whole)-1]
	if request.String("Event-Name") != "pivot_req" {
		request = r.whole[len(r.whole)-2]
	}
	call := request.Object("Call")
	var names []string
	for _, m := range request {
		names = append(names, m.Key)
	}
	r.Expect(names).To(Equal([]string{
		"Call", "Voice-URI", "CDR-URI", "Debug", "HTTP-Method", "Request-Body-Format", "Request-Format", "Request-Timeout",
		"Server-ID", "Node", "Msg-ID", "Event-Name", "Event-Category", "App-Version", "App-Name",
	}))
	r.Expect(string(jobj.Append(nil, request.Delete("Call", "Msg-ID")))).To(MatchJSON(`{"Voice-URI":"http://app/v","CDR-URI":"http://app/cdr","Debug":true,
		"HTTP-Method":"post","Request-Body-Format":"form","Request-Format":"kazoo","Request-Timeout":1500,"Server-ID":"callflow-test",
		"Node":"kazoo_apps@test","Event-Name":"pivot_req","Event-Category":"dialplan","App-Version":"4.0.0","App-Name":"callflow"}`))
	for name, is := range map[string]string{
		"Account-ID": account, "Account-DB": "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90", "Call-ID": "call-1@203.0.113.20",
		"Control-Queue": "kazoolab-switch", "Controller-Queue": "callflow-test", "Caller-ID-Name": "PAT EXAMPLE", "Caller-ID-Number": "+12125550199",
		"From-User": "+12125550199", "Request-User": "+14155550100", "To-User": "+14155550100", "Call-Direction": "inbound", "Language": "en-us",
		"Resource-Type": "audio",
	} {
		r.Expect(call.String(name)).To(Equal(is), name)
	}
	r.Expect(string(jobj.Append(nil, call.Object("Key-Value-Store")))).To(Equal(`{"cf_flow_id":"flow-1","dtmf_collections":{"menu":"1"}}`))
	r.Expect(call.String("Custom-Application-Vars", "tier")).To(Equal("gold"))
	r.Expect(call.String("Custom-Channel-Vars", "Account-ID")).To(Equal(account))
	r.Expect(call.String("Fetch-ID")).NotTo(BeEmpty())
}

func TestMethodsThatTheReferenceDiesOfArePost(t *testing.T) {
	t.Parallel()
	for method, is := range map[string]string{
		``: "get", `"method":"get"`: "get", `"method":"GET"`: "get", `"method":"post"`: "post", `"method":"put"`: "post", `"method":"gett"`: "post",
		`"method":7`: "post", `"method":""`: "post", `"method":true`: "post",
	} {
		r := newRig(t, nil)
		if method != "" {
			method = "," + method
		}
		r.calls(node("pivot", `"voice_url":"http://app/v"`+method))
		r.run(nil)
		r.Expect(r.whole[0].String("HTTP-Method")).To(Equal(is), method)
	}
}

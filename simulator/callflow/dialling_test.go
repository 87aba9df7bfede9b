package callflow_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

func TestDialling(t *testing.T) {
	t.Parallel()
	answered := func(who string) map[string]time.Duration { return map[string]time.Duration{who: at(3)} }
	ends := func(after float64) func(r *rig) map[time.Duration]func() {
		return func(r *rig) map[time.Duration]func() {
			return map[time.Duration]func(){at(after): func() { r.board.Hangup(r.caller.Peer(), "", nil) }}
		}
	}
	const over = "the bridge is over: NORMAL_CLEARING"
	playAll(t, []played{
		{
			what: "a device that answers", flow: then(node("device", `"id":"`+desk+`","timeout":30`), bye), answers: answered("1001"), script: ends(20),
			says: "bridge user_1001 30 s simultaneous\nhangup now", goes: over,
		},
		{
			what: "a device that does not", flow: then(node("device", `"id":"`+desk+`","timeout":7`), bye),
			says: "bridge user_1001 7 s simultaneous\n" + saysBye, hears: hearsBye, goes: "device>_" + goesBye,
		},
		{
			what:    "a device that is busy, by its cause",
			flow:    `{"module":"device","data":{"id":"` + desk + `"},"children":{"USER_BUSY":` + bye + `,"_":{"module":"hangup","data":{}}}}`,
			refuses: map[string]time.Duration{"1001": at(1)},
			says:    "bridge user_1001 20 s simultaneous\n" + saysBye, hears: hearsBye, goes: "device>USER_BUSY" + goesBye,
		},
		{
			what: "nobody, and no child", flow: node("device", `"id":"`+desk+`","timeout":7`),
			says: "bridge user_1001 7 s simultaneous\nhangup now", goes: "nobody answers: NO_ANSWER; there is no child to go to",
		},
		{what: "no such device", flow: then(node("device", `"id":"none"`), bye), says: saysBye, hears: hearsBye, goes: "device>_" + goesBye},
		{what: "one that is disabled", flow: then(node("device", `"id":"off"`), bye), says: saysBye, hears: hearsBye, goes: "device>_" + goesBye},
		{
			what: "a user", flow: node("user", `"id":"`+ann+`","timeout":25`), answers: answered("1002"), script: ends(20),
			says: "bridge user_1001 user_1002 25 s simultaneous\nhangup now", goes: over,
		},
		{what: "a user without telephones", flow: then(node("user", `"id":"nobody"`), bye), says: saysBye, hears: hearsBye, goes: "user>_" + goesBye},
		{
			what: "the caller hangs up while it rings", flow: then(node("user", `"id":"`+ann+`"`), bye),
			script: func(r *rig) map[time.Duration]func() { return map[time.Duration]func(){at(5): r.hangUp} },
			says:   "bridge user_1001 user_1002 20 s simultaneous", goes: "the call was hung up: ORIGINATOR_CANCEL",
		},
		{
			what: "a ring group", flow: node("ring_group", `"strategy":"single","endpoints":[{"id":"`+boss+`","endpoint_type":"device"},
				{"id":"`+ann+`","endpoint_type":"user"},{"id":"none","endpoint_type":"device"}]`), answers: answered("1003"), script: ends(20),
			says: "bridge user_1003 user_1001 user_1002 20 s single\nhangup now", goes: over,
		},
		{
			what: "a ring group, twice", flow: then(node("ring_group", `"timeout":5,"repeats":2,"endpoints":[{"id":"`+boss+`","endpoint_type":"device"}]`), bye),
			says: "bridge user_1003 5 s simultaneous\nbridge user_1003 5 s simultaneous\n" + saysBye, hears: hearsBye, goes: "ring_group>_" + goesBye,
		},
		{
			what: "a ring group of a group", flow: node("ring_group", `"endpoints":[{"id":"sales","endpoint_type":"group"}]`), answers: answered("1003"), script: ends(20),
			says: "bridge user_1003 user_1001 user_1002 20 s simultaneous\nhangup now", goes: over,
		},
		{
			what: "a group", flow: node("group", `"id":"sales"`), answers: answered("1003"), script: ends(20),
			says: "bridge user_1003 user_1001 user_1002 20 s simultaneous\nhangup now", goes: over,
		},
		{
			what: "another caller id", flow: then(node("set_cid", `"caller_id_number":"+12125550100"`), node("device", `"id":"`+desk+`"`)),
			answers: answered("1001"), script: ends(20),
			says: "bridge user_1001 20 s simultaneous\nhangup now", goes: "set_cid>_, " + over,
		},
		{
			what: "transfer of a call that is nobody's", flow: then(node("transfer", `"target":"1003"`), bye),
			says: "transfer 1003\n" + saysBye, hears: hearsBye, goes: "transfer>_" + goesBye,
		},
	})
}

func TestATelephoneIsRungForWhoeverTheCallerShows(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("prepend_cid", `"caller_id_name_prefix":"VIP "`), node("device", `"id":"`+desk+`","custom_sip_headers":{"X-Tier":"1"}`)))
	r.run(nil)
	value, _ := r.whole[0].Get("Endpoints")
	r.Expect(string(jobj.Append(nil, value))).To(MatchJSON(`[{"Invite-Format":"username","Endpoint-Type":"sip","Endpoint-ID":"` + desk + `",
		"Endpoint-Timeout":20,"Endpoint-Delay":0,"To-User":"user_1001","To-Username":"user_1001","To-Realm":"` + realm + `","To-DID":"+14155550100",
		"Presence-ID":"user_1001@` + realm + `","Outbound-Caller-ID-Name":"VIP PAT EXAMPLE","Outbound-Caller-ID-Number":"+12125550199",
		"Outbound-Callee-ID-Name":"Ann's desk","Outbound-Callee-ID-Number":"+14155550100","Custom-SIP-Headers":{"X-Tier":"1"},
		"Custom-Channel-Vars":{"Account-ID":"` + account + `","Authorizing-ID":"` + desk + `","Authorizing-Type":"device","Owner-ID":"` + ann + `"}}]`))
	r.Expect(r.whole[0].String("App-Name")).To(Equal("callflow"))
}

func TestADeviceOfAnAnswerRingsForTheSchemasTimeout(t *testing.T) {
	t.Parallel()
	for compat, seconds := range map[fidelity.Compat]string{fidelity.Kazoo: "0", fidelity.Corrected: "20"} {
		r := newRig(t, func(c *callflow.Config) { c.Compat = compat })
		r.calls(node("device", `"id":"`+desk+`","timeout":0`))
		r.run(nil)
		r.Expect(r.said[0]).To(Equal("bridge user_1001 "+seconds+" s simultaneous"), string(compat))
	}
}

func TestResources(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		data, children string
		answers        bool
		says           []string
		goes           string
		field, is      string // of the request
	}{
		"the number that was dialled": {
			`"timeout":5`, `"_":` + bye, false,
			[]string{"offnet_req +14155550100", "answer", "queue[noop, tts Bye]", "hangup now"}, "resources>_" + goesBye, "Hunt-Account-ID", account,
		},
		"by its cause": {
			`"to_did":"2125550111","timeout":5`, `"NO_ANSWER":` + bye, false,
			[]string{"offnet_req +12125550111", "answer", "queue[noop, tts Bye]", "hangup now"}, "resources>NO_ANSWER" + goesBye, "To-DID", "+12125550111",
		},
		"as it is": {
			`"to_did":"12125550111","do_not_normalize":true,"use_local_resources":false,"timeout":5`, `"_":` + bye, false,
			[]string{"offnet_req 12125550111", "answer", "queue[noop, tts Bye]", "hangup now"}, "resources>_" + goesBye, "Control-Queue", "kazoolab-switch",
		},
		"that is answered": {
			`"to_did":"2125550111"`, `"_":` + bye, true,
			[]string{"offnet_req +12125550111", "hangup now"}, "the bridge is over: ", "Server-ID", "callflow-test",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			script := map[time.Duration]func(){}
			if c.answers {
				r.answers["+12125550111"] = at(3)
				script[at(20)] = func() { r.board.Hangup(r.caller.Peer(), "", nil) }
			}
			r.calls(`{"module":"resources","data":{` + c.data + `},"children":{` + c.children + `}}`)
			r.run(script)
			r.Expect(r.said).To(Equal(c.says))
			r.Expect(r.trail()).To(HavePrefix(c.goes))
			r.Expect(r.whole[0].String(c.field)).To(Equal(c.is))
		})
	}
}

func TestWeightedRandomRingsAllInSomeOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(node("ring_group", `"strategy":"weighted_random","timeout":5,"endpoints":[{"id":"`+boss+`","endpoint_type":"device","weight":100},
		{"id":"`+desk+`","endpoint_type":"device","weight":1},{"id":"`+mobile+`","endpoint_type":"device","weight":1}]`))
	r.run(nil)
	r.Expect(r.said[0]).To(SatisfyAll(HavePrefix("bridge "), ContainSubstring("user_1001"), ContainSubstring("user_1002"), ContainSubstring("user_1003"), HaveSuffix("5 s single")))
}

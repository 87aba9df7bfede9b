package pivot

import (
	"context"
	"maps"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// checked are flows as an app answers them, and as callflow is handed them.
func checked() map[string][2]string {
	const all = `"terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]`
	return map[string][2]string{
		"tts": {
			`{"module":"tts","data":{"text":"Press one"}}`,
			`{"module":"tts","data":{"text":"Press one","terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],"voice":"female"}}`,
		},
		"play": {`{"module":"play","data":{"id":"x"}}`, `{"module":"play","data":{"id":"x","endless_playback":false,` + all + `}}`},
		"digits": {
			`{"module":"collect_dtmf","data":{"collection_name":"menu"}}`,
			`{"module":"collect_dtmf","data":{"collection_name":"menu","max_digits":1,"terminator":"#","timeout":5000}}`,
		},
		"device":    {`{"module":"device","data":{"id":"x"}}`, `{"module":"device","data":{"id":"x","delay":0,"dial_strategy":"simultaneous","timeout":0}}`},
		"resources": {`{"module":"resources"}`, `{"module":"resources","data":{"caller_id_type":"external","ignore_early_media":false,"outbound_flags":[],"use_local_resources":true}}`},
		"response":  {`{"module":"response","data":{"message":"no"}}`, `{"module":"response","data":{"message":"no","code":486}}`},
	}
}

// flows is about what becomes of an answer in JSON.
func flows() suite.Group {
	handed := func(j *suite.Judging, name, expected string) {
		if e, one := j.One("CHANNEL_PIVOT of "+name, of(j.View, pivoted, idOf(j, "call", name))); one {
			j.Equal("Application-Data of "+name, expected, text(e, "Application-Data"), e)
		}
	}
	return suite.Group{
		Name: "pivot/flows", Title: "A flow in JSON", Needs: needs(), Do: doFlows,
		Requirements: []suite.Requirement{
			{
				ID: "PV-FLOW-001", Text: "A flow MUST be handed to the callflow as the text Application-Data of an event CHANNEL_PIVOT of the call, by translator, under the key call.CHANNEL_PIVOT and the call's id.",
				Source: "pivot.md 1; pivot.md 5.2; pivot.md 7; kzt_kazoo:exec/2",
				Judge: func(j *suite.Judging) {
					id := idOf(j, "call", "bare")
					if e, one := j.One("CHANNEL_PIVOT", of(j.View, pivoted, id)); one {
						j.Equal("key", "callevt call.CHANNEL_PIVOT."+encoded(id), e.Head, e)
						j.Equal("App-Name", "translator", text(e, "App-Name"), e)
						j.Equal("Event-Category", "call_event", text(e, "Event-Category"), e)
						j.Equal("Application-Data", `{"module":"answer","data":{}}`, text(e, "Application-Data"), e)
					}
				},
			},
			{
				ID: "PV-FLOW-002", Text: "Defaults of a module's schema MUST be put behind the members of its data, in the order of the schema.", Source: "pivot.md 5.1; pivot.md 5.3; pivot.md 5.4; kz_json_schema:validate/3",
				Judge: func(j *suite.Judging) {
					for _, name := range slices.Sorted(maps.Keys(checked())) {
						handed(j, name, checked()[name][1])
					}
				},
			},
			{
				ID: "PV-FLOW-003", Text: "A nested pivot MUST get the request format kazoo, the method get and the body format form where it says nothing of them.", Source: "pivot.md 2; pivot.md 5.1; callflows.pivot",
				Judge: func(j *suite.Judging) {
					handed(j, "nested", `{"module":"pivot","data":{"voice_url":"http://app.example.com/v","debug":false,"method":"get","req_body_format":"form","req_format":"kazoo"}}`)
				},
			},
			{
				ID: "PV-FLOW-004", Text: "Children MUST get the defaults of their schemas at any depth.", Source: "pivot.md 5.1; callflows.action",
				Judge: func(j *suite.Judging) {
					handed(j, "deep", `{"module":"answer","data":{},"children":{"_":{"module":"sleep","data":{"duration":2,"unit":"s"},"children":{"_":{"module":"language","data":{"language":"de"},"children":{"x":{"module":"response","data":{"code":486}}}}}}}}`)
				},
			},
			{
				ID: "PV-FLOW-005", Text: "A flow MUST be handed on as compact JSON with its own members kept, characters beyond ASCII as UTF-8, and slashes bare.", Source: "pivot.md 5.1; kz_json:encode/1",
				Judge: func(j *suite.Judging) {
					handed(j, "text", `{"note":"a/b","module":"set_variables","data":{"custom_application_vars":{"who":"Zoë \"x\""}},"more":[1,2]}`)
				},
			},
			{
				ID: "PV-FLOW-006", Text: "Data that a node leaves out MUST be handed on as an empty object behind the node's other members.", Source: "pivot.md 5.1; callflows.action",
				Judge: func(j *suite.Judging) {
					handed(j, "no-data", `{"module":"answer","children":{},"data":{}}`)
				},
			},
			{
				ID: "PV-FLOW-007", Text: "Behind a flow Pivot MUST NOT send the call a command, nor ask the app again.", Source: "pivot.md 5.2; pivot.md 0; kzt_kazoo:exec/2",
				Judge: func(j *suite.Judging) {
					if _, one := j.One("CHANNEL_PIVOT", of(j.View, pivoted, idOf(j, "call", "bare"))); one {
						judgeSequence(j, "bare", "")
						j.Count("requests", 1, j.Requests("bare"))
					}
				},
			},
			{
				ID: "PV-FLOW-008", Text: "A flow that is none MUST NOT be handed to the callflow.", Source: "pivot.md 5.1; kzt_kazoo:exec/2",
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "none", "processing failed")
					j.Count("CHANNEL_PIVOT", 0, of(j.View, pivoted, idOf(j, "call", "none")))
				},
			},
		},
	}
}

func doFlows(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	answers := map[string]string{
		"bare":    aFlow,
		"nested":  `{"module":"pivot","data":{"voice_url":"http://app.example.com/v"}}`,
		"deep":    `{"module":"answer","data":{},"children":{"_":{"module":"sleep","data":{"duration":2},"children":{"_":{"module":"language","data":{"language":"de"},"children":{"x":{"module":"response","data":{}}}}}}}}`,
		"text":    "{ \"note\": \"a\\/b\",\n \"module\":\"set_variables\", \"data\":{\"custom_application_vars\":{\"who\":\"Zo\\u00eb \\\"x\\\"\"}}, \"more\":[1, 2] }",
		"no-data": `{"module":"answer","children":{}}`,
	}
	for name, f := range checked() {
		answers[name] = f[0]
	}
	for name, text := range answers {
		s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{body("application/json", text)}}).flow()
	}
	s.begin(call{name: "none", request: postTwiML, answers: []probe.Answer{body("application/json", `{"module":"sing","data":{}}`)}}).replies(2)
	return s.settle()
}

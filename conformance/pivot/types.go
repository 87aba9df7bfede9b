package pivot

import (
	"context"
	"maps"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// A document and a flow by which it can be told apart which of the two an answer was taken for.
const (
	document = `<Response><Reject reason="busy"/></Response>`
	aFlow    = `{"module":"answer","data":{}}`
)

// taken are answers that are carried out, by their type and body.
func taken() map[string]probe.Answer {
	return map[string]probe.Answer{
		"text-xml": body("text/xml", document), "application-xml": body("application/xml", document), "charset-xml": body("text/xml; charset=utf-8", document),
		"no-type": body("", document), "html": body("text/html", document), "plain": body("text/plain", document),
		"json": body("application/json", aFlow), "charset-json": body("application/json;charset=utf-8", aFlow), "plain-json": body("text/plain", aFlow),
	}
}

// types is about the type and the body of an answer.
func types() suite.Group {
	isDocument := func(names ...string) func(*suite.Judging) {
		return func(j *suite.Judging) {
			for _, name := range names {
				judgeReplies(j, name, "processing")
				judgeSequence(j, name, "queue[noop respond],hangup")
			}
		}
	}
	isFlow := func(names ...string) func(*suite.Judging) {
		return func(j *suite.Judging) {
			for _, name := range names {
				judgeReplies(j, name, "processing")
				j.Count("CHANNEL_PIVOT of "+name, 1, of(j.View, pivoted, idOf(j, "call", name)))
			}
		}
	}
	hungUp := func(replies string, names ...string) func(*suite.Judging) {
		return func(j *suite.Judging) {
			for _, name := range names {
				judgeReplies(j, name, replies)
				judgeSequence(j, name, "hangup")
			}
		}
	}
	return suite.Group{
		Name: "pivot/types", Title: "What an answer is taken for", Needs: needs(), Do: doTypes,
		Requirements: []suite.Requirement{
			{
				ID: "PV-TYPE-001", Text: "An answer of the type text/xml or application/xml MUST be carried out as TwiML, with parameters of the type or none.",
				Source: "pivot.md 4.2; kzt_translator:exec/4", Judge: isDocument("text-xml", "application-xml", "charset-xml"),
			},
			{
				ID: "PV-TYPE-002", Text: "An answer without a Content-Type MUST be carried out as TwiML.", Source: "pivot.md 4.2; kzt_translator:exec/4", Judge: isDocument("no-type"),
			},
			{
				ID: "PV-TYPE-003", Text: "An answer of the type application/json MUST be carried out as a flow, with parameters of the type or none.",
				Source: "pivot.md 4.2; kzt_translator:exec/4", Judge: isFlow("json", "charset-json"),
			},
			{
				ID: "PV-TYPE-004", Text: "TwiML of another type MUST be carried out, whatever the type.", Source: "pivot.md 4.2; pivot.md 11; kzt_translator:find_candidate_translators/1",
				Judge: isDocument("html", "plain"),
			},
			{
				ID: "PV-TYPE-005", Text: "A flow of another type MUST be carried out, whatever the type.", Source: "pivot.md 4.2; pivot.md 11; kzt_translator:find_candidate_translators/1",
				Judge: isFlow("plain-json"),
			},
			{
				ID: "PV-TYPE-006", Text: "Broken XML, and XML with a root other than Response, MUST have the callflow told failed and the call hung up.", Source: "pivot.md 4.2; kzt_twiml:parse_cmds/1",
				Judge: hungUp("failed", "broken-xml", "other-root", "small-root"),
			},
			{
				ID: "PV-TYPE-007", Text: "Broken JSON MUST have the callflow told failed and the call hung up.", Source: "pivot.md 4.2; kzt_kazoo:parse_cmds/1",
				Judge: hungUp("failed", "broken-json", "trailing-json"),
			},
			{
				ID: "PV-TYPE-008", Text: "An answer of another type that is neither TwiML nor JSON MUST have the callflow told failed and the call hung up.",
				Source: "pivot.md 4.2; kzt_translator:exec/4", Judge: hungUp("failed", "neither"),
			},
			{
				ID: "PV-TYPE-009", Text: "An empty answer MUST have the call hung up, and the callflow told neither processing nor failed.", Source: "pivot.md 4.2; pivot_call:handle_resp/5",
				Judge: hungUp("", "empty"),
			},
			{
				ID: "PV-TYPE-010", Text: "A Response that holds white space alone MUST have the callflow told processing and the call hung up.", Source: "pivot.md 4.2; pivot.md 6; kzt_twiml:exec/2",
				Judge: hungUp("processing", "blank"),
			},
			{
				ID: "PV-TYPE-011", Text: "A body that is not UTF-8 MUST have the callflow told failed, and the call sent no command.", Source: "pivot.md 4.2; pivot.md 11; kzt_translator:exec/4",
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "latin-1", "failed")
					judgeSequence(j, "latin-1", "")
				},
			},
			{
				ID: "PV-TYPE-012", Text: "JSON that is no flow MUST have the callflow told processing and then failed.", Source: "pivot.md 4.2; pivot.md 5.1; kzt_kazoo:exec/2",
				Judge: func(j *suite.Judging) {
					for _, name := range slices.Sorted(maps.Keys(noFlows())) {
						judgeReplies(j, name, "processing failed")
					}
				},
			},
			{
				ID: "PV-TYPE-013", Text: "A call whose app answers JSON that is no flow MUST be hung up.", Source: "pivot.md 11", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					for _, name := range slices.Sorted(maps.Keys(noFlows())) {
						judgeSequence(j, name, "hangup")
					}
				},
			},
			{
				ID: "PV-TYPE-014", Text: "A call whose app answers with an empty Response element MUST be hung up.", Source: "pivot.md 11; pivot.md 4.2", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeSequence(j, "empty-response", "hangup") },
			},
			{
				ID: "PV-TYPE-015", Text: "A document that declares an entity MUST be refused, with the callflow told failed and the call hung up.", Source: "pivot.md 11; pivot.md 4.2", Ours: true, Needs: []string{suite.Lab},
				Judge: hungUp("failed", "entity"),
			},
			{
				ID: "PV-TYPE-016", Text: "TwiML of the type application/json, and a flow of the type text/xml, MUST have the callflow told failed and the call hung up.",
				Source: "pivot.md 4.2; kzt_translator:exec/4", Judge: hungUp("failed", "xml-as-json", "json-as-xml"),
			},
		},
	}
}

// noFlows are JSON texts that are no flows.
func noFlows() map[string]string {
	return map[string]string{
		"array": `[{"module":"answer","data":{}}]`, "unknown-module": `{"module":"sing","data":{}}`, "null-children": `{"module":"answer","data":{},"children":null}`,
		"no-text": `{"module":"tts","data":{}}`, "bad-child": `{"module":"answer","data":{},"children":{"_":{"module":"sleep","data":{"duration":-1}}}}`,
	}
}

func doTypes(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	for name, a := range taken() {
		l := s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{a}}).replies(1)
		if a.Body == aFlow {
			l.flow()
		} else {
			l.commands(2)
		}
	}
	for name, a := range map[string]probe.Answer{
		"broken-xml": body("text/xml", "<Response><Say>hi</Response>"), "other-root": body("text/xml", "<Answer/>"), "small-root": body("text/xml", "<response><Say>hi</Say></response>"),
		"broken-json": body("application/json", `{"module":"answer"`), "trailing-json": body("application/json", aFlow+` x`), "neither": body("text/plain", "hello"),
		"xml-as-json": body("application/json", document), "json-as-xml": body("text/xml", aFlow),
		"blank": body("text/xml", "<Response>\n</Response>"), "empty-response": body("text/xml", "<Response/>"),
		"entity": body("text/xml", `<!DOCTYPE Response [<!ENTITY e "x">]><Response><Set><Variable key="k" value="v"/></Set></Response>`),
	} {
		s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{a}}).replies(1)
	}
	s.begin(call{name: "empty", request: postTwiML, answers: []probe.Answer{body("text/xml", "")}}).commands(1)
	s.begin(call{name: "latin-1", request: postTwiML, answers: []probe.Answer{body("text/xml", "<Response><Say>caf\xe9</Say></Response>")}}).replies(1)
	for name, flow := range noFlows() {
		s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{body("application/json", flow)}}).replies(2)
	}
	return s.settle()
}

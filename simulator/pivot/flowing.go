package pivot

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// pivot gives a callflow to the callflow engine, if it is one (kzt_kazoo:exec/2). The result is of a text that
// is JSON.
func (w *worker) pivot(body []byte, r flow.Result) {
	w.answerCallflow("processing", "translator")
	w.begun = true
	w.explain(r)
	if r.Valid {
		w.result("processing", flowProblems(r))
		w.handOver(r.Text)
		return
	}
	w.note(flowErrorCrash, "the answer is JSON, but no callflow: its errors are stored, and the call is hung up. Kazoo says failed to nobody, stores nothing, "+
		"and leaves the caller in silence")
	w.result("failed", flowProblems(r))
	w.tell(Step{Kind: Failed, Text: "the answer is no valid callflow" + first(r), Kazoo: kazooLeft})
	w.answerCallflow("failed", "pivot")
	w.debugDocument(jobj.Object{{Key: "resp_body", Value: string(body)}, {Key: "schema_errors", Value: schemaErrors(r)}})
	w.command(w.sender().Hangup())
	w.stop("the answer is no valid callflow")
}

// first is what is wrong with a flow, and where; of several the first.
func first(r flow.Result) string {
	for _, f := range r.Findings {
		if !f.Warning {
			return fmt.Sprintf(": line %d, column %d: %s: %s", f.Line, f.Column, f.Path, f.Text)
		}
	}
	return ""
}

// explain tells what is wrong with an answer, and what is only strange.
func (w *worker) explain(r flow.Result) {
	for _, f := range r.Findings {
		w.tell(Step{Kind: Found, Position: twiml.Position{Line: f.Line, Column: f.Column}, Text: f.Sentence()})
	}
}

// schemaErrors are the findings as a debug document holds them: by path, then by rule.
func schemaErrors(r flow.Result) jobj.Object {
	out := jobj.Object{}
	for _, f := range r.Findings {
		if f.Warning {
			continue
		}
		path := strings.TrimPrefix(strings.TrimPrefix(f.Path, "$"), ".")
		out = out.Set(path, out.Object(path).Set(f.Rule, jobj.Object{{Key: "message", Value: f.Text}}))
	}
	return out
}

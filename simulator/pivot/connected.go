package pivot

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// connected says that a URL is for an app that keeps a connection to us.
func (w *worker) connected(uri string) bool { return w.e.Connected != nil && w.e.Connected.Has(uri) }

// resultOf tells a connected app what its answer to a request led to, once.
func (w *worker) resultOf(r request.Request) func(outcome string, problems []any) {
	told := !w.connected(r.URL)
	return func(outcome string, problems []any) {
		if !told {
			told = true
			w.e.Connected.Result(r, outcome, problems)
		}
	}
}

// documentProblems and flowProblems are what is wrong with an answer, with its place, for a program.
func documentProblems(found []twiml.Finding) []any {
	var all []any
	for _, f := range found {
		all = append(all, problem(f.Line, f.Column, f.Sentence()))
	}
	return all
}

func flowProblems(r flow.Result) []any {
	var all []any
	for _, f := range r.Findings {
		all = append(all, problem(f.Line, f.Column, f.Sentence()))
	}
	return all
}

// problem is one for a program; line is 0 where it has no place in the answer.
func problem(line, column int, text string) jobj.Object {
	message := jobj.Object{{Key: "message", Value: text}}
	if line == 0 {
		return message
	}
	return append(message, jobj.Member{Key: "line", Value: line}, jobj.Member{Key: "column", Value: column})
}

package pivot

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// store sets user variables. What the next request would tell besides is frozen among them
// (quirk stale-variables).
func (p *process) store(variables []*twiml.Node) {
	if len(variables) == 0 {
		return
	}
	vars := slices.Clone(request.Variables(p.state))
	if live := request.Live(p.state); len(live) > 0 && !p.w.e.corrected() {
		for _, m := range live {
			vars = vars.Put(m.Key, m.Value)
		}
		p.w.note(staleVariables, "setting a variable freezes CallStatus, Digits and the like among the variables: later requests tell of them again")
	}
	tooMany := refusal{why: fmt.Sprintf("a call may have %d variables", maxVariables)}
	tooLong := refusal{why: fmt.Sprintf("names and values of a call's variables may have %d bytes", maxVariableBytes)}
	size := 0
	for _, m := range vars {
		size += len(m.Key) + sizeOf(m.Value)
	}
	for _, v := range variables {
		key, named := p.text(v, "key")
		if !named {
			key = "undefined"
		}
		value, given := p.text(v, "value")
		old, known := vars.Get(key)
		change := len(key) + len(value)
		if known {
			change = len(value) - sizeOf(old)
		}
		switch {
		case !given && known:
			size -= len(key) + sizeOf(old)
			vars = vars.Delete(key)
		case !given:
		case !known && len(vars) >= maxVariables:
			tooMany.add(v, key)
		case change > 0 && size+change > maxVariableBytes:
			tooLong.add(v, key)
		default:
			size += change
			vars = vars.Put(key, value)
		}
	}
	tooMany.tell(p.w)
	tooLong.tell(p.w)
	if vars == nil {
		vars = jobj.Object{}
	}
	p.set(request.KeyUserVars, vars)
}

// sizeOf is how many bytes a variable's value has; only what is frozen may be no text.
func sizeOf(value any) int {
	if text, ok := value.(string); ok {
		return len(text)
	}
	return len(jobj.Append(nil, value))
}

// refusal is of variables that are not set, for one reason: it is told once, however many they are.
type refusal struct {
	why   string
	first *twiml.Node
	key   string
	count int
}

func (r *refusal) add(n *twiml.Node, key string) {
	if r.count++; r.first == nil {
		r.first, r.key = n, cut(key, 100)
	}
}

func (r *refusal) tell(w *worker) {
	if r.first == nil {
		return
	}
	which := fmt.Sprintf("variable %q is not set", r.key)
	if r.count > 1 {
		which = fmt.Sprintf("variable %q and %d more are not set", r.key, r.count-1)
	}
	w.tell(Step{Kind: Found, Verb: r.first.Name, Position: r.first.Position, Text: which + ": " + r.why + "; Kazoo has no bound"})
}

package crossbar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// What the reference answers to bad input often leaves out what would be right. It
// stands in the hint, beside an answer that stays as it is.

// adviseTime tells a time that is a Unix time, in seconds or milliseconds.
func (r *request) adviseTime(name string, at int64) {
	const unixToGregorian = 62_167_219_200
	switch {
	case at < unixToGregorian:
		r.hint("%s looks like a Unix time; times here are Gregorian seconds: add %d", name, unixToGregorian)
	case at > 10*unixToGregorian:
		r.hint("%s looks like milliseconds; times here are Gregorian seconds: Unix seconds + %d", name, unixToGregorian)
	}
}

// adviseHook tells what there is instead of a hook of Kazoo 3 that the dialect lacks.
func (r *request) adviseHook(known []string, data any) {
	object, _ := data.(jobj.Object)
	name := object.String("hook")
	if slices.Contains(known, name) {
		return
	}
	switch kind := strings.ToLower(name); kind {
	case "inbound_fax", "outbound_fax":
		r.hint("hook: %s is of the dialect talk; here it is notifications with custom_data.type %s", kind, kind)
	case "callflow":
		r.hint("hook: callflow is of the dialect talk; here a callflow brings its own hook, which needs no document")
	default:
		if slices.Contains(known, kind) {
			r.hint("hook: names are in lower case: %s", kind)
		}
	}
}

// adviseModifier tells where the values of a modifier are listed.
func (r *request) adviseModifier(hook, path string) {
	r.hint("%s: GET /v2/webhooks lists the values of %s hooks", path, hook)
}

// adviseID tells that a hook's id is a word of its own paths.
func (r *request) adviseID(id string) {
	if id == "attempts" || id == "samples" {
		r.hint("id: a hook of that id is shown in lists only, since /webhooks/%s is a path of its own; choose another", id)
	}
}

// adviseMethod lists what is allowed.
func (r *request) adviseMethod() {
	if r.verb != r.method {
		r.hint("verb: %.20q is not allowed here; %s", r.verb, allowedList(r.allowed))
		return
	}
	r.hint("%s is not allowed here; %s", r.method, allowedList(r.allowed))
}

func allowedList(methods []string) string {
	if len(methods) == 0 {
		return "nothing is"
	}
	return fmt.Sprintf("allowed are %s", strings.Join(methods, ", "))
}

// adviseSample tells by which name samples are asked for.
func (r *request) adviseSample(id string, hooks []string) {
	if slices.Contains(hooks, id) {
		r.hint("samples of %s are at /v2/webhooks/samples/%s%s", id, metadataPrefix, id)
		return
	}
	r.hint("there are samples of %s", strings.Join(hooks, ", "))
}

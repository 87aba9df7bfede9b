package crossbar

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
)

// allHooks is the hook value that takes every event.
const allHooks = "all"

// loadHooks reads which hooks the dialect has, and writes their names into the
// schema, sorted (cb_webhooks:maybe_revise_schema/2).
func (h *handler) loadHooks() error {
	var err error
	if h.hooks, err = catalogue.ForDialect(h.Dialect); err != nil {
		return err
	}
	words := append(catalogue.Names(h.hooks), allHooks)
	slices.Sort(words)
	h.hookSchema, err = h.hookSchema.WithEnum("hook", words)
	return err
}

// checkHook validates a hook and returns it with its defaults; stored is what it
// was, nil for a new one. Modifiers are looked at only once the schema is content.
func (h *handler) checkHook(req *request, data any, stored jobj.Object) (jobj.Object, error) {
	value, wrong := h.hookSchema.Check(data)
	var v violations
	v.addAll(wrong)
	req.adviseHook(append(catalogue.Names(h.hooks), allHooks), data)
	body, _ := value.(jobj.Object)
	if uri, ok := body.Get("uri"); ok {
		if text, ok := uri.(string); ok {
			if reason := h.guard.refuses(text); reason != "" {
				req.hint("uri: %s", reason)
				v.add("uri", "error", "invalid client URL", jobj.Member{Key: "value", Value: text})
			}
		}
	}
	body = checkExtras(body, stored, &v)
	if err := v.err(); err != nil {
		return nil, err
	}
	h.checkModifiers(req, body, &v)
	return body, v.err()
}

// checkModifiers makes sure that custom_data has a member for each modifier of the
// hook's kind, with one of its values. Notifications that only superduper callers
// are shown may be asked for by anyone: who does gets those of the own account.
func (h *handler) checkModifiers(req *request, body jobj.Object, v *violations) {
	for _, modifier := range h.modifiersOf(body.String("hook")) {
		path := "custom_data." + modifier.Key
		if h.Dialect == fidelity.V43 {
			path = modifier.Key // cb_webhooks:check_modifiers/4 of that branch
		}
		definition, _ := modifier.Value.(jobj.Object)
		value, ok := body.Get("custom_data", modifier.Key)
		if !ok {
			req.adviseModifier(body.String("hook"), path)
			v.add(path, "required", "missing required modifier")
			continue
		}
		if word, _ := value.(string); !slices.Contains(catalogue.Choices(definition), word) {
			v.add(path, "enum", "value not found in enumerated list of values",
				jobj.Member{Key: "cause", Value: value},
				jobj.Member{Key: "target", Value: list(catalogue.Choices(req.shownItems(definition)))})
		}
	}
}

// modifiersOf are those of a kind of hook; nil for one without any.
func (h *handler) modifiersOf(name string) jobj.Object {
	i := slices.IndexFunc(h.hooks, func(hook catalogue.Hook) bool { return hook.Name == name })
	if i < 0 {
		return nil
	}
	return h.hooks[i].Modifiers
}

// shownItems is a modifier as the caller sees it: some notifications are shown to
// superduper callers alone.
func (r *request) shownItems(modifier jobj.Object) jobj.Object {
	items := modifier.Object("items")
	if items == nil || r.authenticated() && r.caller.Superduper {
		return modifier
	}
	return modifier.Set("items", items.Delete(catalogue.Restricted()...))
}

func list(words []string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = word
	}
	return out
}

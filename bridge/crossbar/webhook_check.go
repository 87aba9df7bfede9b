package crossbar

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
)

// allHooks is the hook value that takes every event.
const allHooks = "all"

// loadHooks keeps of the catalogue what fires here, and writes the names into the
// schema.
func (h *handler) loadHooks() error {
	every, err := catalogue.Hooks()
	if err != nil {
		return err
	}
	words := []string{allHooks}
	for _, hook := range every {
		if slices.Contains(h.Hooks, hook.Name) {
			h.hooks = append(h.hooks, hook)
			words = append(words, hook.Name)
		}
	}
	if len(words) != len(h.Hooks)+1 {
		return fmt.Errorf("hooks %v: some are not in the catalogue, which has %v", h.Hooks, words)
	}
	h.hookSchema, err = h.hookSchema.WithEnum("hook", words)
	return err
}

// checkHook validates a hook and returns it with its defaults; stored is what it
// was, nil for a new one. Modifiers are looked at only once the schema is content.
func (h *handler) checkHook(req *request, data any, stored jobj.Object) (jobj.Object, error) {
	value, wrong := h.hookSchema.Check(data)
	var v violations
	v.addAll(wrong)
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
// hook's kind, with one of its values.
func (h *handler) checkModifiers(req *request, body jobj.Object, v *violations) {
	for _, modifier := range h.modifiers(req, body.String("hook")) {
		path := "custom_data." + modifier.Key
		definition, _ := modifier.Value.(jobj.Object)
		choices := catalogue.Choices(definition)
		value, ok := body.Get("custom_data", modifier.Key)
		if !ok {
			v.add(path, "required", "missing required modifier")
			continue
		}
		if word, _ := value.(string); !slices.Contains(choices, word) {
			v.add(path, "enum", "value not found in enumerated list of values",
				jobj.Member{Key: "cause", Value: value}, jobj.Member{Key: "target", Value: list(choices)})
		}
	}
}

// modifiers are those of a kind of hook as the caller sees them: some
// notifications are for superduper callers alone.
func (h *handler) modifiers(req *request, name string) jobj.Object {
	i := slices.IndexFunc(h.hooks, func(hook catalogue.Hook) bool { return hook.Name == name })
	if i < 0 {
		return nil
	}
	modifiers := h.hooks[i].Modifiers
	if req.authenticated() && req.caller.Superduper {
		return modifiers
	}
	for _, modifier := range modifiers {
		definition, _ := modifier.Value.(jobj.Object)
		if items := definition.Object("items"); items != nil {
			definition = definition.Set("items", items.Delete(catalogue.Restricted()...))
			modifiers = modifiers.Set(modifier.Key, definition)
		}
	}
	return modifiers
}

func list(words []string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = word
	}
	return out
}

package crossbar

import (
	"context"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// metadataPrefix begins the ids of the documents that describe hooks; samples are
// asked for by these ids.
const metadataPrefix = "webhooks_"

// listCatalogue shows the hooks that can be made, by name.
func (h *handler) listCatalogue(_ context.Context, req *request) (outcome, error) {
	rows := make([]row, len(h.hooks))
	for i, hook := range h.hooks {
		doc := jobj.Object{{Key: "name", Value: hook.Title}, {Key: "description", Value: hook.Description}}
		if modifiers := hook.Modifiers; modifiers != nil {
			for _, modifier := range modifiers {
				definition, _ := modifier.Value.(jobj.Object)
				modifiers = modifiers.Set(modifier.Key, req.shownItems(definition))
			}
			doc = append(doc, jobj.Member{Key: "modifiers", Value: modifiers})
		}
		rows[i] = row{
			key: hook.Title, id: hook.Name,
			value: doc.Set("id", hook.Name),
			stored: append(slices.Clip(doc),
				jobj.Member{Key: "_id", Value: metadataPrefix + hook.Name},
				jobj.Member{Key: "pvt_type", Value: "webhook_meta"}),
		}
	}
	return req.listing(rows, false)
}

// listSamples names the hooks that have samples.
func (h *handler) listSamples(context.Context, *request) (outcome, error) {
	hooks := h.samples.Hooks()
	names := make([]any, len(hooks))
	for i, hook := range hooks {
		names[i] = metadataPrefix + hook
	}
	return outcome{data: names}, nil
}

func (h *handler) getSamples(_ context.Context, req *request) (outcome, error) {
	id := req.arg(1)
	name, ok := strings.CutPrefix(id, metadataPrefix)
	samples := h.samples.Of(name)
	if !ok || samples == nil {
		req.adviseSample(id, h.samples.Hooks())
		return outcome{}, unknownName(id)
	}
	shown := []any{}
	for _, sample := range samples {
		if object, ok := sample.(jobj.Object); !ok || req.query.accepts(object) {
			shown = append(shown, sample)
		}
	}
	return outcome{data: shown, list: &page{size: len(shown)}}, nil
}

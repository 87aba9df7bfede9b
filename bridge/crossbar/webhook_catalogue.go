package crossbar

import (
	"context"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
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
	names := []string{}
	for _, hook := range h.hooks {
		samples, err := catalogue.Samples(hook.Name)
		if err != nil {
			return outcome{}, err
		}
		if samples != nil {
			names = append(names, metadataPrefix+hook.Name)
		}
	}
	slices.Sort(names)
	return outcome{data: list(names)}, nil
}

func (h *handler) getSamples(_ context.Context, req *request) (outcome, error) {
	id := req.arg(1)
	name, ok := strings.CutPrefix(id, metadataPrefix)
	if !ok || !slices.ContainsFunc(h.hooks, func(hook catalogue.Hook) bool { return hook.Name == name }) {
		return outcome{}, unknownName(id)
	}
	samples, err := catalogue.Samples(name)
	if err != nil {
		return outcome{}, err
	}
	if samples == nil {
		return outcome{}, unknownName(id)
	}
	return outcome{data: samples, list: &page{size: len(samples)}}, nil
}

package crossbar

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// callflows are cb_callflows. Numbers are not assigned: there are none to be had here.
func callflows() kind {
	return kind{
		name: "callflows", typ: store.TypeCallflow, form: "callflows",
		fields: append(append(plain("name", "type", "numbers", "patterns"), either("featurecode", false)),
			append(plain("owner_id", "group_id"), computed("modules", modules), flags())...),
		prepare: (*handler).prepareCallflow,
		unique:  (*handler).uniqueCallflow,
		read:    (*handler).explainedCallflow,
	}
}

// modules are those of a flow, each once. One that says so is passed over, and so is
// what can name none: the schema lets nothing but text by, other writers may not.
func modules(o jobj.Object) any {
	found := []any{}
	seen := map[string]bool{}
	var walk func(flow jobj.Object)
	walk = func(flow jobj.Object) {
		module := flow.String("module")
		data, _ := flow.Get("data")
		if module != "" && !seen[module] && holds(data) && !saysTrue(data, "skip_module") {
			seen[module] = true
			found = append(found, module)
		}
		for _, m := range flow.Object("children") {
			if child, ok := m.Value.(jobj.Object); ok {
				walk(child)
			}
		}
	}
	walk(o.Object("flow"))
	return found
}

// saysTrue says whether a value is an object with a member that is true.
func saysTrue(value any, name string) bool {
	object, _ := value.(jobj.Object)
	is, _ := first(object.Get(name)).(bool)
	return is
}

// prepareCallflow writes numbers as they are kept. Without any there must be a
// pattern; that is told before the schema says anything.
func (h *handler) prepareCallflow(d *draft) {
	for _, name := range []string{"numbers", "patterns"} {
		value, given := d.data.Get(name)
		list, isList := value.([]any)
		switch {
		case given && !isList:
			d.wrong.add(name, "type", "Value did not match type: array",
				jobj.Member{Key: "target", Value: "array"}, jobj.Member{Key: "value", Value: value})
			return
		case len(list) == 0:
			continue
		case name == "numbers":
			d.data = d.data.Set("numbers", normalisedNumbers(list))
		}
		return
	}
	d.wrong.add("numbers", "required", "Callflows must be assigned at least one number or pattern")
}

func normalisedNumbers(list []any) []any {
	out := make([]any, len(list))
	for i, element := range list {
		if text, ok := element.(string); ok {
			element = kapi.E164(text)
		}
		out[i] = element
	}
	return out
}

func (h *handler) uniqueCallflow(ctx context.Context, d *draft) error {
	if d.body == nil {
		return nil
	}
	for _, one := range []struct {
		list, word string
		view       store.View
	}{{"numbers", "Number", store.CallflowsByNumber}, {"patterns", "Pattern", store.CallflowsByPattern}} {
		for _, value := range texts(d.body, one.list) {
			docs, err := h.Store.Find(ctx, one.view, store.ValueKey(d.old.AccountID, value))
			if err != nil {
				return err
			}
			for _, doc := range docs {
				if !d.isNew() && doc.ID == d.old.ID {
					continue
				}
				name := doc.Body.String("name")
				if name == "" {
					name = doc.ID
				}
				d.wrong.add(one.list, "unique", one.word+" "+value+" exists in callflow "+doc.ID+" "+name,
					jobj.Member{Key: "cause", Value: value})
			}
		}
	}
	return nil
}

// maxNamed is how many documents are looked up for one callflow.
const maxNamed = 500

// explainedCallflow tells of the documents that a flow names (cb_callflows:get_metadata/2).
func (h *handler) explainedCallflow(ctx context.Context, _ *request, doc store.Document) (jobj.Object, error) {
	metadata := jobj.Object{}
	for _, id := range namedIn(doc.Body.Object("flow")) {
		named, err := h.Store.Get(ctx, doc.DB, id)
		if err := unlessAbsent(err); err != nil {
			return nil, err
		}
		if err == nil && !named.Deleted && named.AccountID == doc.AccountID {
			metadata = append(metadata, jobj.Member{Key: id, Value: described(named)})
		}
	}
	return public(doc).Set("metadata", metadata), nil
}

// namedIn are the ids in a flow, each once, and the names of its branches, which may be
// ids.
func namedIn(flow jobj.Object) []string {
	var found []string
	seen := map[string]bool{}
	add := func(id string) {
		if len(id) >= 2 && !seen[id] && len(found) < maxNamed {
			seen[id] = true
			found = append(found, id)
		}
	}
	var walk func(flow jobj.Object)
	walk = func(flow jobj.Object) {
		for _, m := range flow.Object("data") {
			if id, ok := m.Value.(string); ok && (m.Key == "id" || strings.Contains(m.Key, "_id")) {
				add(id)
			}
		}
		for _, m := range flow.Object("children") {
			add(m.Key)
			if child, ok := m.Value.(jobj.Object); ok {
				walk(child)
			}
		}
	}
	walk(flow)
	return found
}

func described(doc store.Document) jobj.Object {
	told := jobj.Object{}
	name := doc.Body.String("name")
	if doc.Type == store.TypeUser {
		name = strings.TrimSpace(doc.Body.String("first_name") + " " + doc.Body.String("last_name"))
	}
	if name != "" {
		told = append(told, jobj.Member{Key: "name", Value: name})
	}
	if numbers, ok := doc.Body.Get("numbers"); ok {
		told = append(told, jobj.Member{Key: "numbers", Value: numbers})
	}
	return append(told, jobj.Member{Key: "pvt_type", Value: doc.Type})
}

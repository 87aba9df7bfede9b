package crossbar

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/crossbar/schema"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// metaflows are the schemas of what a call can be told to do.
type metaflows struct {
	node    *schema.Schema
	modules map[string]*schema.Schema // what each module's data must be
}

const metaflowPrefix = "metaflows."

func readMetaflows() (metaflows, error) {
	m := metaflows{modules: map[string]*schema.Schema{}}
	files, err := fs.Glob(schemaFiles, "schemas/metaflow*.json")
	if err != nil {
		return m, fmt.Errorf("embedded schemas: %w", err)
	}
	for _, file := range files {
		text, err := schemaFiles.ReadFile(file)
		if err != nil {
			return m, fmt.Errorf("embedded schemas: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "schemas/"), ".json")
		form, err := schema.Compile(name, text)
		if err != nil {
			return m, err
		}
		if module, ok := strings.CutPrefix(name, metaflowPrefix); ok {
			m.modules[module] = form
			continue
		}
		m.node = form
	}
	return m, nil
}

// checkMetaflow is the flow of a request, with its defaults. In the dialect of the
// talk it may also stand one object deeper, as the talk and the reference's own
// documentation print it.
func (h *handler) checkMetaflow(req *request) (jobj.Object, error) {
	data := req.data
	if inner := req.object().Object("data"); h.Dialect == fidelity.Talk && !req.object().Has("module") && inner.Has("module") {
		data = inner
	}
	var v violations
	flow := h.checkFlow(data, nil, &v)
	if err := v.err(); err != nil {
		if !req.object().Has("module") {
			req.hint(`name a module: {"action":"metaflow","data":{"module":"hangup"}}`)
		}
		return nil, err
	}
	return flow, nil
}

// checkFlow checks one node and those below it. path leads to the node.
func (h *handler) checkFlow(node any, path []string, v *violations) jobj.Object {
	value, wrong := h.metaflows.node.Check(node)
	v.addBelow(path, wrong)
	flow, _ := value.(jobj.Object)
	if len(wrong) > 0 {
		return flow
	}
	flow = h.checkModule(flow, flow.String("module"), path, v)
	children := flow.Object("children")
	for _, child := range children {
		below := append(slices.Clip(path), "children", child.Key)
		children = children.Set(child.Key, h.checkFlow(child.Value, below, v))
	}
	if children != nil {
		flow = flow.Set("children", children)
	}
	return flow
}

// checkModule checks the data of a node by the schema of its module.
func (h *handler) checkModule(flow jobj.Object, name string, path []string, v *violations) jobj.Object {
	form, known := h.metaflows.modules[name]
	if !known {
		v.add("schema", "schema", "schema not found", jobj.Member{Key: "schema", Value: metaflowPrefix + name})
		v.addBelow(path, []schema.Violation{{
			Path: []string{"module"}, Rule: "error",
			Details: jobj.Object{
				{Key: "message", Value: "unable to find metaflow schema for module " + name}, {Key: "value", Value: name},
			},
		}})
		return flow
	}
	below := append(slices.Clip(path), "data")
	data, wrong := form.Check(flow.Object("data"))
	v.addBelow(below, wrong)
	object, _ := data.(jobj.Object)
	for _, member := range []string{"url", "voice_url"} { // what the switch is to fetch
		address, given := object.Get(member)
		text, _ := address.(string)
		if reason := h.guard.refuses(text); given && text != "" && reason != "" {
			v.addBelow(below, []schema.Violation{{
				Path: []string{member}, Rule: "error",
				Details: jobj.Object{{Key: "message", Value: "invalid client URL"}, {Key: "value", Value: text}},
			}})
		}
	}
	return flow.Set("data", data)
}

// addBelow adds violations of what stands at a path.
func (v *violations) addBelow(path []string, all []schema.Violation) {
	for _, one := range all {
		one.Path = append(slices.Clip(path), one.Path...)
		v.addAll([]schema.Violation{one})
	}
}

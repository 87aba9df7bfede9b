package schema

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// checkBeyond is what the reference looks at beyond its schemas, where they ask for
// it (kz_json_schema_extensions).
func (c *checker) checkBeyond(n node, value any, parent jobj.Object) any {
	if asked, _ := n.rules["kazoo-regexp"].(bool); asked {
		if text, ok := value.(string); ok && !isExpression(text) {
			c.add(n, "error", "invalid regular expression: '"+text+"'", valueOf(value))
		}
	}
	if asked, _ := n.rules["kazoo-validation"].(bool); !asked || len(n.path) == 0 {
		return value
	}
	switch what := n.name + "." + n.path[len(n.path)-1]; what {
	case "callflows.action.module":
		c.checkModule(n, "callflow", value)
	case "metaflow.module":
		c.checkModule(n, "metaflow", value)
	case "callflows.action.data", "metaflow.data":
		// Without a module that is told of the module alone.
		if module, ok := parent.Get("module"); ok {
			name, _ := module.(string)
			if other, ok := n.set.schemas[familyOf(n.name)+name]; ok {
				return c.check(node{other, other.tree, n.path}, value, parent)
			}
		}
	default:
		text, isText := value.(string)
		if slices.Contains(addresses(), what) && isText && !n.set.takes(text) {
			c.add(n, "error", "invalid client URL", valueOf(value))
		}
	}
	return value
}

// takes is whether an address may stand in a document: one of http or https, that is not refused.
func (s *Set) takes(address string) bool {
	scheme, _, ok := strings.Cut(address, ":")
	return ok && (scheme == "http" || scheme == "https") && (s.refused == nil || s.refused(address) == "")
}

// familyOf is what the names of the schemas of modules begin with.
func familyOf(name string) string {
	if name == "metaflow" {
		return "metaflows."
	}
	return "callflows."
}

// checkModule makes sure that there is a schema for a module's data.
func (c *checker) checkModule(n node, kind string, value any) {
	name, ok := value.(string)
	if !ok {
		return // told by its type
	}
	schema := familyOf(n.name) + name
	if _, ok := n.set.schemas[schema]; ok {
		return
	}
	c.add(node{n.Schema, nil, []string{"schema"}}, "schema", "schema not found", member("schema", schema))
	c.add(n, "error", "unable to find "+kind+" schema for module "+name, valueOf(value))
}

// addresses are the members whose addresses are looked at.
func addresses() []string {
	return []string{
		"callflows.webhook.uri", "callflows.pivot.voice_url", "callflows.record_caller.url", "callflows.record_call.url",
		"metaflows.pivot.voice_url", "metaflows.record_call.url", "call_recording.parameters.url",
	}
}

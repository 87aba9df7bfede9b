package schema

import (
	"maps"
	"slices"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// node is a part of a schema, and where the value stands that it is for.
type node struct {
	*Schema
	rules map[string]any
	path  []string
}

func (n node) at(rules map[string]any, step string) node {
	return node{n.Schema, rules, append(slices.Clip(n.path), step)}
}

// checker goes through a document once: it casts, fills in and collects what is
// wrong (jesse with kz_json_schema's options).
type checker struct {
	casts bool // false among alternatives, where the reference does not cast
	found []Violation
}

// check returns the value as it is to be stored. parent is the object that it is a
// member of.
func (c *checker) check(n node, value any, parent jobj.Object) any {
	if name, ok := n.rules["$ref"].(string); ok {
		other := n.set.schemas[name]
		value = c.check(node{other, other.tree, n.path}, value, parent)
		beside := maps.Clone(n.rules) // it counts too
		delete(beside, "$ref")
		n.rules = beside
	}
	value, fits := c.checkType(n, value)
	if !fits {
		return value // nothing else is said of it
	}
	switch v := value.(type) {
	case jobj.Object:
		value = c.checkObject(n, v)
	case []any:
		value = c.checkList(n, v)
	case string:
		c.checkText(n, v)
	default:
		c.checkNumber(n, v)
	}
	c.checkEnum(n, value)
	value = c.checkAlternatives(n, value)
	return c.checkBeyond(n, value, parent)
}

func (c *checker) checkType(n node, value any) (any, bool) {
	wanted, given := n.rules["type"]
	if !given || isAny(value, wanted) {
		return value, true
	}
	if c.casts {
		if wanted, ok := wanted.(string); ok {
			if casted := cast(wanted, value); isA(casted, wanted) {
				return casted, true
			}
		}
	}
	types := typeNames(wanted)
	c.add(n, "type", "Value did not match type(s): "+types, target(types), valueOf(value))
	return value, false
}

func (c *checker) checkObject(n node, object jobj.Object) jobj.Object {
	object = slices.Clone(object)
	place := make(map[string]int, len(object))
	for i, m := range object {
		if _, again := place[m.Key]; !again { // of a repeated key the first counts
			place[m.Key] = i
		}
	}
	properties, _ := n.rules["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		rules := properties[name].(map[string]any) // eachNode made sure
		if i, present := place[name]; present {
			object[i].Value = c.check(n.at(rules, name), object[i].Value, object)
			continue
		}
		if filled, ok := c.fill(n.at(rules, name), object); ok {
			object = append(object, jobj.Member{Key: name, Value: filled})
		}
	}
	c.checkOthers(n, object, properties)
	required, _ := n.rules["required"].([]any)
	for _, one := range required {
		if name, _ := one.(string); !object.Has(name) {
			c.add(n.at(nil, name), "required", "Field is required but missing", valueOf(name))
		}
	}
	if least, ok := limit(n, "minProperties"); ok && len(object) < int(least.value) {
		c.add(n, "minProperties", "The object must have at least "+least.text+" keys", least.member(), valueOf(object))
	}
	return object
}

// fill is the default of a member that is not there. It counts only where the type
// stands beside it, and is checked itself, so that defaults inside it are filled in: one
// that does not fit is as wrong as if it had been given.
func (c *checker) fill(n node, parent jobj.Object) (any, bool) {
	value, given := n.rules["default"]
	if !given {
		return nil, false
	}
	filled := ordered(value)
	wanted, typed := n.rules["type"]
	if !typed || !isAny(filled, wanted) {
		return nil, false
	}
	return c.check(n, filled, parent), true
}

// checkOthers looks at the members that properties do not name.
func (c *checker) checkOthers(n node, object jobj.Object, properties map[string]any) {
	patterns, _ := n.rules["patternProperties"].(map[string]any)
	others, given := n.rules["additionalProperties"]
	if len(patterns) == 0 && !given {
		return
	}
	sorted := slices.Sorted(maps.Keys(patterns))
	for i, m := range object {
		matched := false
		for _, pattern := range sorted {
			if n.patterns[pattern].MatchString(m.Key) {
				matched = true
				rules := patterns[pattern].(map[string]any) // eachNode made sure
				object[i].Value = c.check(n.at(rules, m.Key), object[i].Value, object)
			}
		}
		if _, named := properties[m.Key]; named || matched {
			continue
		}
		switch rules := others.(type) {
		case bool:
			if !rules {
				c.add(n.at(nil, m.Key), "additionalProperties",
					"Strict checking of data is enabled; only include schema-defined properties", valueOf(object))
			}
		case map[string]any:
			object[i].Value = c.check(n.at(rules, m.Key), m.Value, object)
		}
	}
}

func (c *checker) checkList(n node, list []any) []any {
	if rules, ok := n.rules["items"].(map[string]any); ok {
		list = slices.Clone(list)
		for i, element := range list {
			list[i] = c.check(n.at(rules, strconv.Itoa(i)), element, nil)
		}
	}
	if least, ok := limit(n, "minItems"); ok && float64(len(list)) < least.value {
		c.add(n, "minItems", "The list must have at least "+least.text+" items", least.member(), valueOf(list))
	}
	if most, ok := limit(n, "maxItems"); ok && float64(len(list)) > most.value {
		c.add(n, "maxItems", "The list is more than "+most.text+" items", most.member(), valueOf(list))
	}
	if unique, _ := n.rules["uniqueItems"].(bool); unique && !allDiffer(list) {
		c.add(n, "uniqueItems", "List of items is not unique", valueOf(list))
	}
	return list
}

func (c *checker) checkEnum(n node, value any) {
	choices, given := n.rules["enum"].([]any)
	if !given {
		return
	}
	have := canonical(value)
	if !slices.ContainsFunc(choices, func(choice any) bool { return canonical(ordered(choice)) == have }) {
		c.add(n, "enum", "Value not found in enumerated list of values", target(ordered(choices)), valueOf(value))
	}
}

// checkAlternatives keeps what the one that fits has filled in.
func (c *checker) checkAlternatives(n node, value any) any {
	fitting := func(keyword string, most int) (any, bool) {
		alternatives, given := n.rules[keyword].([]any)
		if !given {
			return value, true
		}
		out, count := value, 0
		for _, one := range alternatives {
			rules := one.(map[string]any) // eachNode made sure
			trial := &checker{}
			if filled := trial.check(node{n.Schema, rules, n.path}, value, nil); len(trial.found) == 0 {
				out = filled
				if count++; most == 0 {
					break
				}
			}
		}
		return out, count > 0 && (most == 0 || count <= most)
	}
	out, fits := fitting("oneOf", 1)
	if !fits {
		c.add(n, "not_one_schema_valid", "failed to validate", valueOf(value))
		return value
	}
	value = out
	if out, fits = fitting("anyOf", 0); !fits {
		c.add(n, "any_schemas_not_valid", "failed to validate", valueOf(value))
		return value
	}
	return out
}

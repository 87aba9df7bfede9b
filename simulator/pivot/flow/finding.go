package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/schema"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// Finding is one thing about an answer that its developer should know.
type Finding struct {
	// Path leads to it: $ is the answer, $.children._.data.text a member.
	Path string
	// Line and Column count from 1, columns in characters.
	Line, Column int
	// Rule is the schema's keyword that is broken (type, required, enum …), module for
	// an unknown one, url for an address that is refused, json for what is none; of
	// warnings key and repeated.
	Rule string
	// Text says what is wrong, and how it is put right where that can be guessed.
	Text string
	// Kazoo is what a real Kazoo does with it.
	Kazoo string
	// Warning tells what Kazoo takes, but probably not as it was meant.
	Warning bool

	offset int
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Sentence())
}

// Sentence says what is wrong, and what Kazoo does with it, but not at which line.
func (f Finding) Sentence() string {
	if f.Path == "$" { // the text calls it the answer
		return suggest.Then(f.Text, f.Kazoo)
	}
	return suggest.Then(f.Path+": "+f.Text, f.Kazoo)
}

const refusedByKazoo = "Kazoo says processing, then failed, and leaves the caller in silence (" + FlowErrorCrash + ")"

// MaxFindings is how many Check tells of, but for a last one that says how many more there are.
const MaxFindings = 100

// findings are those of one answer. To place one takes as long as the text is.
type findings struct {
	text  source
	found []Finding
	told  map[string]bool
	more  int // that are only counted
}

func (fs *findings) full() bool {
	if len(fs.found) < MaxFindings {
		return false
	}
	fs.more++
	return true
}

// add places a finding where a path leads to. The same one is told once.
func (fs *findings) add(f Finding, path []string) {
	f.Path = pathOf(path)
	fs.text.place(&f, fs.text.find(path))
	if said := f.String(); !fs.told[said] {
		fs.told[said] = true
		fs.found = append(fs.found, f)
	}
}

// all are in the order of the text.
func (fs *findings) all() []Finding {
	slices.SortStableFunc(fs.found, func(a, b Finding) int { return a.offset - b.offset })
	if fs.more > 0 {
		last := Finding{Rule: "more", Text: fmt.Sprintf("there are %d more findings, which are not told", fs.more), Warning: true}
		fs.text.place(&last, len(fs.text))
		return append(fs.found, last)
	}
	return fs.found
}

// explain words what the schemas found wrong.
func (c *Checker) explain(fs *findings, doc any, wrong []schema.Violation) {
	for _, v := range wrong {
		if v.Rule == "schema" || fs.full() {
			continue // of a schema the module's own violation says more
		}
		v.Path = given(doc, v.Path)
		f := Finding{Rule: v.Rule, Kazoo: refusedByKazoo}
		f.Text = c.sentence(doc, v, &f)
		fs.add(f, v.Path)
	}
}

// given is a path up to what the answer lacks: a fault in a default is one of what is not there.
func given(doc any, path []string) []string {
	for i := range path {
		if parent, ok := at(doc, path[:i]).(jobj.Object); ok && !parent.Has(path[i]) {
			return path[:i+1]
		}
	}
	return path
}

// sentence is the text of a finding, whose rule it may name better.
func (c *Checker) sentence(doc any, v schema.Violation, f *Finding) string {
	value := at(doc, v.Path)
	name := "the answer"
	if len(v.Path) > 0 {
		name = v.Path[len(v.Path)-1]
	}
	shown := short(value)
	message := v.Details.String("message")
	rule := v.Rule
	if len(v.Path) > 0 {
		if parent, ok := at(doc, v.Path[:len(v.Path)-1]).(jobj.Object); ok && !parent.Has(name) {
			rule = "required" // what it is filled in with does not do
			f.Rule = rule
		}
	}
	switch rule {
	case "required":
		parent, _ := at(doc, v.Path[:len(v.Path)-1]).(jobj.Object)
		return name + " is missing" + c.instead(name, parent)
	case "enum":
		choices, _ := v.Details.Get("target")
		words := texts(choices)
		given, _ := value.(string)
		return fmt.Sprintf("%s is %s, and must be one of %s%s", name, shown, strings.Join(words, " "), suggest.Hint(given, words))
	case "type":
		if len(v.Path) == 0 {
			return "the answer must be one action, an object with module, data and children, not " + shown
		}
		return fmt.Sprintf("%s must be of type %s, not %s", name, v.Details.String("target"), shown)
	case "error":
		if module, ok := strings.CutPrefix(message, "unable to find callflow schema for module "); ok {
			f.Rule = "module"
			return fmt.Sprintf("there is no module %q%s", module, suggest.Hint(module, c.modules))
		}
		f.Rule = "url"
		return fmt.Sprintf("%s is %s, which no answer may name", name, shown)
	case "pattern":
		return fmt.Sprintf("%s is %s, and must match %s", name, shown, v.Details.String("target"))
	case "not_one_schema_valid", "any_schemas_not_valid":
		return fmt.Sprintf("%s is %s, which is none of the forms that it can have", name, shown)
	}
	return fmt.Sprintf("%s is %s: %s", name, shown, strings.ToLower(message[:min(1, len(message))])+message[min(1, len(message)):])
}

// instead is a hint for a member that is missing.
func (c *Checker) instead(name string, parent jobj.Object) string {
	keys := make([]string, len(parent))
	for i, m := range parent {
		keys[i] = m.Key
	}
	if near := suggest.Nearest(name, keys); len(near) > 0 {
		return fmt.Sprintf("; is %s meant for it?", near[0])
	}
	if name == "data" {
		return c.needed(parent.String("module"))
	}
	if name != "module" {
		return ""
	}
	for _, m := range parent {
		if inner, ok := m.Value.(jobj.Object); ok && inner.Has("module") {
			return fmt.Sprintf("; answer with what stands under %s alone", m.Key)
		}
	}
	return ""
}

// needed says what the data of a module cannot do without.
func (c *Checker) needed(module string) string {
	form, known := c.set.Get(prefix + module)
	if !known {
		return ""
	}
	tree := form.Tree()
	required, _ := tree.Get("required")
	keys := slices.DeleteFunc(texts(required), func(key string) bool {
		_, filled := tree.Get("properties", key, "default")
		return filled
	})
	if len(keys) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s needs %s in it", module, strings.Join(keys, " and "))
}

// warn tells what Kazoo takes in a node and below it, but passes over.
func (c *Checker) warn(fs *findings, doc any, path []string) {
	node, ok := doc.(jobj.Object)
	if !ok {
		return
	}
	c.strays(fs, node, path, []string{"module", "data", "children"}, "an action")
	module := node.String("module")
	if form, known := c.set.Get(prefix + module); known {
		inner := append(slices.Clip(path), "data")
		var keys []string
		for _, m := range form.Tree().Object("properties") {
			keys = append(keys, m.Key)
		}
		c.strays(fs, node.Object("data"), inner, keys, "the data of "+module)
		if data := node.Object("data"); (module == "user" || module == "device") && data.String("id") == "" && !data.Bool(false, "skip_module") && !fs.full() {
			fs.add(Finding{
				Warning: true, Rule: "id", Text: "the data of " + module + " names no id: there is nobody to ring",
				Kazoo: "Kazoo takes the answer, and rings nobody",
			}, inner)
		}
	}
	for _, m := range node.Object("children") {
		c.warn(fs, m.Value, append(slices.Clip(path), "children", m.Key))
	}
}

// strays are keys that are nearly known, or that stand twice.
func (c *Checker) strays(fs *findings, object jobj.Object, path, known []string, of string) {
	seen := make(map[string]bool, len(object))
	for _, m := range object {
		f := Finding{Warning: true}
		near := suggest.Nearest(m.Key, known)
		switch {
		case seen[m.Key]:
			f.Rule, f.Text = "repeated", fmt.Sprintf("%s stands more than once: only the first counts", m.Key)
			f.Kazoo = "Kazoo keeps both and reads the first"
		case slices.Contains(known, m.Key) || len(near) == 0:
			seen[m.Key] = true
			continue
		default:
			f.Rule, f.Text = "key", fmt.Sprintf("%s has no key %s%s", of, m.Key, suggest.Offer(near))
			f.Kazoo = "Kazoo takes the answer, and passes over the key"
		}
		seen[m.Key] = true
		if !fs.full() {
			fs.add(f, append(slices.Clip(path), m.Key))
		}
	}
}

func pathOf(path []string) string { return strings.Join(append([]string{"$"}, path...), ".") }

// at is the value that a path leads to, nil for none.
func at(doc any, path []string) any {
	for _, step := range path {
		switch inner := doc.(type) {
		case jobj.Object:
			doc, _ = inner.Get(step)
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(inner) {
				return nil
			}
			doc = inner[i]
		default:
			return nil
		}
	}
	return doc
}

// short is a value as a sentence can hold it.
func short(value any) string {
	switch value.(type) {
	case jobj.Object:
		return "an object"
	case []any:
		return "an array"
	}
	const most = 60
	text := string(jobj.Append(nil, value))
	if utf8.RuneCountInString(text) > most {
		return string([]rune(text)[:most]) + "…"
	}
	return text
}

func texts(list any) []string {
	elements, _ := list.([]any)
	var out []string
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// source is an answer's text.
type source []byte

// find is where the value stands that a path leads to; of a path that leads nowhere
// where it ends.
func (s source) find(path []string) int {
	value := gjson.ParseBytes(s)
	for _, step := range path {
		var next gjson.Result
		index := 0
		value.ForEach(func(key, inner gjson.Result) bool {
			if value.IsArray() && strconv.Itoa(index) == step || value.IsObject() && key.String() == step {
				next = inner
				return false
			}
			index++
			return true
		})
		if !next.Exists() {
			break
		}
		value = next
	}
	return value.Index
}

// place notes the line and column of an offset.
func (s source) place(f *Finding, offset int) {
	f.offset = min(offset, len(s))
	before := string(s[:f.offset])
	f.Line = 1 + strings.Count(before, "\n")
	f.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	if f.Path == "" {
		f.Path = "$"
	}
}

package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/kapi/schemas"
	"github.com/kazoolab/kazoolab/internal/schema"
)

// The quirks of JSON answers.
const (
	FlowErrorCrash    = "flow-error-crash"
	DefaultTerminator = "default-terminator"
)

// Checker knows the modules and their data. Safe for concurrent use.
type Checker struct {
	set     *schema.Set
	action  *schema.Schema
	modules []string
}

// New makes a checker. refused says why an address in a flow may not be asked, "" when
// it may (kz_json_schema_extensions:url_validation/2); nil lets all of http and https
// pass, as a lab without a network must.
func New(refused func(address string) string) (*Checker, error) {
	set, err := schema.NewSet(schemas.Files(), ".", refused)
	if err != nil {
		return nil, err
	}
	action, ok := set.Get(prefix + "action")
	if !ok {
		return nil, errors.New("there is no schema of a callflow's action")
	}
	c := &Checker{set: set, action: action}
	for _, name := range set.Names() {
		// Those with a dot are of parts of a module's data.
		if module, ok := strings.CutPrefix(name, prefix); ok && module != "action" && !strings.Contains(module, ".") {
			c.modules = append(c.modules, module)
		}
	}
	return c, nil
}

const prefix = "callflows."

// Modules lists the modules whose data have a schema, sorted.
func (c *Checker) Modules() []string { return slices.Clone(c.modules) }

// Result is what a text turned out to be.
type Result struct {
	// Valid tells a flow that Kazoo takes; Findings are then only warnings.
	Valid bool
	// Broken tells a text that is no JSON: Kazoo fails and hangs up.
	Broken bool
	// Ours tells that it is broken by nothing but a limit of this program.
	Ours bool
	// Flow is the flow with its defaults, and Text the same as CHANNEL_PIVOT's
	// Application-Data carries it. Both are zero unless Valid.
	Flow jobj.Object
	Text string
	// Findings are in the order of the text: at most MaxFindings, and one that says how many more there are.
	Findings []Finding
}

// Check reads an answer's body (kzt_kazoo:exec/2). Schema defaults that are absent are
// appended to each node's data at any depth; in kazoo mode the terminator among them
// beats an explicit array, and a device gets 0 s to ring (quirk default-terminator).
func (c *Checker) Check(text []byte, compat fidelity.Compat) Result {
	source := source(text)
	if at := loneSurrogate(text); at >= 0 {
		return broken(source, at, "half of a surrogate pair, which stands for no character")
	}
	doc, err := jobj.Parse(text)
	if syntax, ok := errors.AsType[*jobj.SyntaxError](err); ok && syntax.Reason == jobj.TooDeep {
		return tooDeep(source, int(syntax.Offset))
	}
	if err != nil {
		at, reason := syntaxAt(text, err)
		return broken(source, at, reason)
	}
	if number := overflow(doc); number != "" {
		return broken(source, max(strings.Index(string(text), number), 0), number+" is larger than any number")
	}
	var r Result
	filled, wrong := c.action.CheckStrict(doc)
	found := &findings{text: source, told: map[string]bool{}}
	c.explain(found, doc, wrong)
	c.warn(found, doc, nil)
	r.Findings = found.all()
	if len(wrong) > 0 {
		return r
	}
	flow, ok := filled.(jobj.Object)
	if !ok {
		return r // the schema makes sure
	}
	if compat == fidelity.Corrected {
		given, _ := doc.(jobj.Object)
		flow = withoutForced(given, flow)
	}
	r.Valid = true
	r.Text = string(form.AppendCompact(nil, gjson.ParseBytes(jobj.Append(nil, flow)), false))
	r.Flow = flow
	return r
}

// overflow is a number that no float holds, which the reference's decoder refuses.
func overflow(v any) string {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err != nil && math.IsInf(f, 0) && strings.ContainsAny(v.String(), ".eE") {
			return v.String()
		}
	case jobj.Object:
		for _, m := range v {
			if number := overflow(m.Value); number != "" {
				return number
			}
		}
	case []any:
		for _, one := range v {
			if number := overflow(one); number != "" {
				return number
			}
		}
	}
	return ""
}

// syntaxAt is the byte that stops a text from being JSON, and why.
func syntaxAt(text []byte, err error) (at int, reason string) {
	var whole json.RawMessage
	// The other decoder's place is exact.
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &whole)); ok {
		at = int(syntax.Offset)
		switch {
		case strings.Contains(syntax.Error(), "unexpected end"):
			return min(at, len(text)), "it ends too early"
		case bytes.HasPrefix(text, []byte("\ufeff")):
			return 0, "a byte order mark stands before it"
		}
		return max(at-1, 0), plainly(text, at, syntax.Error())
	}
	if syntax, ok := errors.AsType[*jobj.SyntaxError](err); ok {
		return int(syntax.Offset), syntax.Reason
	}
	return 0, err.Error()
}

// plainly says what most often is wrong with JSON as one would who writes it by hand. at counts the
// bytes up to the one that is wrong, that one too.
func plainly(text []byte, at int, reason string) string {
	here := string(text[max(at-1, 0):min(at, len(text))])
	comma := bytes.HasSuffix(bytes.TrimSpace(text[:max(at-1, 0)]), []byte(","))
	ends := func(what string) bool { return strings.HasSuffix(reason, what) }
	const key, value = "looking for beginning of object key string", "looking for beginning of value"
	switch {
	case ends("after object key"):
		return "a colon is missing before it"
	case here == `"` && (ends("after object key:value pair") || ends("after array element")):
		return "a comma is missing before it"
	case here == "," && comma:
		return "there is a comma too many"
	case (here == "}" || here == "]") && comma:
		return "a comma stands before " + here + ": leave it out"
	case here == "'" && (ends(key) || ends(value)):
		return "texts and keys stand in double quotes"
	case ends(key) && bareKey.MatchString(here):
		return "a key stands in double quotes"
	}
	return reason
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_$]$`)

func broken(source source, at int, reason string) Result {
	f := Finding{
		Rule:  "json",
		Text:  "the answer is no JSON: " + reason,
		Kazoo: "Kazoo says failed and hangs the caller up",
	}
	source.place(&f, at)
	return Result{Broken: true, Findings: []Finding{f}}
}

func tooDeep(source source, at int) Result {
	r := broken(source, at, jobj.TooDeep)
	r.Ours = true
	r.Findings[0].Text = "the answer is not read: " + jobj.TooDeep
	r.Findings[0].Kazoo = "Kazoo has no such limit"
	return r
}

// withoutForced takes out of a checked flow the defaults that hide what was given or
// meant. Members stand where they were given, as defaults come behind them.
func withoutForced(given, filled jobj.Object) jobj.Object {
	filled = slices.Clone(filled)
	for i, m := range filled {
		object, isObject := m.Value.(jobj.Object)
		if i >= len(given) || !isObject {
			continue
		}
		before, _ := given[i].Value.(jobj.Object)
		switch m.Key {
		case "data":
			filled[i].Value = data(given.String("module"), before, object)
		case "children":
			object = slices.Clone(object)
			for at := range object {
				child, _ := object[at].Value.(jobj.Object)
				was, _ := before[at].Value.(jobj.Object)
				object[at].Value = withoutForced(was, child)
			}
			filled[i].Value = object
		}
	}
	return filled
}

func data(module string, given, filled jobj.Object) jobj.Object {
	switch {
	case module == "collect_dtmf" && given.Has("terminators") && !given.Has("terminator"):
		return filled.Delete("terminator")
	case module == "device" && !given.Has("timeout"):
		return filled.Delete("timeout")
	}
	return filled
}

// loneSurrogate is where a string escapes half of a surrogate pair, which the
// reference's decoder refuses and Go's replaces; -1 for nowhere.
func loneSurrogate(text []byte) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		high := escape(text[i:])
		switch {
		case high >= 0xD800 && high < 0xDC00 && i+6 < len(text):
			if low := escape(text[i+6:]); low < 0xDC00 || low > 0xDFFF {
				return i
			}
			i += 11
		case high >= 0xD800 && high <= 0xDFFF:
			return i
		default:
			i++ // what is escaped
		}
	}
	return -1
}

// escape is the code of a \uXXXX that text begins with, or -1.
func escape(text []byte) int {
	var code int
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	if n, err := fmt.Sscanf(string(text[2:6]), "%4x", &code); n != 1 || err != nil {
		return -1
	}
	return code
}

package schema_test

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/schema"
)

const everything = `{
	"type": "object",
	"required": ["name"],
	"properties": {
		"name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
		"count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
		"rate": {"type": "number"},
		"on": {"type": "boolean", "default": true},
		"word": {"type": "string", "enum": ["b", "a"]},
		"either": {"type": ["string", "integer"]},
		"list": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2, "uniqueItems": true},
		"inner": {
			"type": "object",
			"default": {},
			"minProperties": 1,
			"additionalProperties": false,
			"properties": {"deep": {"type": "string", "default": "d"}, "x": {}}
		}
	}
}`

func TestCheck(t *testing.T) {
	s, err := schema.Compile("everything", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	const filled = `"count":3,"inner":{"deep":"d"},"on":true`
	for _, c := range []struct{ in, out, wrong string }{
		{`{"name":"abc"}`, `{"name":"abc",` + filled + `}`, ""},
		{`{"name":"abc","count":"7","on":"false","rate":"1.5"}`, `{"name":"abc","count":7,"on":false,"rate":1.5,"inner":{"deep":"d"}}`, ""},
		{`{"name":"abc","count":2.5}`, `{"name":"abc","count":3,"inner":{"deep":"d"},"on":true}`, ""},
		{`{"name":"abc","count":"3.0"}`, `{"name":"abc","count":3,"inner":{"deep":"d"},"on":true}`, ""},
		{`{"name":"abc","either":"5"}`, `{"name":"abc","either":"5",` + filled + `}`, ""},
		{`{}`, "", `name required {"message":"Field is required but missing","value":"name"}`},
		{`[]`, "", ` type {"message":"Value did not match type(s): object","target":"object","value":[]}`},
		{`{"name":null}`, "", `name type {"message":"Value did not match type(s): string","target":"string","value":null}`},
		{`{"name":"a"}`, "", `name minLength {"message":"String must be at least 2 characters","target":2,"cause":"a","value":"a"}`},
		{`{"name":"abcde"}`, "", `name maxLength {"message":"String must not be more than 4 characters","target":4,"cause":"abcde","value":"abcde"}`},
		{`{"name":"ABC"}`, "", `name pattern {"message":"Failed to match pattern '^[a-z]+$'","target":"^[a-z]+$","value":"ABC"}`},
		{`{"name":"abc","count":0}`, "", `count minimum {"message":"Value must be at least 1","target":1,"value":0}`},
		{`{"name":"abc","count":"12"}`, "", `count maximum {"message":"Value must be at most 9","target":9,"value":12}`},
		{`{"name":"abc","count":"TRUE"}`, "", `count type {"message":"Value did not match type(s): integer","target":"integer","value":"TRUE"}`},
		{`{"name":"abc","on":1}`, "", `on type {"message":"Value did not match type(s): boolean","target":"boolean","value":1}`},
		{`{"name":"abc","on":"TRUE"}`, "", `on type {"message":"Value did not match type(s): boolean","target":"boolean","value":"TRUE"}`},
		{`{"name":"abc","word":"c"}`, "", `word enum {"message":"Value not found in enumerated list of values","target":["b","a"],"value":"c"}`},
		{`{"name":"abc","list":[]}`, "", `list minItems {"message":"The list must have at least 1 items","target":1,"value":[]}`},
		{`{"name":"abc","list":[1,2,3]}`, "", `list maxItems {"message":"The list is more than 2 items","target":2,"value":[1,2,3]}`},
		{`{"name":"abc","list":[1,1]}`, "", `list uniqueItems {"message":"List of items is not unique","value":[1,1]}`},
		{`{"name":"abc","list":["x"]}`, "", `list.0 type {"message":"Value did not match type(s): integer","target":"integer","value":"x"}`},
		{`{"name":"abc","inner":{"a.b":1}}`, "", `inner.a%2Eb additionalProperties {"message":"Strict checking of data is enabled; only include schema-defined properties","value":{"a.b":1,"deep":"d"}}`},
	} {
		doc, err := jobj.Parse([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		out, wrong := s.Check(doc)
		var said []string
		for _, v := range wrong {
			said = append(said, v.Key()+" "+v.Rule+" "+string(jobj.Append(nil, v.Details)))
		}
		if got := strings.Join(said, "\n"); got != c.wrong {
			t.Errorf("%s is refused for\n%s\nwant\n%s", c.in, got, c.wrong)
		}
		if got := string(jobj.Append(nil, out)); c.wrong == "" && got != c.out {
			t.Errorf("%s becomes\n%s\nwant\n%s", c.in, got, c.out)
		}
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	s, err := schema.Compile("everything", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := jobj.Parse([]byte(`{"count":99,"word":"c"}`))
	if _, wrong := s.Check(doc); len(wrong) != 3 {
		t.Errorf("told %v", wrong)
	}
}

func TestNothingIsCastWhenStrict(t *testing.T) {
	s, err := schema.Compile("everything", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"name":"abc","count":"3"}`, `{"name":"abc","count":1.0}`, `{"name":"abc","on":"true"}`, `{"name":"abc","rate":"1"}`} {
		doc, err := jobj.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := s.CheckStrict(doc); len(wrong) != 1 || wrong[0].Rule != "type" {
			t.Errorf("%s: told %v", text, wrong)
		}
		if _, wrong := s.Check(doc); len(wrong) != 0 {
			t.Errorf("%s: told %v where values are cast", text, wrong)
		}
	}
}

func TestNumbersBeyondFloatsTakeNoTime(t *testing.T) {
	s, err := schema.Compile("everything", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	// A validator that reckons exactly would run into the test's own time limit.
	for _, number := range []string{"1e999999", "-1e999999999", "1e-999999999"} {
		for _, member := range []string{"count", "rate", "name", "either", "other"} {
			doc, err := jobj.Parse([]byte(`{"` + member + `":` + number + `,"name":"abc"}`)) // the first counts
			if err != nil {
				t.Fatal(err)
			}
			if _, wrong := s.Check(doc); member == "name" && len(wrong) == 0 {
				t.Errorf("%s passes as a name", number)
			}
		}
	}
}

func TestWithEnum(t *testing.T) {
	s, err := schema.Compile("everything", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := s.WithEnum("word", []string{"z", "y"})
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := jobj.Parse([]byte(`{"name":"abc","word":"z"}`))
	if _, wrong := changed.Check(doc); len(wrong) != 0 {
		t.Errorf("told %v", wrong)
	}
	if _, wrong := s.Check(doc); len(wrong) != 1 {
		t.Error("the first schema has changed too")
	}
	if _, err := s.WithEnum("nothing", nil); err == nil {
		t.Error("a property that is not there")
	}
}

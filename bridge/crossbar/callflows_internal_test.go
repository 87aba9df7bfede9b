package crossbar

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func TestModulesOfAFlow(t *testing.T) {
	g := NewWithT(t)
	for text, want := range map[string]string{
		`{}`:              `[]`,
		`{"flow":"text"}`: `[]`,
		`{"flow":{"module":"user","data":{},"children":{"_":{"module":"voicemail","data":{"id":"x"}},"1":{"module":"user","data":{}}}}}`: `["user","voicemail"]`,
		`{"flow":{"module":"user","data":{"skip_module":true},"children":{"_":{"module":"menu","data":{"skip_module":"true"}}}}}`:        `["menu"]`,
		// Not what the schema lets by, but other writers might.
		`{"flow":{"module":{"a":1},"data":{},"children":{"_":{"module":{"a":1},"data":{}}}}}`:   `[]`,
		`{"flow":{"module":["a"],"data":[],"children":{"_":{"module":["a"],"data":{}},"2":7}}}`: `[]`,
		`{"flow":{"module":"a","data":null,"children":[{"module":"b","data":{}}]}}`:             `[]`,
	} {
		object, err := jobj.ParseObject([]byte(text))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(jobj.Append(nil, modules(object)))).To(Equal(want), text)
	}
}

// What is worked out of a callflow holds whatever is in it.
func FuzzCallflow(f *testing.F) {
	for _, seed := range []string{
		`{"flow":{"module":["a"],"data":{},"children":{"_":{"module":["a"],"data":{}}}}}`,
		`{"flow":[{"module":"a"}],"numbers":{"a":1},"patterns":"x","featurecode":[]}`,
		`{"flow":{"module":"a","data":{"id":["x"],"skip_module":{}},"children":{"x":[]}},"numbers":[1,null,["a"]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := jobj.ParseObject(text)
		if err != nil {
			return
		}
		doc := store.Document{ID: "c", Body: object}
		row := rowOf(doc, callflows().fields)
		if named := namedIn(object.Object("flow")); len(named) > maxNamed {
			t.Errorf("%d ids are looked up", len(named))
		}
		again, err := jobj.ParseObject(jobj.Append(nil, row))
		if err != nil {
			t.Fatalf("%s: %v", jobj.Append(nil, row), err)
		}
		list, _ := again.Get("modules")
		for _, module := range list.([]any) {
			if text, isText := module.(string); !isText || text == "" {
				t.Errorf("%v is no module", module)
			}
		}
	})
}

package payload_test

import (
	"encoding/json"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

func TestJSONBodies(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"empty", `{}`, "{\n  \n}"},
		{"empty ones at each place", `{"a":{},"b":[],"c":{"d":{},"e":[[]]}}`,
			"{\n  \"a\" : {\n    \n  },\n  \"b\" : [\n    \n  ],\n  \"c\" : {\n    \"d\" : {\n      \n    },\n    \"e\" : [\n      [\n        \n      ]\n    ]\n  }\n}"},
		{"list", `{"a":[1,"x",null,true]}`, "{\n  \"a\" : [\n    1,\n    \"x\",\n    null,\n    true\n  ]\n}"},
		{"null", `{"a":null}`, "{\n  \"a\" : null\n}"},
		{"repeated keys stay", `{"a":1,"a":2}`, "{\n  \"a\" : 1,\n  \"a\" : 2\n}"},
		{"escapes", `{"\"\\\/\b\f\n\r\t":"\u0000\u001f\u007f"}`, "{\n  \"\\\"\\\\/\\b\\f\\n\\r\\t\" : \"\\u0000\\u001F\u007f\"\n}"},
		{"other letters stand as they are", `{"é":"\u2028\ud83d\ude00<>&"}`, "{\n  \"é\" : \"\u2028😀<>&\"\n}"},
		{"spaces of the event are not kept", "{ \"a\" :\t[ 1 , 2 ] }", "{\n  \"a\" : [\n    1,\n    2\n  ]\n}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, mode := range fidelity.Compats() {
				got := payload.Parse(c.in).JSON(mode)
				if string(got) != c.want {
					t.Errorf("%s: got %q, want %q", mode, got, c.want)
				}
				if !json.Valid(got) {
					t.Errorf("%s: %s is not JSON", mode, got)
				}
			}
		})
	}
}

package request_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

func TestMembersOfACallAreTexts(t *testing.T) {
	for given, want := range map[string]string{
		`"x"`: "x", `1001`: "1001", `-0`: "0", `1e5`: "100000.0", `1e22`: "1.0e+22", `-2.5e-3`: "-0.0025",
		`true`: "true", `null`: "null", `["a",["b"],67]`: "abC", `{"b":1,"a":[1.0]}`: `{"b":1,"a":[1.0]}`, `{}`: "{}",
		`""`: "", `[]`: "", `[1.5]`: "", `[null]`: "", `[300]`: "",
	} {
		g := NewWithT(t)
		call := object(t, `{"From-User":`+given+`,"Unknown":`+given+`}`)
		texts := request.Texts(call)
		g.Expect(texts.Has("From-User")).To(Equal(want != ""), given)
		g.Expect(texts.String("From-User")).To(Equal(want), given)
		unknown, _ := texts.Get("Unknown")
		g.Expect(string(jobj.Append(nil, unknown))).To(Equal(given), "what is no text stays")
		if want == "" {
			want = "nouser"
		}
		params := request.Params(request.Values{Call: call, Format: request.FormatTwiML}, fidelity.Kazoo)
		g.Expect(params.String("From")).To(Equal(want), given)
	}
}

func TestCallerIDsThatCountAsNone(t *testing.T) {
	for given, want := range map[string]string{`"0"`: "unknown", `0`: "unknown", `"NULL"`: "unknown", `"undefined"`: "unknown", `"null"`: "null", `"00"`: "00"} {
		g := NewWithT(t)
		v := request.Values{Call: object(t, `{"Caller-ID-Name":`+given+`}`), Format: request.FormatKazoo}
		g.Expect(request.Params(v, fidelity.Kazoo).String("Caller-ID-Name")).To(Equal(want), given)
	}
}

func TestCustomVariablesAreMerged(t *testing.T) {
	for given, want := range map[string]string{
		`{"a":1,"c":2,"B":3}`:            `{"c":2,"a":1,"B":3}`,
		`{"a":{"x":1,"y":null,"z":2}}`:   `{"a":{"z":2,"x":1}}`,
		`{"a":[{"x":1,"y":null,"z":2}]}`: `{"a":[{"x":1,"y":null,"z":2}]}`,
		`{"a":1,"b":0,"a":2,"a":null}`:   `{"b":0,"a":2,"a":1}`,
		`{"a":"x","a":[1],"a":true}`:     `{"a":"x","a":[1],"a":true}`,
	} {
		g := NewWithT(t)
		v := request.Values{Call: jobj.Object{{Key: "Custom-Application-Vars", Value: object(t, given)}}, Format: request.FormatKazoo}
		params := request.Params(v, fidelity.Kazoo)
		got := string(jobj.Append(nil, params.Object("Custom-Application-Vars")))
		g.Expect(got).To(Equal(want), given)
	}
}

func TestAVariableThatIsThereTwiceIsSentTwice(t *testing.T) {
	g := NewWithT(t)
	v := request.Values{Variables: object(t, `{"z":1,"Digits":"7","z":3}`), Live: jobj.Object{{Key: "Digits", Value: "8"}}}
	params := request.Params(v, fidelity.Kazoo)
	g.Expect(request.JSON(params, fidelity.Kazoo)).To(Equal(`{"z":1,"Digits":"8","z":3}`))
	g.Expect(request.Form(params, fidelity.Kazoo)).To(Equal("z=1&Digits=8&z=1"))
	g.Expect(request.Form(params, fidelity.Corrected)).To(Equal("Digits=8&z=3"))
	g.Expect(v.Variables.String("Digits")).To(Equal("7"), "what was given is left alone")
}

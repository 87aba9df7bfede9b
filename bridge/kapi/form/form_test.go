package form_test

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
)

func TestFormText(t *testing.T) {
	for _, c := range []struct{ in, kazoo, corrected string }{
		{`{"a":"x y~é","b":1.50,"c":true}`, "a=x+y~%C3%A9&b=1.5&c=true", "a=x+y~%C3%A9&b=1.50&c=true"},
		{`{"a":{},"b":[],"c":null}`, "&&c=", "c="},
		{`{"k&":{"l":["1","2"]},"k&":3}`, "k&[l][]=1&k&[l][]=2&k&[l][]=1&k&[l][]=2", "k%26=3"},
		{`{"l":[{"a":1},["b",99]]}`, "l[]=%7B%22a%22%3A1%7D&l[]=bc", "l[0][a]=1&l[1][]=b&l[1][]=99"},
		{`[]`, "", ""},
	} {
		members := form.Parse(c.in)
		if got := string(members.Append(nil)); got != c.kazoo {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.kazoo)
		}
		if got := string(members.AppendCorrected(nil)); got != c.corrected {
			t.Errorf("%s corrected\n got %s\nwant %s", c.in, got, c.corrected)
		}
	}
}

func FuzzForm(f *testing.F) {
	for _, in := range []string{`{"a":{"b":[1,{"c":null}]}}`, `{"":[[[1e400,"\ud800"]]]}`, `{"a":-0,"a":1e21}`, "{\"\xff\":1}"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			return
		}
		members := form.Parse(in)
		_, _ = members.Append(nil), members.AppendCorrected(nil)
		if list := members.List(); members != nil && !json.Valid(list) {
			t.Errorf("%q has the list %s", in, list)
		}
		if text := form.AppendCompact(nil, gjson.Parse(in), true); !json.Valid(text) {
			t.Errorf("%q is printed as %s", in, text)
		}
	})
}

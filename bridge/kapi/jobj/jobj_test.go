package jobj_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func parse(t testing.TB, text string) jobj.Object {
	t.Helper()
	obj, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func text(v any) string { return string(jobj.Append(nil, v)) }

func TestOrderNumbersAndRepeatedKeysSurvive(t *testing.T) {
	const in = `{"z":1.50,"a":[-0,1e400,{"b":null}],"z":"é\u0000\"\\/\n","m":{},"l":[],"t":true}`
	const want = `{"z":1.50,"a":[-0,1e400,{"b":null}],"z":"é\u0000\"\\/\n","m":{},"l":[],"t":true}`
	if got := text(parse(t, in)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestLookups(t *testing.T) {
	o := parse(t, `{"a":{"b":"c","n":7},"t":"true","f":false,"x":1,"x":2,"s":""}`)
	if o.String("a", "b") != "c" || o.String("a", "n") != "" || o.String("none", "b") != "" {
		t.Error("strings")
	}
	if o.Int("a", "n") != 7 || o.Int("a", "b") != 0 || o.Int("x") != 1 {
		t.Error("integers; of a repeated key the first counts")
	}
	if !o.Bool(false, "t") || o.Bool(true, "f") || !o.Bool(true, "s") || o.Bool(false, "a") {
		t.Error("booleans")
	}
	if o.Object("a").String("b") != "c" || o.Object("t") != nil || !o.Has("s") || o.Has("b") {
		t.Error("objects")
	}
}

func TestChangingLeavesTheOriginalAlone(t *testing.T) {
	o := parse(t, `{"a":1,"b":{"c":1,"d":2},"e":3}`)
	before := text(o)
	cases := []struct {
		name string
		got  jobj.Object
		want string
	}{
		{"set in place", o.Set("a", "x"), `{"a":"x","b":{"c":1,"d":2},"e":3}`},
		{"set appends", o.Set("z", 1), `{"a":1,"b":{"c":1,"d":2},"e":3,"z":1}`},
		{"delete", o.Delete("a", "e"), `{"b":{"c":1,"d":2}}`},
		{"merge", o.Merge(parse(t, `{"b":{"c":null,"x":[1]},"e":null,"n":{"m":1}}`)), `{"a":1,"b":{"d":2,"x":[1]},"n":{"m":1}}`},
	}
	for _, c := range cases {
		if got := text(c.got); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	_ = o.Set("y", 1)
	_ = o.Set("z", 2)
	if text(o) != before {
		t.Errorf("changed to %s", text(o))
	}
}

func TestErrorsSayWhere(t *testing.T) {
	cases := []struct {
		in string
		at int64
	}{
		{`{"a":}`, 6}, {`{"a":1`, 6}, {``, 0}, {`{} x`, 3}, {`[1,]`, 3}, {`nul`, 3}, {`"x"`, 0},
	}
	for _, c := range cases {
		_, err := jobj.ParseObject([]byte(c.in))
		var syntax *jobj.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v", c.in, err)
			continue
		}
		if syntax.Offset < c.at-1 || syntax.Offset > c.at+1 {
			t.Errorf("%q: error at byte %d, want about %d", c.in, syntax.Offset, c.at)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, in := range []string{`{"a":[1,{"b":null}]}`, `[[[[`, `"\ud83d"`, `{"a":1}{`, "\xff"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		v, err := jobj.Parse([]byte(in))
		if err != nil {
			return
		}
		out := jobj.Append(nil, v)
		if !json.Valid(out) {
			t.Fatalf("%q was printed as %s", in, out)
		}
		again, err := jobj.Parse(out)
		if err != nil || text(again) != string(out) {
			t.Errorf("%s was read back as %s (%v)", out, text(again), err)
		}
	})
}

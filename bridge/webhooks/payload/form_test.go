package payload_test

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Form text in both modes, side by side.
func TestFormText(t *testing.T) {
	cases := []struct{ name, in, kazoo, corrected string }{
		{"texts", `{"a":"x y","b":"é+&=","c":""}`, `a=x+y&b=%C3%A9%2B%26%3D&c=`, `a=x+y&b=%C3%A9%2B%26%3D&c=`},
		{"what stays in a text", `{"a":"AZaz09.-_~"}`, `a=AZaz09.-_~`, `a=AZaz09.-_~`},
		{"control characters, DEL", `{"a":"\u0000\t\n\r\u001f\u007f"}`, `a=%00%09%0A%0D%1F%7F`, `a=%00%09%0A%0D%1F%7F`},
		{"line separators, byte order mark", `{"a":"\u2028\u2029\ufeff"}`, `a=%E2%80%A8%E2%80%A9%EF%BB%BF`, `a=%E2%80%A8%E2%80%A9%EF%BB%BF`},
		{"a pair of surrogates", `{"a":"\ud83d\ude00"}`, `a=%F0%9F%98%80`, `a=%F0%9F%98%80`},
		{"escapes of JSON", `{"a":"\"\\\/\b\f"}`, `a=%22%5C%2F%08%0C`, `a=%22%5C%2F%08%0C`},
		{"the largest character", `{"a":"` + "\U0010FFFF" + `"}`, `a=%F4%8F%BF%BF`, `a=%F4%8F%BF%BF`},
		{"booleans", `{"a":true,"b":false}`, `a=true&b=false`, `a=true&b=false`},
		{"an empty object", `{}`, ``, ``},

		{"raw-keys: an ampersand", `{"a&b":1}`, `a&b=1`, `a%26b=1`},
		{"raw-keys: within a key", `{"o":{"a b":1}}`, `o[a b]=1`, `o[a+b]=1`},
		{"raw-keys: brackets", `{"a[b]":{"c]":1}}`, `a[b][c]]=1`, `a%5Bb%5D[c%5D]=1`},
		{"raw-keys: other letters", `{"ключ":{"é":[1]}}`, `ключ[é][]=1`, `%D0%BA%D0%BB%D1%8E%D1%87[%C3%A9][]=1`},
		{"raw-keys: no key", `{"":{"":1}}`, `[]=1`, `[]=1`},
		{"raw-keys: line break", `{"a\nb":1}`, "a\nb=1", `a%0Ab=1`},

		{"empty-ampersand: in the middle", `{"a":1,"b":{},"c":2}`, `a=1&&c=2`, `a=1&c=2`},
		{"empty-ampersand: at the end", `{"b":1,"a":{}}`, `b=1&`, `b=1`},
		{"empty-ampersand: in front", `{"a":[],"b":1}`, `&b=1`, `b=1`},
		{"empty-ampersand: alone", `{"a":{}}`, ``, ``},
		{"empty-ampersand: several", `{"a":{},"b":[],"c":{}}`, `&&`, ``},
		{"empty-ampersand: within", `{"a":{"b":{},"c":1,"d":[]},"e":2}`, `&a[c]=1&&e=2`, `a[c]=1&e=2`},
		{"empty-ampersand: deep", `{"a":{"b":{"c":[]}},"d":1}`, `&d=1`, `d=1`},

		{"duplicate-first: twice", `{"a":1,"b":2,"a":3}`, `a=1&b=2&a=1`, `b=2&a=3`},
		{"duplicate-first: three times", `{"a":1,"a":{"x":1},"a":[2]}`, `a=1&a=1&a=1`, `a[]=2`},
		{"duplicate-first: within", `{"o":{"a":1,"p":{"b":1,"b":2},"a":3}}`, `o[a]=1&o[p][b]=1&o[p][b]=1&o[a]=1`, `o[p][b]=2&o[a]=3`},
		{"duplicate-first: null comes first", `{"a":null,"a":2}`, `a=&a=`, `a=2`},

		{"list", `{"k":[1,"x y",true,1.0]}`, `k[]=1&k[]=x+y&k[]=true&k[]=1.0`, `k[]=1&k[]=x+y&k[]=true&k[]=1.0`},
		{"list: null is a text", `{"k":[null]}`, `k[]=null`, `k[]=null`},
		{"list: within an object", `{"o":{"k":[1,2]}}`, `o[k][]=1&o[k][]=2`, `o[k][]=1&o[k][]=2`},
		{"list-object-json: one", `{"k":[{"b":1}]}`, `k[]=%7B%22b%22%3A1%7D`, `k[0][b]=1`},
		{"list-object-json: among others", `{"k":["x",{"b":[1,{}]},{}]}`, `k[]=x&k[]=%7B%22b%22%3A%5B1%2C%7B%7D%5D%7D&k[]=%7B%7D`, `k[]=x&k[1][b][]=1`},
		{"list-object-json: repeated keys", `{"k":[{"b":1,"b":2}]}`, `k[]=%7B%22b%22%3A1%2C%22b%22%3A2%7D`, `k[0][b]=2`},
		{"list-object-json: floats", `{"k":[{"b":1e6}]}`, `k[]=%7B%22b%22%3A1000000.0%7D`, `k[0][b]=1e6`},
		{"nested-list-bytes: texts", `{"k":[["x","y"]]}`, `k[]=xy`, `k[0][]=x&k[0][]=y`},
		{"nested-list-bytes: bytes", `{"k":[[72,101,"y"],[[0,255]]]}`, `k[]=Hey&k[]=%00%FF`, `k[0][]=72&k[0][]=101&k[0][]=y&k[1][0][]=0&k[1][0][]=255`},
		{"nested-list-bytes: zero", `{"k":[[-0]]}`, `k[]=%00`, `k[0][]=0`},
		{"nested-list-bytes: no byte", `{"k":[[256,-1,1.5,true,null]]}`, `k[]=256-11.5truenull`, `k[0][]=256&k[0][]=-1&k[0][]=1.5&k[0][]=true&k[0][]=null`},
		{"nested-list-bytes: empty", `{"k":[[]],"l":1}`, `k[]=&l=1`, `l=1`},

		{"null-crash", `{"a":null,"o":{"b":null}}`, `a=&o[b]=`, `a=&o[b]=`},
		{"float-forms", `{"a":1e6,"b":-1.50}`, `a=1.0e%2B6&b=-1.5`, `a=1e6&b=-1.50`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := payload.Check([]byte(c.in)); err != nil {
				t.Fatal(err)
			}
			p := payload.Parse(c.in)
			if got := string(p.Form(fidelity.Kazoo)); got != c.kazoo {
				t.Errorf("kazoo %q, want %q", got, c.kazoo)
			}
			if got := joinDepthFirst(t, p); got != c.kazoo {
				t.Errorf("the list that attempts keep joins to %q, want %q", got, c.kazoo)
			}
			if got := string(p.Form(fidelity.Corrected)); got != c.corrected {
				t.Errorf("corrected %q, want %q", got, c.corrected)
			}
		})
	}
}

// A long object finds its repeated keys in another way than a short one.
func TestFormTextOfManyMembers(t *testing.T) {
	in := `{"a":1` + strings.Repeat(`,"b":2`, 100) + `,"a":3,"b":4}`
	p := payload.Parse(in)
	if got, want := string(p.Form(fidelity.Kazoo)), "a=1"+strings.Repeat("&b=2", 100)+"&a=1&b=2"; got != want {
		t.Errorf("kazoo %s", got)
	}
	if got, want := string(p.Form(fidelity.Corrected)), "a=3&b=4"; got != want {
		t.Errorf("corrected %s", got)
	}
}

func TestFormListIsBuiltAsKazoosIs(t *testing.T) {
	p := payload.Parse(`{"a":1,"o":{"k":"v","l":["x",2]},"l":[true,{}],"e":{},"n":null}`)
	const want = `[["a","=","1"],"&",[[["o"],"[","k","]","=","v"],"&",[[["o"],"[","l","]","[]=","x"],"&",[["o"],"[","l","]","[]=","2"]]],"&",` +
		`[["l","[]=","true"],"&",["l","[]=","%7B%7D"]],"&",[],"&",["n","="]]`
	if got := string(p.FormList()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func joinDepthFirst(t testing.TB, p payload.Payload) string {
	t.Helper()
	list, err := jobj.Parse(p.FormList())
	if err != nil {
		t.Fatalf("the list is no JSON: %v in %s", err, p.FormList())
	}
	return joined(list)
}

func joined(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	for _, e := range v.([]any) {
		b.WriteString(joined(e))
	}
	return b.String()
}

func TestWhatTheReferenceWouldHaveCrashedOn(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"l":[null,{"b":null},["x",255,[0]]],"o":{}}`: ``,
		`{"a":null}`:                    `null-crash`,
		`{"o":{"p":{"a":null}}}`:        `null-crash`,
		`{"a":1,"a":null}`:              ``, // the first value counts
		`{"l":[[256]]}`:                 `nested-list-bytes`,
		`{"l":[[{}]]}`:                  `nested-list-bytes`,
		`{"l":[[[null]]]}`:              `nested-list-bytes`,
		`{"o":{"l":[1,[true]]}}`:        `nested-list-bytes`,
		`{"l":[[1.0]],"o":{"n":null}}`:  `null-crash nested-list-bytes`,
		`{"l":[[-0,"",[]]],"n":"null"}`: ``,
		`{"l":[[-1]]}`:                  `nested-list-bytes`,
	} {
		if got := strings.Join(payload.Parse(in).Crashes(false), " "); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestEncodingOfAHostileEventEnds(t *testing.T) {
	key := strings.Repeat("k", 100_000)
	long := payload.Parse(`{"` + key + `":[` + strings.Repeat("1,", 100_000) + `1]}`)
	deep := payload.Parse(`{"a":` + strings.Repeat("[", 60) + strings.Repeat("1,", 150_000) + `1` + strings.Repeat("]", 60) + `}`)
	for name, text := range map[string][]byte{
		"long keys":           long.Form(fidelity.Kazoo),
		"long keys corrected": long.Form(fidelity.Corrected),
		"deep corrected":      deep.Form(fidelity.Corrected),
		"deep JSON":           deep.JSON(fidelity.Kazoo),
	} {
		if len(text) > payload.MaxEncoded+2*len(key) {
			t.Errorf("%s: %d bytes of text", name, len(text))
		}
	}
}

package payload_test

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// pair is one member of a form text: its name taken apart, and its value.
type pair struct {
	path  []string
	value string
	// exact tells that the value is known byte for byte; else only where it stands.
	exact bool
}

// decodeForm reads form text as a receiver would. An empty part, between two & or
// alone, is a pair without a path.
func decodeForm(t testing.TB, text string, escapedNames bool) []pair {
	t.Helper()
	unescape := func(s string) string {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '+':
				b.WriteByte(' ')
			case '%':
				code, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8)
				if err != nil {
					t.Fatalf("%q: a broken escape in %q", text, s)
				}
				b.WriteByte(byte(code))
				i += 2
			default:
				b.WriteByte(s[i])
			}
		}
		return b.String()
	}
	name := unescape
	if !escapedNames {
		name = func(s string) string { return s }
	}
	var pairs []pair
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			pairs = append(pairs, pair{})
			continue
		}
		left, value, ok := strings.Cut(part, "=")
		if !ok {
			t.Fatalf("%q: no = in %q", text, part)
		}
		first, rest, nested := strings.Cut(left, "[")
		p := pair{path: []string{name(first)}, value: unescape(value)}
		if nested {
			for segment := range strings.SplitSeq(strings.TrimSuffix(rest, "]"), "][") {
				p.path = append(p.path, name(segment))
			}
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// expectCorrected walks an object as corrected form text is defined.
func expectCorrected(path []string, obj jobj.Object) []pair {
	var pairs []pair
	for i, m := range obj {
		if !obj[i+1:].Has(m.Key) {
			pairs = append(pairs, correctedValue(append(slices.Clip(path), m.Key), m.Value)...)
		}
	}
	return pairs
}

func correctedValue(path []string, value any) []pair {
	switch v := value.(type) {
	case jobj.Object:
		return expectCorrected(path, v)
	case []any:
		var pairs []pair
		for i, element := range v {
			segment := ""
			switch element.(type) {
			case jobj.Object, []any:
				segment = strconv.Itoa(i)
			case nil:
				element = "null"
			}
			pairs = append(pairs, correctedValue(append(slices.Clip(path), segment), element)...)
		}
		return pairs
	case json.Number:
		if v == "-0" {
			v = "0"
		}
		return []pair{{path, v.String(), true}}
	case nil:
		return []pair{{path, "", true}}
	case string:
		return []pair{{path, v, true}}
	}
	return []pair{{path, string(jobj.Append(nil, value)), true}}
}

// expectKazoo walks an object as Kazoo's form text is defined.
func expectKazoo(path []string, obj jobj.Object) []pair {
	var pairs []pair
	for _, m := range obj {
		first, _ := obj.Get(m.Key)
		path := append(slices.Clip(path), m.Key)
		var inner []pair
		switch v := first.(type) {
		case jobj.Object:
			inner = expectKazoo(path, v)
		case []any:
			for _, element := range v {
				p := scalarPair(append(slices.Clip(path), ""), element)
				if element == nil {
					p.value = "null"
				}
				inner = append(inner, p)
			}
		default:
			inner = []pair{scalarPair(path, v)}
		}
		if len(inner) == 0 {
			inner = []pair{{}} // its & stays
		}
		pairs = append(pairs, inner...)
	}
	return pairs
}

func scalarPair(path []string, value any) pair {
	switch v := value.(type) {
	case string:
		return pair{path, v, true}
	case nil:
		return pair{path, "", true}
	case bool:
		return pair{path, strconv.FormatBool(v), true}
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			return pair{path, strings.Replace("="+v.String(), "=-0", "=0", 1)[1:], !strings.HasPrefix(v.String(), "-0")}
		}
	}
	return pair{path: path} // a float, JSON text or a joined list: tables have those
}

func comparePairs(t testing.TB, what, in string, got, want []pair) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s of %s: %d members, want %d\n got %v\nwant %v", what, in, len(got), len(want), got, want)
	}
	for i := range got {
		if !slices.Equal(got[i].path, want[i].path) || want[i].exact && got[i].value != want[i].value {
			t.Errorf("%s of %s: got %v, want %v", what, in, got[i], want[i])
		}
	}
}

// checkEncodings holds every text of one object against what a receiver reads.
func checkEncodings(t testing.TB, in string) {
	t.Helper()
	obj, err := jobj.ParseObject([]byte(in))
	if err != nil {
		t.Fatalf("Check let %s through: %v", in, err)
	}
	p := payload.Parse(in)
	kazoo, corrected := string(p.Form(fidelity.Kazoo)), string(p.Form(fidelity.Corrected))
	if strings.ContainsFunc(corrected, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		t.Errorf("corrected form of %s is not plain ASCII: %q", in, corrected)
	}
	want := expectCorrected(nil, obj)
	if corrected == "" {
		comparePairs(t, "corrected form", in, nil, want)
	} else {
		comparePairs(t, "corrected form", in, decodeForm(t, corrected, true), want)
	}
	// A raw key with one of these makes Kazoo's text mean something else.
	if len(obj) > 0 && !rawKeyWith(obj, "&=[]") {
		comparePairs(t, "kazoo form", in, decodeForm(t, kazoo, false), expectKazoo(nil, obj))
	}
	if got := joinDepthFirst(t, p); got != kazoo {
		t.Errorf("form list of %s joins to %q, form text is %q", in, got, kazoo)
	}
	for _, mode := range fidelity.Compats() {
		checkJSON(t, in, p.JSON(mode))
	}
}

func rawKeyWith(v any, chars string) bool {
	switch v := v.(type) {
	case jobj.Object:
		return slices.ContainsFunc(v, func(m jobj.Member) bool {
			return strings.ContainsAny(m.Key, chars) || rawKeyWith(m.Value, chars)
		})
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return rawKeyWith(e, chars) })
	}
	return false
}

// checkJSON: a JSON body means what the object meant, floats by their value.
func checkJSON(t testing.TB, in string, body []byte) {
	t.Helper()
	got, err := jobj.ParseObject(body)
	if err != nil {
		t.Fatalf("the body of %s is not JSON: %v\n%s", in, err, body)
	}
	want, _ := jobj.ParseObject([]byte(in))
	if !equalJSON(got, want) {
		t.Errorf("the body of %s is %s", in, body)
	}
}

func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case jobj.Object:
		other, ok := b.(jobj.Object)
		return ok && slices.EqualFunc(a, other, func(x, y jobj.Member) bool { return x.Key == y.Key && equalJSON(x.Value, y.Value) })
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, equalJSON)
	case json.Number:
		other, ok := b.(json.Number)
		if !ok || a == other {
			return ok
		}
		x, errX := a.Float64()
		y, errY := other.Float64()
		// What is below the normal doubles may have become 0.
		return errX == nil && errY == nil && (x == y || math.Abs(x-y) < 0x1p-1021)
	}
	return a == b
}

func TestEncodingsMeanWhatTheObjectMeans(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		in := objectText(r, 4)
		if err := payload.Check([]byte(in)); err != nil {
			r.Fatalf("%s: %v", in, err)
		}
		checkEncodings(t, in)
	})
}

func FuzzForm(f *testing.F) {
	for _, in := range []string{
		`{"a":1,"b":{"c":[1,"x",{"d":null}]},"e":{},"a":2}`, `{"k":[[72,101],[1.5]],"é":"\u2028\ud83d\ude00"}`,
		`{"":{"":[]},"n":-0,"f":1e400,"g":5e-324}`, answeredCall,
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if payload.Check([]byte(in)) == nil {
			checkEncodings(t, in)
		}
	})
}

package jobj

import (
	"reflect"
	"strings"
	"testing"
)

// What the quick reader takes, the decoder takes too, and both make the same of it;
// what is right, the quick one takes.
func FuzzQuick(f *testing.F) {
	for _, in := range []string{
		`{"a":[1,{"b":null}],"a":"x\n\u00e9"}`, ` [ true , false ] `, `"\ud83d"`, "\"\xff\"", `{"a":1}{`, `-0.50e+07`, `01`, `1.`, `-`, `{,}`, `[1,]`,
		`{"a" :1}`, "{\"a\":\"\x01\"}", `"\`, `"\"`, `nul`, `[1 2]`, `{"a":}`, `{1:2}`, `tru`, "\u2028", `{"":""}`, "[1]\x00", `"\q"`, `"\u12"`,
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2),
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		want, err := parseSlow(in)
		got, ok := parseQuick(in)
		if ok != (err == nil) || ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v %#v, want %v %#v", in, ok, got, err, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(`{"name":"New Calls","uri":"https://hooks.example.com/123456/calls.php","http_verb":"post","hook":"channel_create",` +
		`"retries":3,"format":"form-data","enabled":true,"include_subaccounts":false,"include_internal_legs":true}`)
	for name, parse := range map[string]func([]byte) (any, error){"decoder": parseSlow, "quick": Parse} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

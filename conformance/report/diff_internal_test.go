package report

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/conformance/results"
)

func of(text string) *results.Bytes { return &results.Bytes{Data: []byte(text), Size: len(text)} }

// marked has what differs in brackets.
func marked(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.differs {
			b.WriteString("[" + s.text + "]")
			continue
		}
		b.WriteString(s.text)
	}
	return b.String()
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ expected, actual, e, a string }{
		"the same":            {"abc", "abc", "abc", "abc"},
		"a character":         {"name=a+b&x=1", "name=a%20b&x=1", "name=a[+]b&x=1", "name=a[%20]b&x=1"},
		"two places":          {`{"a":1,"long name":2}`, `{"a":7,"long name":3}`, `{"a":[1],"long name":[2]}`, `{"a":[7],"long name":[3]}`},
		"one is missing":      {`{"hook":1,"other":2}`, `{"other":2}`, `{"[hook":1,"]other":2}`, `{"[]other":2}`},
		"one too many":        {"ab", "ab\n", "ab[]", "ab[\n]"},
		"letters by chance":   {"prefix-first-suffix", "prefix-third-suffix", "prefix-[first]-suffix", "prefix-[third]-suffix"},
		"nothing":             {"", "abc", "[]", "[abc]"},
		"nothing in common":   {"xyz", "abc", "[xyz]", "[abc]"},
		"characters stay":     {"é-more", "è-more", "[é]-more", "[è]-more"},
		"bytes of no text":    {"a\xffbcdef", "a\xfebcdef", "a[\xff]bcdef", "a[\xfe]bcdef"},
		"bytes beside a text": {"aébcdef", "a\xc3bcdef", "a\xc3[\xa9]bcdef", "a\xc3[]bcdef"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, a := compare(of(c.expected), of(c.actual))
			g.Expect(marked(e)).To(Equal(c.e))
			g.Expect(marked(a)).To(Equal(c.a))
		})
	}
}

// What is not marked is the same in both, and nothing is lost.
func TestWhatIsNotMarkedIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]byte("ab\n\xff"))
		expected := string(rapid.SliceOfN(letters, 0, 60).Draw(t, "expected"))
		actual := string(rapid.SliceOfN(letters, 0, 60).Draw(t, "actual"))
		e, a := compare(of(expected), of(actual))
		whole := func(spans []span, same bool) (text string) {
			for _, s := range spans {
				if !same || !s.differs {
					text += s.text
				}
			}
			return text
		}
		if whole(e, false) != expected || whole(a, false) != actual {
			t.Fatalf("lost: %q %q", marked(e), marked(a))
		}
		if whole(e, true) != whole(a, true) {
			t.Fatalf("%q and %q are shown as the same", whole(e, true), whole(a, true))
		}
		if expected != actual && !strings.Contains(marked(e)+marked(a), "[") {
			t.Fatal("nothing is marked")
		}
	})
}

func TestMuchThatDiffersIsBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, a := compare(of("<"+strings.Repeat("ab", 4000)+">"), of("<"+strings.Repeat("cd", 4000)+">"))
	g.Expect(e).To(HaveLen(3))
	g.Expect(a).To(HaveLen(3))
	// Of the same length, what is in the same place is found all the same.
	e, a = compare(of(strings.Repeat("same-a", 1000)), of(strings.Repeat("same-b", 1000)))
	g.Expect(marked(e)).To(Equal(strings.Repeat("same-[a]", 1000)))
	g.Expect(marked(a)).To(Equal(strings.Repeat("same-[b]", 1000)))
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain é 漢":          "plain é 漢",
		"a\r\nb":             "a⟨0d⟩↵b",
		"\x1b[31mred\x1b[0m": "⟨1b⟩[31mred⟨1b⟩[0m",
		"\x00\x7f\t":         "⟨00⟩⟨7f⟩⟨09⟩",
		"\xff\xc3":           "⟨ff⟩⟨c3⟩",
		"a\u202eb\u200b":     "a⟨U+202E⟩b⟨U+200B⟩",
		"a\u00a0b\u0085":     "a⟨U+00A0⟩b⟨U+0085⟩",
		"\ufffd":             "\ufffd",
	} {
		NewWithT(t).Expect(visible(text, true)).To(Equal(want))
	}
	NewWithT(t).Expect(visible("a\nb", false)).To(Equal("a↵\nb"))
}

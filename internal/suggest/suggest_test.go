package suggest_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

func TestASentenceFollowsAnother(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no verb": "no verb. It ends", "no verb; did you mean Say?": "no verb; did you mean Say? It ends", "No verb.": "No verb. It ends", "": "It ends",
	} {
		if got := suggest.Then(text, "It ends"); got != want {
			t.Errorf("Then(%q) = %q, want %q", text, got, want)
		}
	}
	if got := suggest.Then("no verb", ""); got != "no verb" {
		t.Errorf("nothing follows in %q", got)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"Caller-ID-Number", "Caller-ID-Name", "Callee-ID-Number", "Call-ID", "rest.listen", "log.level"}
	for _, c := range []struct {
		word string
		want []string
	}{
		{"Caller-ID-Numer", []string{"Caller-ID-Number", "Callee-ID-Number", "Caller-ID-Name"}},
		{"call-id", []string{"Call-ID"}},
		{"rest.lsiten", []string{"rest.listen"}},
		{"listen", []string{"rest.listen"}},
		{"zzzzzzzz", nil},
		{"", nil},
	} {
		if got := suggest.Nearest(c.word, known); !slices.Equal(got, c.want) {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestHintReadsAsTheEndOfASentence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word  string
		known []string
		want  string
	}{
		{"upp", []string{"up", "bridge"}, "; did you mean up?"},
		{"lst", []string{"last", "list"}, "; did you mean last or list?"},
		{"nothing-like-it", []string{"up"}, ""},
	} {
		if got := suggest.Hint(c.word, c.known); got != c.want {
			t.Errorf("Hint(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestAKnownNameIsAlwaysItsOwnNearest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOfN(rapid.StringMatching(`[a-z][a-z.-]{2,12}`), 1, 8).Draw(t, "known")
		word := rapid.SampledFrom(known).Draw(t, "word")
		got := suggest.Nearest(word, known)
		if len(got) == 0 || got[0] != word {
			t.Fatalf("Nearest(%q, %q) = %q", word, known, got)
		}
	})
}

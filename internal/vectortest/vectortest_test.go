package vectortest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// judged is a test whose failures are kept.
type judged struct {
	testing.TB
	errors []string
}

func (*judged) Helper()        {}
func (*judged) Cleanup(func()) {}
func (j *judged) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}

func TestOnlyTheCatalogueExcusesADifference(t *testing.T) {
	j := &judged{}
	tally := vectortest.NewTally(j, "some")
	tally.Agree()
	tally.Differ("null-crash")
	if len(j.errors) != 0 {
		t.Errorf("a quirk of the catalogue was refused: %q", j.errors)
	}
	tally.Differ("made-up")
	if len(j.errors) != 1 || !strings.Contains(j.errors[0], `no "made-up"`) {
		t.Errorf("an id that the catalogue lacks: %q", j.errors)
	}
	if got, want := tally.String(), "some.jsonl: 1 agree, 1 differ by made-up, 1 differ by null-crash, 0 disagree"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package program_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// counts are what results.json says of all requirements.
type counts struct {
	Conclusion string
	Totals     struct{ Planned, Pass, Fail int }
	Groups     []struct {
		Requirements []struct{ ID, Level, Outcome string }
	}
}

// unmet lists the MUST that are not passed. What SHOULD be may be otherwise on a busy machine.
func (c counts) unmet() (ids []string) {
	for _, g := range c.Groups {
		for _, r := range g.Requirements {
			if r.Level == "MUST" && r.Outcome != "pass" {
				ids = append(ids, r.ID+" "+r.Outcome)
			}
		}
	}
	return ids
}

func read(t *testing.T, dir string) counts {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c counts
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// patience bounds a certification, which takes half a minute, and with the race detector on a
// busy machine two.
const patience = 8 * time.Minute

// The lab is certified as the talk has it, and by its log alone once more. The other
// dialects are judged by `make certify`.
func TestUpIsCertifiedAndSoIsItsLog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seen, judged := t.TempDir(), t.TempDir()
	p := commandFor(t, patience, "certify", "--target", "up", "--dialect", "talk", "--skip", "WAIT-001", "--out", seen)
	g.Expect(code(p.Run())).To(BeZero(), "%s\n%s", &p.stderr, &p.stdout)
	first := read(t, seen)
	g.Expect(first.Totals.Planned).To(BeNumerically(">", 900))
	g.Expect(first.unmet()).To(BeEmpty())

	again := commandFor(t, patience, "certify", "--from", filepath.Join(seen, "log.ndjson"), "--skip", "WAIT-001", "--out", judged)
	g.Expect(code(again.Run())).To(BeZero(), again.stderr.String())
	g.Expect(read(t, judged)).To(Equal(first))

	keys := again.stdout.String() + again.stderr.String() + p.stdout.String() + p.stderr.String()
	g.Expect(strings.Contains(keys, "eyJ")).To(BeFalse(), "no token is told")
}

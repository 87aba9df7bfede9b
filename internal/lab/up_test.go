package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// program makes a program of a shell's script.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	NewWithT(t).Expect(os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700)).To(Succeed())
	return path
}

func TestAnUpThatEndsSaysWhatItPrinted(t *testing.T) {
	g := NewWithT(t)
	_, err := lab.StartUp(t.Context(), program(t, "echo the port is taken; exit 1"), t.TempDir(), "5.0")
	g.Expect(err).To(MatchError(lab.ErrNotUp))
	g.Expect(err).To(MatchError(ContainSubstring("the port is taken")))
}

func TestACertificationWithoutALogIsAnError(t *testing.T) {
	g := NewWithT(t)
	_, err := lab.Certification{Binary: program(t, "echo nobody answers >&2; exit 3"), RunFile: "run.json", Dialect: "5.0"}.Certify(t.Context(), t.TempDir(), "x")
	g.Expect(err).To(MatchError(And(ContainSubstring("certify left no log"), ContainSubstring("nobody answers"))))
}

func TestWhatACertificationSawIsInItsLog(t *testing.T) {
	g := NewWithT(t)
	log := `{"format":"kazoolab-certification-log","version":1,"target":"up","dialect":"5.0","compat":"kazoo","groups":["webhooks/retry"]}
{"seq":1,"at_us":1,"group":"webhooks/retry","kind":"began"}`
	file, err := lab.Certification{
		Binary: program(t, `echo '`+log+`' > "$7"; exit 1`), RunFile: "run.json", Dialect: "5.0", Run: []string{"webhooks/retry"},
	}.Certify(t.Context(), t.TempDir(), "x")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Facts.Groups).To(Equal([]string{"webhooks/retry"}))
	g.Expect(file.Entries).To(HaveLen(1))
}

func TestACertificationTellsHowItEnded(t *testing.T) {
	g := NewWithT(t)
	log := `{"format":"kazoolab-certification-log","version":1,"target":"up","dialect":"5.0","compat":"kazoo","groups":["webhooks/retry"]}`
	for script, want := range map[string]lab.Certified{
		`echo '{"conclusion":"not conformant"}'; exit 1`: {Exit: 1, Conclusion: "not conformant"},
		`echo it is gone >&2; exit 3`:                    {Exit: 3},
	} {
		got, err := lab.Certification{Binary: program(t, `echo '`+log+`' > "$7"; `+script), RunFile: "run.json", Dialect: "5.0"}.Judge(t.Context(), t.TempDir(), "x")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(got.Exit).To(Equal(want.Exit))
		g.Expect(got.Conclusion).To(Equal(want.Conclusion))
	}
	_, err := lab.Certification{Binary: program(t, `echo '`+log+`' > "$7"; echo panic`), RunFile: "run.json", Dialect: "5.0"}.Judge(t.Context(), t.TempDir(), "x")
	g.Expect(err).To(MatchError(ContainSubstring("certify printed no results")))
	begun := strings.Replace(log, `"version":1`, `"version":2`, 1)
	_, err = lab.Certification{Binary: program(t, `echo '`+begun+`' > "$7"; echo a panic >&2; exit 2`), RunFile: "run.json", Dialect: "5.0"}.Judge(t.Context(), t.TempDir(), "x")
	g.Expect(err).To(MatchError(And(ContainSubstring("a log that is cut"), ContainSubstring("a panic"))))
}

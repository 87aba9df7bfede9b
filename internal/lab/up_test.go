package lab_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// program makes a program of a shell's script.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	NewWithT(t).Expect(os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700)).To(Succeed()) //nolint:gosec // it is to be run
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
	_, err := lab.Certify(t.Context(), program(t, "echo nobody answers; exit 3"), "run.json", "5.0", nil, t.TempDir(), "x")
	g.Expect(err).To(MatchError(And(ContainSubstring("certify left no log"), ContainSubstring("nobody answers"))))
}

func TestWhatACertificationSawIsInItsLog(t *testing.T) {
	g := NewWithT(t)
	log := `{"format":"kazoolab-certification-log","version":1,"target":"up","dialect":"5.0","compat":"kazoo","groups":["webhooks/retry"]}
{"seq":1,"at_us":1,"group":"webhooks/retry","kind":"began"}`
	file, err := lab.Certify(t.Context(), program(t, `echo '`+log+`' > "$7"; exit 1`), "run.json", "5.0", []string{"webhooks/retry"}, t.TempDir(), "x")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Facts.Groups).To(Equal([]string{"webhooks/retry"}))
	g.Expect(file.Entries).To(HaveLen(1))
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/hostile"
)

// TestMain has this test's binary be the example itself, when it is told so.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

func run(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = []string{"TEST_AS_PROGRAM=1", "HOME=" + t.TempDir(), "KEY=" + hostile.Key}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%w: %s", err, &complaint)
	}
	return out.String(), err
}

func TestARequirementOfOnesOwnIsListedAndJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	list, err := run(t, "certify", "--list")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list).To(ContainSubstring("OWN-SPEED-001 The list of hooks MUST be there within a second.\n"))
	g.Expect(list).To(ContainSubstring("WH-RETRY-001 "), "the others are there, too")

	// This Crossbar has no list of hooks.
	profile := filepath.Join(t.TempDir(), "profile.yaml")
	text := "name: own\nrest: " + (&hostile.Crossbar{Dialect: "5.0"}).Serve(t).URL + "\ncredentials: {api_key: {env: KEY}}\nfeatures: {hooks: off}\n"
	g.Expect(os.WriteFile(profile, []byte(text), 0o600)).To(Succeed())
	told, err := run(t, "certify", "--profile", profile, "--run", "OWN-*")
	g.Expect(err).To(MatchError(HavePrefix("exit status 1")))
	g.Expect(told).To(ContainSubstring("OWN-SPEED-001"))
	g.Expect(told).To(ContainSubstring("404"))
}

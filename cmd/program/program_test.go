package program_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/cmd/program"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/hostile"
)

// asProgram has this test's binary be the program: Ginkgo runs its specs once in a process.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(program.Run(addWaiting))
	}
	os.Exit(m.Run())
}

// addWaiting adds a group that waits for a word on a socket.
func addWaiting(s *suite.Suite) {
	s.Add(suite.Group{
		Name: "waits/forever", Title: "It waits", Needs: []string{suite.Accounts, suite.Sockets},
		Do: func(ctx context.Context, p *probe.Probe) error {
			if _, err := p.Account(ctx); err != nil {
				return err
			}
			if _, err := p.MustDial(ctx, "own"); err != nil {
				return err
			}
			p.Await(ctx, "a word", time.Hour, func(v capture.View) bool { return len(v.Frames("own")) > 0 })
			return ctx.Err()
		},
		Requirements: []suite.Requirement{{
			ID: "WAIT-001", Text: "There MUST be a word.", Source: "this test", Ours: true,
			Judge: func(j *suite.Judging) { j.Count("words", 1, j.Frames("own")) },
		}},
	})
}

// process is the program as a process of its own.
type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

func command(t *testing.T, args ...string) *process {
	t.Helper()
	return commandFor(t, 2*time.Minute, args...)
}

// commandFor is command for what may take as long as limit; more is a hang.
func commandFor(t *testing.T, limit time.Duration, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	p.Cmd = exec.CommandContext(ctx, self, args...)
	p.Env = []string{asProgram + "=1", "HOME=" + t.TempDir(), "KEY=" + hostile.Key}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

// code is the exit code, once it has ended.
func code(err error) int {
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// profile writes one of REST alone, and more lines.
func profile(t *testing.T, rest string, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profile.yaml")
	text := "name: hostile\nrest: " + rest + "\ncredentials: {api_key: {env: KEY}}\n" + strings.Join(more, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	noHooks = "features: {hooks: off}"
	// noApps has the preflight open one socket.
	noApps = "features: {hooks: off, pivot-sockets: off}"
)

func TestHostileTargetsAreToldOfAndNeverCertified(t *testing.T) {
	t.Parallel()
	crossbar := func(c *hostile.Crossbar) func(*testing.T) string {
		return func(t *testing.T) string { t.Helper(); return c.Serve(t).URL }
	}
	for name, c := range map[string]struct {
		rest func(*testing.T) string
		more []string
		args []string
		code int
		says string
	}{
		"dead":   {rest: func(t *testing.T) string { t.Helper(); return "http://" + hostile.Nobody(t) }, code: 3, says: "connection refused"},
		"silent": {rest: func(t *testing.T) string { t.Helper(); return "http://" + hostile.Listen(t, nil) }, more: []string{"timeouts: {preflight: 1s}"}, code: 3, says: "timeouts.preflight"},
		"silent, in a hurry": {
			rest: func(t *testing.T) string { t.Helper(); return "http://" + hostile.Listen(t, nil) }, args: []string{"--timeout", "1s"}, code: 3, says: "--timeout",
		},
		"no Crossbar":     {rest: crossbar(&hostile.Crossbar{Page: "<html>"}), code: 3, says: "is no Crossbar"},
		"without an end":  {rest: crossbar(&hostile.Crossbar{Endless: true}), code: 3, says: "does not answer"},
		"another dialect": {rest: crossbar(&hostile.Crossbar{Dialect: "talk"}), args: []string{"--dialect", "5.0"}, code: 2, says: "the target speaks talk"},
		"other credentials": {
			rest: crossbar(&hostile.Crossbar{Dialect: "5.0", NoToken: true}), code: 3, says: "without an auth_token",
		},
		"a broken profile": {rest: crossbar(&hostile.Crossbar{Dialect: "5.0"}), more: []string{"sokets: x"}, code: 2, says: "did you mean sockets?"},
		"only read":        {rest: crossbar(&hostile.Crossbar{Dialect: "5.0"}), more: []string{noHooks}, args: []string{"--read-only", "--run", "WH-RETRY-*"}, code: 5, says: "incomplete"},
		"REST that does nothing": {
			rest: crossbar(&hostile.Crossbar{Dialect: "5.0"}), more: []string{noHooks}, args: []string{"--timeout", "20s"}, code: -2,
		},
		"slow": {
			rest: crossbar(&hostile.Crossbar{Dialect: "5.0", After: 100 * time.Millisecond}), more: []string{noHooks}, args: []string{"--timeout", "20s"}, code: -2,
		},
		"too slow": {
			rest: crossbar(&hostile.Crossbar{Dialect: "5.0", After: time.Hour}), more: []string{noHooks, "timeouts: {preflight: 1s}"}, code: 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := command(t, append([]string{"certify", "--profile", profile(t, c.rest(t), c.more...)}, c.args...)...)
			got := code(p.Run())
			switch {
			case c.code == -2 && got != 1 && got != 5:
				t.Errorf("exit code %d, want 1 or 5", got)
			case c.code != -2 && got != c.code:
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if said := p.stderr.String(); !strings.Contains(said, c.says) {
				t.Errorf("it does not say %q:\n%s\n%s", c.says, said, &p.stdout)
			}
		})
	}
}

// An interrupted run cleans up, keeps its log, and says so.
func TestAnInterruptedRunCleansUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	rest := crossbar.Serve(t).URL
	// A group is under way when its socket is opened, which says nothing for ever.
	opened := make(chan struct{}, 100)
	sockets := hostile.Listen(t, hostile.Announce(opened))
	out := t.TempDir()
	p := command(t, "certify", "--profile", profile(t, rest, noApps, "sockets: ws://"+sockets), "--out", out, "--run", "waits/*")
	g.Expect(p.Start()).To(Succeed())
	for range 2 { // preflight opens one
		g.Eventually(opened, time.Minute).Should(Receive())
	}
	g.Expect(p.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Expect(code(p.Wait())).To(Equal(130), p.stderr.String())
	g.Expect(crossbar.Left()).To(BeZero())
	g.Expect(filepath.Join(out, "log.ndjson")).To(BeARegularFile())
	g.Expect(filepath.Join(out, "results.json")).To(BeARegularFile())
}

// Who does not wait for the cleaning up is told what that leaves.
func TestASecondSignalSaysWhatStays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	crossbar.Serve(t)
	deleting := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			deleting <- struct{}{}
			<-r.Context().Done()
			return
		}
		crossbar.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	opened := make(chan struct{}, 100)
	sockets := hostile.Listen(t, hostile.Announce(opened))
	p := command(t, "certify", "--profile", profile(t, server.URL, noApps, "sockets: ws://"+sockets), "--run", "waits/*")
	g.Expect(p.Start()).To(Succeed())
	for range 2 { // preflight opens one
		g.Eventually(opened, time.Minute).Should(Receive())
	}
	g.Expect(p.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Eventually(deleting, time.Minute).Should(Receive())
	g.Expect(p.Process.Signal(syscall.SIGINT)).To(Succeed())
	p.ended(t, p.Wait(), 130, "ended without cleaning up: accounts that this run has made may be left at the target", "--remove-left 1h")
}

func TestASecondSignalDoesNotWait(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	asked := make(chan struct{}, 100)
	silent := hostile.Listen(t, hostile.Tell(asked))
	p := command(t, "certify", "--profile", profile(t, "http://"+silent))
	g.Expect(p.Start()).To(Succeed())
	g.Eventually(asked, time.Minute).Should(Receive())
	g.Expect(p.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Expect(p.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Expect(code(p.Wait())).To(Equal(130))
}

package program_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/hostile"
)

// expect runs a command to its end, and checks its exit code and that standard error holds the texts.
func (p *process) expect(t *testing.T, exit int, says ...string) {
	t.Helper()
	p.ended(t, p.Run(), exit, says...)
}

func (p *process) ended(t *testing.T, err error, exit int, says ...string) {
	t.Helper()
	if got := code(err); got != exit {
		t.Errorf("exit code %d, want %d\n%s\n%s", got, exit, &p.stdout, &p.stderr)
	}
	for _, text := range says {
		if !strings.Contains(p.stderr.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, &p.stderr)
		}
	}
}

// profiled certifies what answers at a URL, by REST alone.
func profiled(t *testing.T, rest string, args ...string) *process {
	t.Helper()
	return command(t, append([]string{"certify", "--profile", profile(t, rest, noHooks)}, args...)...)
}

// SIGTERM is no verdict and says nothing about the target, whenever it comes.
func TestATerminatedCertificationIsInterruptedWhileItsTargetStarts(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	p := command(t, "certify", "--target", "up", "--run", "WH-ENC-*")
	p.Env = append(p.Env, "TMPDIR="+folder)
	g.Expect(p.Start()).To(Succeed())
	g.Eventually(t.Context(), func() ([]os.DirEntry, error) { return os.ReadDir(folder) }).WithTimeout(time.Minute).WithPolling(time.Millisecond).ShouldNot(BeEmpty())
	g.Expect(p.Process.Signal(syscall.SIGTERM)).To(Succeed())
	p.ended(t, p.Wait(), 130)
}

func TestATerminatedCertificationIsInterruptedWhileItLooksAtItsTarget(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	asked := make(chan struct{}, 100)
	p := profiled(t, "http://"+hostile.Listen(t, hostile.Tell(asked)))
	g.Expect(p.Start()).To(Succeed())
	g.Eventually(t.Context(), asked).WithTimeout(time.Minute).Should(Receive())
	g.Expect(p.Process.Signal(syscall.SIGTERM)).To(Succeed())
	p.ended(t, p.Wait(), 130, "does not answer")
}

func TestTroubleOfTheHarnessIsNoVerdict(t *testing.T) {
	t.Parallel()
	p := command(t, "certify", "--target", "up", "--run", "WH-ENC-*")
	p.Env = append(p.Env, "TMPDIR="+filepath.Join(t.TempDir(), "nowhere"))
	p.expect(t, 4, "nowhere")
}

// dying answers as a Crossbar does, until a group makes its account: then nobody listens any more.
func dying(t *testing.T) string {
	t.Helper()
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	crossbar.Serve(t)
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/v2/accounts/"+hostile.Master {
			_ = server.Listener.Close()
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		crossbar.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// conclusion is what results.json says.
type conclusion struct {
	Conclusion string
	Exit       int `json:"exit_code"`
}

func concluded(t *testing.T, folder string) (c conclusion) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "results.json"))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATargetThatDiesHasOneVerdict(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out, again := t.TempDir(), t.TempDir()
	known := filepath.Join(t.TempDir(), "known.yaml")
	text := []byte("known-failing:\n- id: CB-ACCT-001\n  reason: r\n")
	g.Expect(os.WriteFile(known, text, 0o600)).To(Succeed())
	p := profiled(t, dying(t), "--run", "rest/accounts", "--out", out, "--expectations", known, "--update-expectations")
	p.expect(t, 3, "unreachable: The target was there and has gone: nobody listens at 127.0.0.1:", known+" is left as it is")
	g.Expect(concluded(t, out)).To(Equal(conclusion{"unreachable", 3}))
	g.Expect(os.ReadFile(known)).To(Equal(text), "an outage is no failure that is known")

	command(t, "certify", "--from", filepath.Join(out, "log.ndjson"), "--out", again).expect(t, 3, "has gone")
	g.Expect(concluded(t, again)).To(Equal(concluded(t, out)))
}

func TestNoReportsOfAnEarlierRunAreLeft(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := t.TempDir()
	log, own := filepath.Join(t.TempDir(), "log"), filepath.Join(out, "own.txt")
	files := []string{"results.json", "junit.xml", "report.html", "summary.md", "log.ndjson"}
	for _, path := range append(files, "own.txt") {
		g.Expect(os.WriteFile(filepath.Join(out, path), []byte("earlier"), 0o600)).To(Succeed())
	}
	g.Expect(os.WriteFile(log, []byte("earlier"), 0o600)).To(Succeed())
	profiled(t, "http://"+hostile.Nobody(t), "--out", out, "--log", log).expect(t, 3)
	for _, path := range files[:4] {
		g.Expect(filepath.Join(out, path)).NotTo(BeAnExistingFile())
	}
	g.Expect(os.ReadFile(filepath.Join(out, "log.ndjson"))).To(BeEmpty())
	g.Expect(os.ReadFile(log)).To(BeEmpty())
	g.Expect(os.ReadFile(own)).To(Equal([]byte("earlier")), "which is not certify's")
}

// What is wrong with the file is told before a target is asked, which here is not there.
func TestThatExpectationsCannotBeUpdatedIsToldFirst(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rest := "http://" + hostile.Nobody(t)
	fresh := filepath.Join(t.TempDir(), "known.yaml")
	profiled(t, rest, "--update-expectations").expect(t, 2, "the profile names no file of expectations")
	profiled(t, rest, "--update-expectations", "--expectations", filepath.Join(fresh, "known.yaml")).expect(t, 2, "--update-expectations: open ")
	profiled(t, rest, "--update-expectations", "--expectations", t.TempDir()).expect(t, 2, "--update-expectations: open ")
	profiled(t, rest, "--update-expectations", "--expectations", fresh).expect(t, 3)
	g.Expect(fresh).NotTo(BeAnExistingFile(), "nothing was found out")
}

func TestTheOwnAccountIsKeptOnlyWithOthersInIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crossbar := &hostile.Crossbar{Dialect: "5.0"}
	rest := crossbar.Serve(t).URL
	profiled(t, rest, "--own-subaccount", "--keep", "--run", "bus/catches").expect(t, 5)
	g.Expect(crossbar.Left()).To(BeZero(), "nothing fails")

	p := profiled(t, rest, "--own-subaccount", "--keep", "--run", "rest/accounts")
	p.expect(t, 1)
	g.Expect(crossbar.Left()).To(BeNumerically(">=", 2))
	g.Expect(p.stdout.String()).To(MatchRegexp(`the run's own account [0-9a-f]{32} \(certify .+\) is kept`))
}

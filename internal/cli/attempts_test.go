package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// keeper answers with a status and keeps what came.
type keeper struct {
	server *httptest.Server

	mu  sync.Mutex
	got []kept
}

type kept struct {
	method, target, replay, body, contentType string
}

func newKeeper(t *testing.T, status int) *keeper {
	t.Helper()
	k := &keeper{}
	k.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		k.mu.Lock()
		k.got = append(k.got, kept{r.Method, r.RequestURI, r.Header.Get("x-kazoolab-replay"), string(body), r.Header.Get("Content-Type")})
		k.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(k.server.Close)
	return k
}

func (k *keeper) all() []kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]kept(nil), k.got...)
}

// attemptRow is a line of hooks attempts -o json.
type attemptRow struct {
	ID       string
	HookID   string `json:"hook_id"`
	Status   string `json:"resp_status_code"`
	ReplayOf string `json:"replay_of"`
	Success  bool
}

func (s *stage) attempts(args ...string) []attemptRow {
	s.Helper()
	var rows []attemptRow
	for line := range strings.Lines(s.cli(append([]string{"hooks", "attempts", "-o", "json"}, args...)...)) {
		var row attemptRow
		s.g.Expect(json.Unmarshal([]byte(line), &row)).To(gomega.Succeed(), line)
		rows = append(rows, row)
	}
	return rows
}

// One attempt and a range are made again, byte for byte and marked.
func TestAttemptsAreReplayed(t *testing.T) {
	t.Parallel()
	running, l := up(t, brokertest.New(t), "--webhooks-attempt-failure-expiry", "1h") // each failure is still counted at the end
	s := &stage{T: t, g: gomega.NewWithT(t), running: running, lab: l}
	first, other := newKeeper(t, http.StatusServiceUnavailable), newKeeper(t, http.StatusOK)
	post := s.create(`"name":"Post","uri":"` + first.server.URL + `/post?v=1","hook":"channel_create"`)
	s.create(`"name":"Get","uri":"` + first.server.URL + `/get","hook":"channel_destroy","http_verb":"get"`)
	for _, event := range []string{"channel_create", "channel_destroy", "channel_create"} {
		s.cli("trigger", event, "--set", "Caller-ID-Name=Ann & Co")
	}
	s.g.Eventually(s.Context(), func() int { return len(s.attempts()) }).WithTimeout(eventually).Should(gomega.Equal(3))
	rows, original := s.attempts(), first.all()
	s.g.Expect(s.attempts("Post", "--failed", "--since", "1h")).To(gomega.HaveLen(2))
	s.g.Expect(s.attempts(post[:8])).To(gomega.HaveLen(2))

	// One, to the same address: the receiver is as bad as before.
	p := beside(running, "hooks", "attempts", "replay", rows[1].ID).start().expect(cli.ExitFailed, "1 of 1 replays were no success")
	s.g.Expect(p.stdout.String()).To(gomega.And(gomega.ContainSubstring("  503 "), gomega.ContainSubstring("replay of "+rows[1].ID)))
	again := first.all()[3]
	s.g.Expect(again.replay).To(gomega.Equal(rows[1].ID))
	again.replay = ""
	s.g.Expect(original).To(gomega.ContainElement(again), "whichever of the three was second")

	// All of a range, elsewhere, in order; the replay itself is left out.
	p = beside(running, "hooks", "attempts", "replay", "--failed", "--from", "10m", "--to", other.server.URL+"/elsewhere", "-o", "json").start().expect(cli.ExitOK)
	s.g.Expect(strings.Count(p.stdout.String(), "\n")).To(gomega.Equal(3))
	for i, got := range other.all() {
		s.g.Expect(got.replay).To(gomega.Equal(rows[i].ID))
		s.g.Expect(got.target).To(gomega.HavePrefix("/elsewhere"))
	}
	all := s.attempts()
	s.g.Expect(all).To(gomega.HaveLen(7))
	s.g.Expect(all[6].Success).To(gomega.BeTrue(), "a replay is stored although it succeeded")
	s.g.Expect(all[6].ReplayOf).To(gomega.Equal(rows[2].ID))

	// Edited first.
	for _, row := range rows {
		if row.HookID != post {
			continue
		}
		p := beside(running, "hooks", "attempts", "replay", row.ID, "--edit", "--to", other.server.URL)
		p.state.Env = append(p.state.Env, "EDITOR=ed --fast")
		p.state.Edit = func(_ context.Context, command []string) error {
			s.g.Expect(command[:2]).To(gomega.Equal([]string{"ed", "--fast"}))
			text, err := os.ReadFile(command[2])
			s.g.Expect(err).NotTo(gomega.HaveOccurred())
			return os.WriteFile(command[2], append(bytes.ReplaceAll(text, []byte("Ann+%26+Co"), []byte("Bob")), '\n'), 0o600)
		}
		p.start().expect(cli.ExitOK)
		got := other.all()
		edited := got[len(got)-1]
		s.g.Expect(edited.body).To(gomega.ContainSubstring("caller_id_name=Bob&"))
		s.g.Expect(strings.ReplaceAll(edited.body, "Bob", "Ann+%26+Co")).To(gomega.BeElementOf(original[0].body, original[1].body, original[2].body))
		s.g.Expect(edited.contentType).To(gomega.Equal("application/x-www-form-urlencoded"))
	}
	// No replay was a failure of a hook.
	s.g.Expect(s.cli("hooks", "list")).To(gomega.And(gomega.ContainSubstring("2 of 6"), gomega.ContainSubstring("1 of 6")))
}

func TestAttemptsAreFollowed(t *testing.T) {
	t.Parallel()
	s, _ := failingStage(t, brokertest.New(t), "500")
	following := beside(s.running, "hooks", "attempts", "--follow").start()
	printed := func() int { return strings.Count(following.stdout.String(), "  500 ") }
	s.cli("trigger", "channel_create")
	s.g.Eventually(s.Context(), printed).WithTimeout(eventually).Should(gomega.Equal(1))
	s.cli("trigger", "channel_create")
	s.g.Eventually(s.Context(), printed).WithTimeout(eventually).Should(gomega.Equal(2))
	following.end(cli.ErrInterrupted)
	following.expect(cli.ExitInterrupted)
	s.g.Expect(strings.Count(following.stdout.String(), "\n")).To(gomega.Equal(2), "each is printed once")
}

func TestWrongReplaysSayWhatIsMeant(t *testing.T) {
	t.Parallel()
	s, _ := failingStage(t, brokertest.New(t), "500")
	replay := func(args ...string) *program {
		return beside(s.running, append([]string{"hooks", "attempts", "replay"}, args...)...).start()
	}
	replay().expect(cli.ExitUsage, "which attempts?", "--from")
	replay("a1", "--failed").expect(cli.ExitUsage, "either ids or --from", `"a1"`)
	replay("a1", "a2", "--edit").expect(cli.ExitUsage, "--edit is for one attempt")
	replay("--failed", "--edit").expect(cli.ExitUsage, "--edit is for one attempt")
	replay("--from", "yesterday").expect(cli.ExitUsage, "--from", `"yesterday" is no time`, "15:04")
	replay("--until", "25:00").expect(cli.ExitUsage, "--until", `"25:00" is no time`)
	replay("--hook", "New Cals").expect(cli.ExitUsage, "did you mean New Calls?")
	replay("a1").expect(cli.ExitFailed, `has no attempt "a1"`, "kazoolab hooks attempts lists")
	replay("a1/../../webhooks").expect(cli.ExitFailed, "has no attempt")
	replay("a1", "--edit").expect(cli.ExitFailed, "has no attempt")
	replay("--failed", "--from", "10m").expect(cli.ExitFailed, "has no such attempts")
	attempts := func(args ...string) *program {
		return beside(s.running, append([]string{"hooks", "attempts"}, args...)...).start()
	}
	attempts("--since", "-1h").expect(cli.ExitUsage, "--since")
	attempts("one", "two").expect(cli.ExitUsage, `"two" is too much`)
	attempts("Nobody's").expect(cli.ExitUsage, `no webhook "Nobody's"`)
	if out := attempts().expect(cli.ExitOK, "has no such attempts").stdout.String(); out != "" {
		t.Errorf("printed %q", out)
	}

	s.cli("trigger", "channel_create")
	s.g.Eventually(s.Context(), func() int { return len(s.attempts()) }).WithTimeout(eventually).Should(gomega.Equal(1))
	id := s.attempts()[0].ID
	replay(id, "--edit").expect(cli.ExitUsage, "set EDITOR")
	replay(id, "--to", "ftp://example.com/").expect(cli.ExitUsage, `--to: "ftp://example.com/" begins with neither http:// nor https://`)
	replay(id, "--to", "http://0.0.0.0/").expect(cli.ExitFailed, "400", "to: invalid client URL")
}

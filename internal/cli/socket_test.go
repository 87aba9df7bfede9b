package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// watching starts socket beside a running up, with a standard input that the test
// writes, and waits until it is subscribed.
func watching(running *program, args ...string) (*program, io.Writer) {
	running.t.Helper()
	p := beside(running, append([]string{"socket"}, args...)...)
	commands, typed := io.Pipe()
	p.state.Stdin = commands
	p.t.Cleanup(func() { _ = typed.Close() })
	p.start()
	p.says("subscribed to")
	return p, typed
}

// says waits for a text on standard error.
func (p *program) says(text string) {
	p.t.Helper()
	gomega.NewWithT(p.t).Eventually(p.t.Context(), p.stderr.String).WithTimeout(eventually).
		Should(gomega.ContainSubstring(text), func() string { return p.stdout.String() })
}

func TestASocketShowsEventsAndTakesCommands(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	running, l := up(t, brokertest.New(t))
	p, typed := watching(running, "call.*.*")
	type1 := func(line string) { _, _ = io.WriteString(typed, line+"\n") }
	prints := func(pattern string) {
		t.Helper()
		g.Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(gomega.MatchRegexp(`(?m)^\d\d:\d\d:\d\d\.\d{3}  ` + pattern + `$`))
	}

	prints(`reply +subscribe call\.\*\.\*  success  now: call\.\*\.\*`)
	beside(running, "trigger", "call", "--set", "Call-ID=one").start().expect(cli.ExitOK)
	for _, event := range []string{"CREATE", "ANSWER", "BRIDGE", "DESTROY"} {
		prints(`CHANNEL_` + event + ` +call\.\*\.\*  call_id=one  .*`)
	}
	type1("subscribe object.doc_edited.user")
	prints(`reply +subscribe object\.doc_edited\.user  success  now: call\.\*\.\* object\.doc_edited\.user`)
	type1("unsubscribe call.*.*")
	prints(`reply +unsubscribe call\.\*\.\*  success  now: object\.doc_edited\.user`)
	type1("ping")
	prints(`reply +ping  success  {"response":"pong"}`)
	type1("api GET /v2/accounts/" + l.AccountID + "/webhooks")
	prints(`reply +api  success  .*"data":\[\].*`)
	type1(`{"action":"ping","request_id":"own"}`)
	prints(`reply +-  success  {"response":"pong"}`)
	type1("subscribe call.FOO.*")
	prints(`reply +subscribe call\.FOO\.\*  event FOO not supported`)
	for line, says := range map[string]string{
		"pong": "no command pong, did you mean ping?", "subscribe": "subscribe what?", "api GTE /v2": "GTE is no verb, did you mean GET?; there are GET,", "api /v2": "write api with a verb and a path",
		"api PUT /v2/x {": "the body is no object of JSON",
	} {
		type1(line)
		p.says(strings.Split(says, ",")[0])
	}

	says := func(args ...string) string { // nothing, where the nodes are too slow for the 2 s that they are given
		p := beside(running, append([]string{"sockets"}, args...)...).start()
		p.wait()
		return p.stdout.String()
	}
	var sockets []struct {
		ID       string   `json:"websocket_session_id"`
		Bindings []string `json:"bindings"`
	}
	g.Eventually(t.Context(), func(g gomega.Gomega) {
		g.Expect(json.Unmarshal([]byte(says("list", "--json")), &sockets)).To(gomega.Succeed())
		g.Expect(sockets).To(gomega.HaveLen(1))
	}).WithTimeout(eventually).Should(gomega.Succeed())
	g.Expect(sockets[0].Bindings).To(gomega.Equal([]string{"object.doc_edited.user"}))
	g.Eventually(t.Context(), says).WithArguments("list").WithTimeout(eventually).Should(
		gomega.MatchRegexp(`^ID +NAME +SINCE +NODE +BINDINGS\n%s +- .*object\.doc_edited\.user\n$`, regexp.QuoteMeta(sockets[0].ID)))
	g.Eventually(t.Context(), says).WithArguments("show", sockets[0].ID).WithTimeout(eventually).Should(
		gomega.ContainSubstring(`bindings                   ["object.doc_edited.user"]` + "\n"))
	beside(running, "sockets", "show", "1.2.3.4:5").start().expect(cli.ExitUsage, `no open websocket "1.2.3.4:5"`)

	p.end(cli.ErrInterrupted)
	p.expect(cli.ExitInterrupted)
	g.Eventually(t.Context(), func() string {
		empty := beside(running, "sockets", "list").start().expect(cli.ExitOK)
		return empty.stdout.String() + empty.stderr.String()
	}).WithTimeout(eventually).Should(gomega.ContainSubstring("has no open websockets"))
}

func TestASocketForScripts(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	running, _ := up(t, brokertest.New(t))

	p, _ := watching(running, "call.*.*", "--json", "--timeout", "30s",
		"--expect", "CHANNEL_CREATE call_id=two", "--expect", "CHANNEL_DESTROY hangup_cause=NORMAL_CLEARING custom_channel_vars.authorizing_type=resource")
	beside(running, "trigger", "call", "--set", "Call-ID=one").start().expect(cli.ExitOK)
	beside(running, "trigger", "call", "--set", "Call-ID=two").start().expect(cli.ExitOK)
	p.expect(cli.ExitOK)
	lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
	g.Expect(lines).To(gomega.HaveLen(9), "a reply, and two calls")
	for _, line := range lines {
		g.Expect(json.Valid([]byte(line))).To(gomega.BeTrue(), line)
	}
	g.Expect(lines[8]).To(gomega.HavePrefix(`{"action":"event","subscribed_key":"call.*.*","subscription_key":`))

	late, _ := watching(running, "call.*.*", "--timeout", "15s", "--expect", "CHANNEL_ANSWER", "--expect", "doc_edited")
	beside(running, "trigger", "call", "--set", "Call-ID=three").start().expect(cli.ExitOK)
	late.expect(cli.ExitFailed, "no doc_edited within 15s, after CHANNEL_ANSWER; this came:", "CHANNEL_DESTROY  call.*.*  call_id=three")
	beside(running, "socket", "--timeout", "1s", "--expect", "gap").start().expect(cli.ExitFailed, "no gap within 1s; nothing came")
	beside(running, "socket", "call.FOO.*").start().expect(cli.ExitFailed, "call.FOO.* is not subscribed to: event FOO not supported")
	beside(running, "socket", "call.*.*", "--token", "bad").start().expect(cli.ExitFailed, "call.*.* is not subscribed to: failed to authenticate token bad")
}

func TestASocketOutlivesItsServer(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	broker := brokertest.New(t)
	first, _ := up(t, broker)
	p, _ := watching(first, "call.*.*", "--resume")
	first.end(cli.ErrTerminated)
	first.expect(cli.ExitOK)
	p.says("closed by the server: 1001")
	p.says("kazoolab up is not running")
	second := beside(first, "up", "-o", "json", "--amqp-url", broker.URL, "--rest-listen", "127.0.0.1:0")
	second.running()
	g.Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(gomega.MatchRegexp(`gap +call\.\*\.\*  events may be missing: not_kept`))
	beside(first, "trigger", "channel_answer", "--set", "Call-ID=one").start().expect(cli.ExitOK)
	g.Eventually(t.Context(), p.stdout.String).WithTimeout(eventually).Should(gomega.ContainSubstring("call_id=one"))
}

func TestASocketSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	t.Cleanup(refusing.Close)
	elsewhere := []string{"socket", "--account", "a", "--token", "t", "--url"}
	run(t, append(elsewhere, "ws"+strings.TrimPrefix(refusing.URL, "http"))...).expect(cli.ExitUnreachable, "it answered 429 Too Many Requests")
	run(t, append(elsewhere, "ws://127.0.0.1:1")...).expect(cli.ExitUnreachable, "no connection to ws://127.0.0.1:1")
	run(t, "socket", "call.*.*").expect(cli.ExitUnreachable, "kazoolab up is not running")
	running, _ := up(t, brokertest.New(t), "--websockets-listen=")
	beside(running, "socket").start().expect(cli.ExitUnreachable, "serves no websockets", "websockets.listen")
}

// The talk lists ids, later dialects objects.
func TestSocketsAreListedFromEitherShape(t *testing.T) {
	t.Parallel()
	const one = `"bindings":["call.*.*","call.*.*","object.*.user"],"websocket_session_id":"192.0.2.1:5"`
	for list, want := range map[string]string{
		`["192.0.2.1:5","192.0.2.9:9"]`: "192.0.2.1:5  -     -      -     call.*.* object.*.user\n", // the second one is gone meanwhile
		`[{` + one + `,"destination":"apps001.example.com","source":"192.0.2.1","name":"board"}]`: "192.0.2.1:5  board  -      apps001.example.com  call.*.* object.*.user\n",
	} {
		rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v2/api_auth":
				w.WriteHeader(http.StatusCreated)
				fmt.Fprint(w, `{"auth_token":"t"}`)
			case strings.HasSuffix(r.URL.Path, "/websockets"):
				fmt.Fprintf(w, `{"data":%s,"status":"success"}`, list)
			case strings.HasSuffix(r.URL.Path, "/192.0.2.1:5"):
				fmt.Fprintf(w, `{"data":[{%s}],"status":"success"}`, one)
			default:
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `{"message":"bad identifier"}`)
			}
		}))
		t.Cleanup(rest.Close)
		p := prepare(t, "sockets", "list").withRunFile(rest.URL).start().expect(cli.ExitOK)
		if _, rows, _ := strings.Cut(p.stdout.String(), "\n"); rows != want {
			t.Errorf("printed\n%s", &p.stdout)
		}
	}
}

func TestCompletionOffersBindings(t *testing.T) {
	t.Parallel()
	for dialect, data := range map[string]string{
		"talk": `{"call":[{"binding":"call.CHANNEL_CREATE.*","event":"CHANNEL_CREATE"}],"conference":[{"binding":"conference.command.{CONFERENCE_ID}","event":"command"}]}`,
		"5.0":  `{"call":["call.CHANNEL_CREATE.{CALL_ID}"],"conference":["conference.command.{CONFERENCE_ID}"],"presence":["dialog.{CALL_ID}"]}`,
	} {
		rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"data":%s}`, data) }))
		t.Cleanup(rest.Close)
		p := prepare(t, "__complete", "socket", "object.*.*", "").withRunFile(rest.URL).start().expect(cli.ExitOK)
		want := "call.*.*\ncall.CHANNEL_CREATE.*\nconference.command.{CONFERENCE_ID}\n"
		if dialect == "5.0" {
			want += "presence.dialog.*\n"
		}
		if got, _, _ := strings.Cut(p.stdout.String(), ":"); got != want {
			t.Errorf("%s: offered\n%s", dialect, got)
		}
	}
}

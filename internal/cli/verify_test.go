package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// The example of Standard Webhooks.
const (
	goodSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret   = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	goodID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	goodSeconds   = 1614265330
	goodSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	goodBody      = `{"test": 2432232314}`
)

func signedHead(extra string) string {
	return fmt.Sprintf("webhook-id: %s\r\nWebhook-Timestamp: %d\r\nwebhook-signature: %s\r\n%s\r\n", goodID, goodSeconds, goodSignature, extra)
}

// verifying runs verify two seconds after the example was signed.
func verifying(t *testing.T, stdin string, args ...string) *program {
	t.Helper()
	p := prepare(t, append([]string{"verify"}, args...)...)
	p.state.Stdin = strings.NewReader(stdin)
	p.state.Clock = clockwork.NewFakeClockAt(time.Unix(goodSeconds+2, 0))
	return p.start()
}

func TestVerifyReadsRequestsAsTheyCome(t *testing.T) {
	t.Parallel()
	report, err := json.Marshal(map[string]any{
		"method": "POST", "target": "/x", "body": goodBody,
		"headers": map[string]string{"Webhook-Id": goodID, "Webhook-Timestamp": fmt.Sprint(goodSeconds), "Webhook-Signature": goodSignature},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte(goodBody), 0o600); err != nil {
		t.Fatal(err)
	}
	parts := []string{"--id", goodID, "--timestamp", fmt.Sprint(goodSeconds), "--signature", goodSignature}
	for name, c := range map[string]struct {
		stdin string
		args  []string
	}{
		"from the wire":       {"POST /hook?x=1 HTTP/1.1\r\nHost: h\r\n" + signedHead("") + goodBody, nil},
		"headers alone":       {signedHead("") + goodBody, nil},
		"lines of an editor":  {strings.ReplaceAll("POST / HTTP/1.1\n"+signedHead("Content-Length: 20\r\n"), "\r", "") + goodBody + "\n", []string{"-"}},
		"a line of listen":    {string(report) + "\n", nil},
		"parts":               {"", append(parts, "--body", goodBody)},
		"parts, body in file": {"", append(parts, "--body", "@"+file)},
	} {
		g := NewWithT(t)
		p := verifying(t, c.stdin, append([]string{"--secret", otherSecret, "--secret", goodSecret}, c.args...)...).expect(cli.ExitOK)
		g.Expect(p.stdout.String()).To(Equal("valid: secret 2 of 2 fits, signed 2s ago\n"), name)
	}
	m := signature.Sign("m1", time.Unix(goodSeconds, 0), []byte("a=1&b[c]=2?d=3"), parsed(t, goodSecret))
	get := fmt.Sprintf("GET /p?a=1&b[c]=2?d=3 HTTP/1.1\r\nwebhook-id: m1\r\nwebhook-timestamp: %s\r\nwebhook-signature: %s\r\n\r\n", m.Timestamp, m.Signature)
	verifying(t, get, "--secret", goodSecret).expect(cli.ExitOK)
}

func parsed(t *testing.T, text string) []signature.Secret {
	t.Helper()
	secret, err := signature.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return []signature.Secret{secret}
}

func TestVerifySaysWhyNot(t *testing.T) {
	t.Parallel()
	good := "POST / HTTP/1.1\r\n" + signedHead("") + goodBody
	for _, c := range []struct {
		stdin string
		args  []string
		code  int
		says  string
	}{
		{good, []string{"--secret", otherSecret}, cli.ExitFailed, "not valid: no signature fits: it was made with another secret"},
		{good + " ", []string{"--secret", goodSecret}, cli.ExitFailed, "content were changed on the way"},
		{good, []string{"--secret", goodSecret, "--tolerance", "1s"}, cli.ExitFailed, "signed 2s ago, more than 1s"},
		{good, []string{"--secret", goodSecret, "--tolerance", "0"}, cli.ExitOK, ""},
		{"POST / HTTP/1.1\r\nHost: h\r\n\r\n" + goodBody, []string{"--secret", goodSecret}, cli.ExitFailed, "not signed: no webhook-id, no webhook-timestamp, no webhook-signature"},
		{"", []string{"--secret", goodSecret, "--id", goodID, "--body", goodBody}, cli.ExitFailed, "not signed: no webhook-timestamp, no webhook-signature"},
		{signedHead("Content-Length: 21\r\n") + goodBody, []string{"--secret", goodSecret}, cli.ExitUsage, "content-length says 21: it is not complete"},
		{"", []string{"--secret", goodSecret}, cli.ExitUsage, "this is no request"},
		{"what is this", []string{"--secret", goodSecret}, cli.ExitUsage, "line 1 is neither"},
		{"{", []string{"--secret", goodSecret}, cli.ExitUsage, "it begins like a line of listen"},
		{good, nil, cli.ExitUsage, "which secret?"},
		{good, []string{"--secret", "hunter2"}, cli.ExitUsage, "begins with whsec_"},
		{good, []string{"--secret", goodSecret, "--tolerance", "-1s"}, cli.ExitUsage, "--tolerance"},
		{good, []string{"--secret", goodSecret, "--body", "@/does/not/exist"}, cli.ExitUsage, "--body: "},
		{good, []string{"--secret", goodSecret, "/does/not/exist"}, cli.ExitUsage, "/does/not/exist"},
		{good, []string{"--secret", goodSecret, "a", "b"}, cli.ExitUsage, `"b" is too much`},
		{good, []string{"--secret", goodSecret, "a", "--id", "b"}, cli.ExitUsage, "either a file or"},
	} {
		p := verifying(t, c.stdin, c.args...).expect(c.code, c.says)
		if text := p.stderr.String(); strings.Contains(text, "hunter2") || strings.Contains(text, "MfKQ") {
			t.Errorf("%q: a secret is shown: %s", c.args, text)
		}
	}
}

func TestVerifyForPrograms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	good := signedHead("") + goodBody
	p := verifying(t, good, "-o", "json", "--secret", goodSecret).expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(MatchJSON(`{"valid":true,"secret":1,"age":"2s"}`))
	p = verifying(t, good, "-o", "json", "--secret", otherSecret).expect(cli.ExitFailed)
	g.Expect(p.stdout.String()).To(ContainSubstring(`"valid": false`))
	g.Expect(p.stdout.String()).To(ContainSubstring("another secret"))
}

func TestListenSaysWhatIsSigned(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	send := func(url, signed string) {
		m := signature.Sign("m1", clock.System().Now(), []byte("hook_event=x"), parsed(t, goodSecret))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("hook_event=x"+signed))
		g.Expect(err).NotTo(HaveOccurred())
		req.Header.Set("Webhook-Id", m.ID)
		req.Header.Set("Webhook-Timestamp", m.Timestamp)
		req.Header.Set("Webhook-Signature", m.Signature)
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		g.Expect(err).NotTo(HaveOccurred())
		_ = res.Body.Close()
	}
	p, url := listening(t, "--count", "2", "--secret", goodSecret)
	send(url, "")
	send(url, "&y=2")
	p.expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(MatchRegexp(`(?s)^[^\n]+ ms  signed\n[^\n]+ ms  not valid: no signature fits[^\n]+\n$`))

	p, url = listening(t, "--count", "2", "--secret", goodSecret, "-o", "json")
	send(url, "")
	send(url, "&y=2")
	p.expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(MatchRegexp(`(?s)^[^\n]+"signed":true}\n[^\n]+"signed":false,"not_signed":"no signature fits[^\n]+\n$`))
	run(t, "listen", "--secret", "hunter2").expect(cli.ExitUsage, "--secret: a secret begins with whsec_")
}

// What a sender writes cannot move the cursor of who looks on, or begin a line.
func TestListenShowsControlCharactersAsText(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, url := listening(t, "--count", "1", "--show", "body", "--secret", goodSecret)
	body := `{"hook_event":"x\u001b[2J\r\n12:00:00.000  POST  forged","key\n\u001b[31m":"v\u001b[0m\n","\u009b2J":"\u202e"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	g.Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hook-ID", "a\xc2\x9b31m")
	req.Header.Set("Webhook-Timestamp", "a\xc2\x9b31m")
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	g.Expect(err).NotTo(HaveOccurred())
	_ = res.Body.Close()
	p.expect(cli.ExitOK)
	printed := p.stdout.String()
	g.Expect(strings.Split(strings.TrimSuffix(printed, "\n"), "\n")).To(HaveLen(4), printed)
	for _, r := range printed {
		g.Expect(r == '\n' || r >= ' ' && r < 0x7f).To(BeTrue(), "%q in %s", r, printed)
	}
}

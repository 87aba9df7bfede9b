package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// kazoo answers as a Kazoo does that has the given hooks and no extensions.
func kazoo(t *testing.T, hooks ...string) *httptest.Server {
	t.Helper()
	return kazooAnswering(t, func(mux *http.ServeMux, answer func(http.ResponseWriter, *http.Request, string)) {
		answerHooks(mux, answer, hooks)
	})
}

// kazooAnswering answers what a test adds, to whoever has the token, and knows nothing
// else.
func kazooAnswering(t *testing.T, add func(mux *http.ServeMux, answer func(w http.ResponseWriter, r *http.Request, data string))) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	add(mux, func(w http.ResponseWriter, r *http.Request, data string) {
		if r.Header.Get("X-Auth-Token") != "tok.en" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"message":"invalid_credentials","status":"error"}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":`+data+`,"status":"success"}`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"not_found","data":{"message":"not found"},"status":"error"}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func answerHooks(mux *http.ServeMux, answer func(w http.ResponseWriter, r *http.Request, data string), hooks []string) {
	mux.HandleFunc("GET /v2/accounts/acc/webhooks", func(w http.ResponseWriter, r *http.Request) {
		// In pages of one.
		at := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("start_key"), &at)
		if at+1 >= len(hooks) {
			answer(w, r, `[`+strings.Join(hooks[at:], "")+`]`)
			return
		}
		answer(w, r, `[`+hooks[at]+`],"next_start_key":"`+fmt.Sprint(at+1)+`"`)
	})
	mux.HandleFunc("PATCH /v2/accounts/acc/webhooks/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"message":"validation error","data":{"uri":{"error":{"message":"invalid client URL"}}},"status":"error"}`)
	})
}

func someHooks() []string {
	return []string{
		`{"id":"aaaa1111","name":"First","hook":"all","uri":"http://h/1","enabled":true}`,
		`{"id":"aabb2222","name":"Second\u001b[31m","hook":"object","uri":"http://h/2","enabled":false,"disable_reason":"too many failed attempts"}`,
		`{"id":"cccc3333","name":"First","hook":"sms","uri":"http://h/3","enabled":false}`,
	}
}

// at runs a command of hooks against a server that no run file tells of.
func at(t *testing.T, server *httptest.Server, token string, args ...string) *program {
	t.Helper()
	p := prepare(t, append([]string{"hooks"}, args...)...)
	p.state.Args = append(p.state.Args, "--url", server.URL, "--account", "acc")
	p.state.Env = append(p.state.Env, "AUTH_TOKEN="+token)
	return p.start()
}

func TestHooksOfAKazoo(t *testing.T) {
	t.Parallel()
	server := kazoo(t, someHooks()...)
	got := at(t, server, "tok.en", "list").expect(cli.ExitOK).stdout.String()
	want := `ID        NAME          HOOK    STATE                          FAILURES  URI
aaaa1111  First         all     on                             -         http://h/1
aabb2222  Second [31m   object  off: too many failed attempts  -         http://h/2
cccc3333  First         sms     off                            -         http://h/3
`
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	var rows []map[string]any
	p := at(t, server, "tok.en", "list", "-o", "json").expect(cli.ExitOK)
	if err := json.Unmarshal([]byte(p.stdout.String()), &rows); err != nil || len(rows) != 3 {
		t.Errorf("%v: %s", err, &p.stdout)
	}
	p = at(t, kazoo(t), "tok.en", "list", "-o", "json").expect(cli.ExitOK)
	if p.stdout.String() != "[]\n" {
		t.Errorf("no hooks are %q", &p.stdout)
	}
	at(t, kazoo(t), "tok.en", "list").expect(cli.ExitOK, "acc has no webhooks")
}

func TestHooksThatAreNotMeant(t *testing.T) {
	t.Parallel()
	server := kazoo(t, someHooks()...)
	for which, says := range map[string]string{
		"aaaa1112": "did you mean aaaa1111?",
		"Frist":    "did you mean First?",
		"First":    `"First" means 2 webhooks of acc: aaaa1111, cccc3333`,
		"aa":       `"aa" means 2 webhooks of acc: aaaa1111, aabb2222`,
		"":         `acc has no webhook ""`,
	} {
		at(t, server, "tok.en", "show", which).expect(cli.ExitUsage, says)
	}
}

func TestWhatRESTRefusesIsSaid(t *testing.T) {
	t.Parallel()
	server := kazoo(t, someHooks()...)
	at(t, server, "tok.en", "enable", "aabb").expect(cli.ExitFailed, "PATCH /v2/accounts/acc/webhooks/aabb2222 answered 400 validation error; uri: invalid client URL")
	at(t, server, "tok.en", "enable", "--all").expect(cli.ExitFailed, "PATCH /v2/accounts/acc/webhooks answered")
	at(t, server, "old", "list").expect(cli.ExitFailed, "401 invalid_credentials", "get a new one")
	server.Close()
	at(t, server, "tok.en", "list").expect(cli.ExitUnreachable, "no bridge at")
}

func TestCompletionOffersHooks(t *testing.T) {
	t.Parallel()
	server := kazoo(t, someHooks()...)
	p := prepare(t, "__complete", "hooks", "enable", "--url", server.URL, "--account", "acc", "--token", "tok.en", "")
	p.start().expect(cli.ExitOK)
	if got := p.stdout.String(); !strings.Contains(got, "aabb2222\tSecond") {
		t.Errorf("offered %q", got)
	}
}

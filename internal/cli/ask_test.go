package cli_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// fakeBridge answers what health and env ask.
func fakeBridge(t *testing.T, readyStatus int, readyBody string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(readyStatus)
		_, _ = io.WriteString(w, readyBody)
	})
	mux.HandleFunc("PUT /v2/api_auth", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Data struct {
				APIKey string `json:"api_key"`
			} `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Data.APIKey != "key-of-customer" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"bad identifier"}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"auth_token":"tok.en"}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestHealth(t *testing.T) {
	t.Parallel()
	ready := fakeBridge(t, 200, `{"ready":true}`)
	red := fakeBridge(t, 503, `{"ready":false,"reasons":["the broker is not connected","x"]}`)
	odd := fakeBridge(t, 404, `what?`)

	p := run(t, "health", "--url", ready.URL+"/").expect(cli.ExitOK)
	if p.stdout.String() != "ready\n" {
		t.Errorf("printed %q", &p.stdout)
	}
	p = run(t, "health", "--url", red.URL, "-o", "json").expect(cli.ExitFailed, "not ready: the broker is not connected; x")
	if p.stdout.String() != `{"ready":false,"reasons":["the broker is not connected","x"]}`+"\n" {
		t.Errorf("printed %q", &p.stdout)
	}
	run(t, "health", "--url", odd.URL).expect(cli.ExitFailed, "not ready")
	run(t, "health", "--url", "http://127.0.0.1:1").expect(cli.ExitUnreachable, "no bridge at http://127.0.0.1:1", "refused")
}

func TestHealthFindsTheBridge(t *testing.T) {
	t.Parallel()
	ready, red := fakeBridge(t, 200, `{"ready":true}`), fakeBridge(t, 503, `{}`)
	prepare(t, "health").withRunFile(ready.URL).start().expect(cli.ExitOK)

	// What is set wins over what runs; a listener on all addresses is asked locally.
	_, port, err := net.SplitHostPort(strings.TrimPrefix(ready.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, "health").withRunFile(red.URL)
	p.state.Env = append(p.state.Env, "KAZOOLAB_REST_LISTEN=0.0.0.0:"+port)
	p.start().expect(cli.ExitOK)

	p = prepare(t, "health", "--rest-listen", ":1")
	p.state.Env = nil // a container without a home
	p.start().expect(cli.ExitUnreachable, "http://127.0.0.1:1")
}

func TestEnvPrintsAFreshToken(t *testing.T) {
	t.Parallel()
	server := fakeBridge(t, 200, "")
	for _, args := range [][]string{{"env"}, {"env", "--account", "Cust Dental"}, {"env", "--account", customerID}, {"env", "--account", "customer"}} {
		p := prepare(t, args...).withRunFile(server.URL).start().expect(cli.ExitOK)
		want := "export SERVER='127.0.0.1' ACCOUNT_ID='" + customerID + "' AUTH_TOKEN='tok.en' CLOCK_TOKEN='' WEBSOCKET_URL='ws://127.0.0.1:5555'\n"
		if p.stdout.String() != want {
			t.Errorf("%q printed %q", args, &p.stdout)
		}
	}
	p := prepare(t, "env", "-o", "json").withRunFile(server.URL).start().expect(cli.ExitOK)
	var out map[string]string
	if err := json.Unmarshal([]byte(p.stdout.String()), &out); err != nil || out["AUTH_TOKEN"] != "tok.en" || out["ACCOUNT_ID"] != customerID {
		t.Errorf("%s, %v", &p.stdout, err)
	}
}

func TestEnvSaysWhyNot(t *testing.T) {
	t.Parallel()
	server := fakeBridge(t, 200, "")
	prepare(t, "env", "--account", "reseller").withRunFile(server.URL).start().expect(cli.ExitFailed, "404 bad identifier")
	prepare(t, "env", "--account", "Cust Dentl").withRunFile(server.URL).start().expect(cli.ExitUsage, "did you mean Cust Dental")
	prepare(t, "env", "--account", "Nobody").withRunFile(server.URL).start().expect(cli.ExitUsage, `no account "Nobody"; use master, reseller, customer`)
	prepare(t, "env").start().expect(cli.ExitUnreachable, "kazoolab up is not running")
	prepare(t, "env").withRunFile("http://127.0.0.1:1").start().expect(cli.ExitUnreachable, "left over")
	p := prepare(t, "env")
	p.state.Env = nil
	p.start().expect(cli.ExitUsage, "KAZOOLAB_RUN_FILE")
}

func TestCompletionOffersAccounts(t *testing.T) {
	t.Parallel()
	server := fakeBridge(t, 200, "")
	p := prepare(t, "__complete", "env", "--account", "").withRunFile(server.URL).start().expect(cli.ExitOK)
	if !strings.Contains(p.stdout.String(), "Cust Dental\n") || !strings.Contains(p.stdout.String(), customerID) {
		t.Errorf("offered %q", &p.stdout)
	}
}

package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// listening starts listen on a port that is known to the test.
func listening(t *testing.T, args ...string) (p *program, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p = prepare(t, append([]string{"listen"}, args...)...)
	p.state.Listen = func(context.Context, string, string) (net.Listener, error) { return listener, nil }
	return p.start(), "http://" + listener.Addr().String()
}

// deliver makes the request that a webhook makes and returns the status, 0 for none.
func deliver(t *testing.T, method, url, contentType, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("X-Hook-ID", "0123456789abcdef0123456789abcdef")
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}

func TestListenPrintsALineForEachRequest(t *testing.T) {
	t.Parallel()
	p, url := listening(t, "--count", "5", "--answer", "200,500x2,drop,redirect:307:/x")
	form := "application/x-www-form-urlencoded"
	for i, want := range []int{200, 500, 500, 0, 307} {
		switch i {
		case 1:
			deliver(t, "GET", url+"/?hook_event=channel_answer", "", "")
			continue
		case 2:
			deliver(t, "PUT", url+"/", "application/json", `{"hook_event":"channel_bridge"}`)
			continue
		}
		if got := deliver(t, "POST", url+"/calls", form, "hook_event=channel_create&a=b"); got != want {
			t.Errorf("request %d answered %d, want %d", i, got, want)
		}
	}
	p.expect(cli.ExitOK, "listening on "+url)
	want := regexp.MustCompile(`^` +
		`\d\d:\d\d:\d\d\.\d{3}  POST  01234567  channel_create    200   +\d+ ms\n` +
		`\d\d:\d\d:\d\d\.\d{3}  GET   01234567  channel_answer    500   +\d+ ms\n` +
		`\d\d:\d\d:\d\d\.\d{3}  PUT   01234567  channel_bridge    500   +\d+ ms\n` +
		`\d\d:\d\d:\d\d\.\d{3}  POST  01234567  channel_create    drop  +\d+ ms\n` +
		`\d\d:\d\d:\d\d\.\d{3}  POST  01234567  channel_create    307   +\d+ ms\n$`)
	if !want.MatchString(p.stdout.String()) {
		t.Errorf("printed\n%s", &p.stdout)
	}
}

func TestListenShowsBodies(t *testing.T) {
	t.Parallel()
	p, url := listening(t, "--count", "2", "--show", "body")
	deliver(t, "POST", url, "application/x-www-form-urlencoded", "hook_event=x&caller_id_name=Dana+Desk&sdp=a%0Ab")
	deliver(t, "POST", url, "application/json", `{"vars":{"n":1}}`)
	p.expect(cli.ExitOK)
	for _, line := range []string{"    caller_id_name = Dana Desk\n", "    sdp = a\\nb\n", "    vars.n = 1\n"} {
		if !strings.Contains(p.stdout.String(), line) {
			t.Errorf("no line %q in\n%s", line, &p.stdout)
		}
	}
}

func TestListenPrintsJSONLines(t *testing.T) {
	t.Parallel()
	p, url := listening(t, "--count", "1", "-o", "json")
	deliver(t, "POST", url+"/p?q=1", "application/json", `{"hook_event":"channel_create"}`)
	p.expect(cli.ExitOK)
	var line map[string]any
	if err := json.Unmarshal([]byte(p.stdout.String()), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"method": "POST", "target": "/p?q=1", "event": "channel_create", "answered": "200",
		"hook_id": "0123456789abcdef0123456789abcdef", "body": `{"hook_event":"channel_create"}`,
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}

func TestColourIsForTerminalsThatWantIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		terminal bool
		env      []string
		coloured bool
	}{
		"terminal":          {true, nil, true},
		"pipe":              {false, nil, false},
		"NO_COLOR":          {true, []string{"NO_COLOR=1"}, false},
		"a dumb terminal":   {true, []string{"TERM=dumb"}, false},
		"NO_COLOR is empty": {true, []string{"NO_COLOR="}, true},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := prepare(t, "listen", "--count", "1")
		p.state.Listen = func(context.Context, string, string) (net.Listener, error) { return listener, nil }
		p.state.StdoutTerminal = c.terminal
		p.state.Env = append(p.state.Env, c.env...)
		p.start()
		deliver(t, "GET", "http://"+listener.Addr().String(), "", "")
		p.expect(cli.ExitOK)
		if strings.Contains(p.stdout.String(), "\x1b[") != c.coloured {
			t.Errorf("%s: %q", name, &p.stdout)
		}
	}
}

func TestListenEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	p, url := listening(t)
	if got := deliver(t, "GET", url, "", ""); got != 200 {
		t.Fatalf("answered %d", got)
	}
	p.end(cli.ErrInterrupted)
	p.expect(cli.ExitInterrupted)

	p, url = listening(t)
	deliver(t, "GET", url, "", "")
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

func TestTheSecondInterruptDoesNotWait(t *testing.T) {
	t.Parallel()
	p, _ := listening(t)
	close(p.hurry)
	p.expect(cli.ExitInterrupted)
}

func TestATakenPortNamesTheFlag(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	run(t, "listen", "--addr", address).expect(cli.ExitFailed, address, "address already in use", "--addr")
	run(t, "up", "--rest-listen", address).expect(cli.ExitFailed, address, "address already in use", "--rest-listen")
	run(t, "bridge", "--rest-listen", address).expect(cli.ExitFailed, address, "--rest-listen")
}

package receiver_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type rig struct {
	url     string
	client  *http.Client
	reports chan receiver.Request
}

func newRig(t *testing.T, script string, c clock.Clock) rig {
	t.Helper()
	parsed, err := receiver.ParseScript(script)
	if err != nil {
		t.Fatal(err)
	}
	r := rig{reports: make(chan receiver.Request, 100)}
	server := httptest.NewServer(receiver.New(receiver.Config{
		Clock: c, Script: parsed, Report: func(done receiver.Request) { r.reports <- done },
	}))
	t.Cleanup(server.Close)
	r.url, r.client = server.URL, server.Client()
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return r
}

// post returns the status, 0 when there was no answer, and the header.
func (r rig) post(t *testing.T, contentType, body string) (int, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/hook?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Hook-ID", "h1")
	req.Header.Set("X-Account-ID", "a1")
	res, err := r.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header
}

func TestAnswersComeInTurnAndTheLastRepeats(t *testing.T) {
	t.Parallel()
	r := newRig(t, "201,500x2,drop,redirect:/x,redirect:308:http://h/y,204", clock.System())
	for i, want := range []struct {
		status             int // 0: no answer
		location, reported string
	}{
		{201, "", "201"},
		{500, "", "500"},
		{500, "", "500"},
		{0, "", "drop"},
		{302, "/x", "302"},
		{308, "http://h/y", "308"},
		{204, "", "204"},
		{204, "", "204"},
	} {
		status, header := r.post(t, "text/plain", "")
		done := <-r.reports
		if done.Outcome != want.reported {
			t.Errorf("%d: reported %s, want %s", i, done.Outcome, want.reported)
		}
		if status != want.status || header.Get("Location") != want.location {
			t.Errorf("%d: %d %v, want %+v", i, status, header, want)
		}
	}
}

func TestSlowAnswersAfterTheWait(t *testing.T) {
	t.Parallel()
	fake := clockwork.NewFakeClock()
	r := newRig(t, "slow:2s", fake)
	answered := make(chan int)
	go func() {
		status, _ := r.post(t, "text/plain", "")
		answered <- status
	}()
	if err := fake.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	select {
	case status := <-answered:
		t.Fatalf("answered %d before its time", status)
	default:
	}
	fake.Advance(2 * time.Second)
	if status := <-answered; status != 200 {
		t.Fatalf("answered %d", status)
	}
	if done := <-r.reports; done.Took != 2*time.Second {
		t.Fatalf("took %s", done.Took)
	}
}

// A request is told when it has been read, however long the answer takes.
func TestARequestIsToldWhenItArrives(t *testing.T) {
	t.Parallel()
	fake := clockwork.NewFakeClock()
	script, err := receiver.ParseScript("slow:1h,drop")
	if err != nil {
		t.Fatal(err)
	}
	arrivals, reports := make(chan receiver.Request, 2), make(chan receiver.Request, 2)
	server := httptest.NewServer(receiver.New(receiver.Config{
		Clock: fake, Script: script,
		Arrived: func(req receiver.Request) { arrivals <- req }, Report: func(done receiver.Request) { reports <- done },
	}))
	t.Cleanup(server.Close)
	r := rig{url: server.URL, client: server.Client()}
	answered := make(chan int)
	go func() {
		status, _ := r.post(t, "text/plain", "body")
		answered <- status
	}()
	if req := <-arrivals; string(req.Body) != "body" || req.Outcome != "" || len(reports) > 0 {
		t.Fatalf("%+v, %d reported", req, len(reports))
	}
	if err := fake.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fake.Advance(time.Hour)
	if status, done := <-answered, <-reports; status != 200 || done.BrokenOff() {
		t.Fatalf("answered %d: %+v", status, done)
	}
	r.post(t, "text/plain", "")
	if req, done := <-arrivals, <-reports; req.BrokenOff() || !done.BrokenOff() {
		t.Fatalf("%+v, %+v", req, done)
	}
}

func TestASenderThatLeavesIsReported(t *testing.T) {
	t.Parallel()
	fake := clockwork.NewFakeClock()
	r := newRig(t, "slow:1h", fake)
	r.client.Timeout = 50 * time.Millisecond // a real one: the sender is another program
	if status, _ := r.post(t, "text/plain", ""); status != 0 {
		t.Fatal("it was answered")
	}
	if done := <-r.reports; done.Outcome != receiver.OutcomeGone {
		t.Fatalf("outcome %s", done.Outcome)
	}
}

func TestAHugeBodyIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, "200", clock.System())
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(make([]byte, 17<<20)))
	recorder := httptest.NewRecorder()
	script, _ := receiver.ParseScript("200")
	receiver.New(receiver.Config{Clock: clock.System(), Script: script, Report: func(done receiver.Request) { r.reports <- done }}).
		ServeHTTP(recorder, req)
	if done := <-r.reports; done.Outcome != "413" || recorder.Code != 413 {
		t.Fatalf("reported %s, answered %d", done.Outcome, recorder.Code)
	}
}

func TestPayloadsAreDecodedInOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request receiver.Request
		want    []receiver.Field
	}{
		"form": {
			request("/hook", "application/x-www-form-urlencoded", "hook_event=channel_create&caller_id_name=Dana+Desk&vars%5Ba%5D=%2B1"),
			[]receiver.Field{{"hook_event", "channel_create"}, {"caller_id_name", "Dana Desk"}, {"vars[a]", "+1"}},
		},
		"json": {
			request("/hook", "application/json", `{"z":1.50,"hook_event":"channel_answer","vars":{"a":[true,null]}}`),
			[]receiver.Field{{"z", "1.50"}, {"hook_event", "channel_answer"}, {"vars.a.0", "true"}, {"vars.a.1", "null"}},
		},
		"query":           {request("/hook?b=2&a=1&=&c", "", ""), []receiver.Field{{"b", "2"}, {"a", "1"}, {"", ""}, {"c", ""}}},
		"nothing":         {request("/hook", "", ""), nil},
		"bad escape":      {request("/hook?a=%zz", "", ""), []receiver.Field{{"a", "%zz"}}},
		"JSON that is no": {request("/hook", "application/json", "{"), nil},
	} {
		if got := c.request.Fields(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func request(target, contentType, body string) receiver.Request {
	return receiver.Request{Target: target, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}
}

func TestTheRequestIsReportedWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t, "200", clock.System())
	r.post(t, "application/x-www-form-urlencoded", "hook_event=channel_create")
	done := <-r.reports
	if done.HookID() != "h1" || done.AccountID() != "a1" || done.Event() != "channel_create" || done.Target != "/hook?x=1" || done.Method != http.MethodPost {
		t.Fatalf("%+v", done)
	}
}

func TestBadScriptsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "200,", "99", "600", "199", "200x", "200x0", "200x-1", "200xx2", "slow", "slow:", "slow:2", "slow:-1s",
		"dropx", "redirect:", "redirect:200:/x", "redirect:302:", "redirect:/a\nb", "ok", "20 0",
	} {
		_, err := receiver.ParseScript(text)
		var bad *receiver.AnswerError
		if !errors.As(err, &bad) || bad.Reason == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	for _, seed := range []string{"200,500x3,slow:2s,drop,redirect:/x", "redirect:308:/x", "200x99999999999999999999", " 200 , drop "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := receiver.ParseScript(text)
		if err != nil {
			return
		}
		if strings.Contains(text, "slow") {
			return // would wait
		}
		recorder := httptest.NewRecorder()
		receiver.New(receiver.Config{Clock: clock.System(), Script: script, Report: func(receiver.Request) {}}).
			ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	})
}

func FuzzFields(f *testing.F) {
	f.Add("application/json", `{"a":{"b":[1]}}`)
	f.Add("application/x-www-form-urlencoded", "a=b&c%")
	f.Fuzz(func(_ *testing.T, contentType, body string) {
		request("/?"+body, contentType, body).Fields()
	})
}

package labclock_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/labclock"
)

const token = "0123456789abcdef"

type rig struct {
	t       *testing.T
	clock   *clock.Adjustable
	handler http.Handler
}

func newRig(t *testing.T) rig {
	t.Helper()
	c := clock.NewAdjustable(clockwork.NewFakeClockAt(time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)))
	return rig{t, c, labclock.Handler(labclock.Config{Clock: c, Token: token, Port: "8000", Log: slog.New(slog.DiscardHandler)})}
}

// ask makes a request that is right in every way but for what change does to it.
func (r rig) ask(method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.t.Context(), method, path, strings.NewReader(body))
	req.Host = "127.0.0.1:8000"
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(req)
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	return w
}

func reading(g Gomega, w *httptest.ResponseRecorder) labclock.Reading {
	var got labclock.Reading
	g.Expect(w.Code).To(Equal(http.StatusOK), w.Body.String())
	g.Expect(json.Unmarshal(w.Body.Bytes(), &got)).To(Succeed())
	return got
}

func TestTheClockIsReadAndPutForward(t *testing.T) {
	g, r := NewWithT(t), newRig(t)
	noon := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	g.Expect(reading(g, r.ask(http.MethodGet, labclock.Path, "", nil))).To(Equal(labclock.Reading{Now: noon}))
	for _, body := range []string{`{"seconds": 90}`, `{"by": "90s"}`, `{"seconds": 0.5}`, ` {"by":"1m30s"} ` + "\n"} {
		reading(g, r.ask(http.MethodPost, labclock.PathAdvance, body, nil))
	}
	ahead := 270*time.Second + 500*time.Millisecond
	g.Expect(reading(g, r.ask(http.MethodGet, labclock.Path, "", nil))).
		To(Equal(labclock.Reading{Now: noon.Add(ahead), OffsetSeconds: ahead.Seconds()}))
}

func TestWhoMayUseTheClock(t *testing.T) {
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	host := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		says   string
	}{
		"a program":                        {nil, 200, ""},
		"by the name of this machine":      {host("LocalHost:8000"), 200, ""},
		"by IPv6":                          {host("[::1]:8000"), 200, ""},
		"by another loopback address":      {host("127.8.9.1:8000"), 200, ""},
		"a page of ours":                   {header("Origin", "http://127.0.0.1:8000"), 200, ""},
		"in other case":                    {header("Authorization", "bearer "+token), 200, ""},
		"by a name that was rebound":       {host("evil.example.com:8000"), 403, "Host"},
		"by a name that begins like ours":  {host("localhost.example.com:8000"), 403, "Host"},
		"by a subdomain":                   {host("evil.localhost:8000"), 403, "Host"},
		"by an outer address":              {host("192.0.2.1:8000"), 403, "Host"},
		"by an unspecified address":        {host("0.0.0.0:8000"), 403, "Host"},
		"by another port":                  {host("127.0.0.1:8001"), 403, "Host"},
		"without a port":                   {host("127.0.0.1"), 403, "Host"},
		"without a host":                   {host(""), 403, "Host"},
		"with user information":            {host("evil@127.0.0.1:8000"), 403, "Host"},
		"a page of another origin":         {header("Origin", "http://evil.example.com"), 403, "Origin"},
		"a page of another port":           {header("Origin", "http://127.0.0.1:3000"), 403, "Origin"},
		"a page by TLS":                    {header("Origin", "https://127.0.0.1:8000"), 403, "Origin"},
		"a page in a sandbox":              {header("Origin", "null"), 403, "Origin"},
		"two origins":                      {header("Origin", "http://127.0.0.1:8000", "http://evil.example.com"), 403, "Origin"},
		"an empty origin":                  {header("Origin", ""), 403, "Origin"},
		"without a token":                  {header("Authorization"), 401, "kazoolab env"},
		"with another token":               {header("Authorization", "Bearer x"), 401, "Bearer"},
		"with an empty token":              {header("Authorization", "Bearer "), 401, "Bearer"},
		"with a token of the REST API":     {func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("X-Auth-Token", token) }, 401, "Bearer"},
		"with the token in another scheme": {header("Authorization", "Basic "+token), 401, "Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			g, r := NewWithT(t), newRig(t)
			for _, w := range []*httptest.ResponseRecorder{
				r.ask(http.MethodGet, labclock.Path, "", c.change),
				r.ask(http.MethodPost, labclock.PathAdvance, `{"seconds":1}`, c.change),
			} {
				g.Expect(w.Code).To(Equal(c.status), w.Body.String())
				g.Expect(w.Body.String()).To(ContainSubstring(c.says))
				g.Expect(w.Header()).NotTo(HaveKey(HavePrefix("Access-Control-")))
			}
			g.Expect(r.clock.Ahead()).To(Equal(map[bool]time.Duration{true: time.Second}[c.status == 200]))
		})
	}
}

func TestWhatIsNoRequestToTheClock(t *testing.T) {
	for _, c := range []struct {
		method, path, contentType, body string
		status                          int
		says                            string
	}{
		{"POST", labclock.PathAdvance, "application/json", "", 400, `{"by": "90s"}`},
		{"POST", labclock.PathAdvance, "application/json", "null", 400, "neither seconds nor by"},
		{"POST", labclock.PathAdvance, "application/json", "{}", 400, "neither seconds nor by"},
		{"POST", labclock.PathAdvance, "application/json", "[]", 400, "body: no array is wanted; want"},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":1,"by":"1s"}`, 400, "both"},
		{"POST", labclock.PathAdvance, "application/json", `{"second":1}`, 400, `"second"`},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":"1"}`, 400, "seconds"},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":0}`, 400, "seconds: 0 "},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":1e-12}`, 400, "seconds"},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":-5}`, 400, "seconds: -5 "},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":1e18}`, 400, "seconds: 1e+18 is more"},
		{"POST", labclock.PathAdvance, "application/json", `{"seconds":1e999}`, 400, "seconds: no number 1e999"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":5}`, 400, "by: no number is wanted; want"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":""}`, 400, "by:"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":"tomorrow"}`, 400, `by: "tomorrow" is no duration such as`},
		{"POST", labclock.PathAdvance, "application/json", `{"by":"-1s"}`, 400, "cannot go back"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":"100000h"}`, 400, "more than"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":"1s"}{}`, 400, "nothing after it"},
		{"POST", labclock.PathAdvance, "application/json", `{"by":"` + strings.Repeat("1", 2000) + `s"}`, 400, "body"},
		{"POST", labclock.PathAdvance, "", `{"by":"1s"}`, 415, "application/json"},
		{"POST", labclock.PathAdvance, "text/plain", `{"by":"1s"}`, 415, "application/json"},
		{"POST", labclock.PathAdvance, "application/x-www-form-urlencoded", `by=1s`, 415, "application/json"},
		{"GET", labclock.PathAdvance, "application/json", "", 405, "POST"},
		{"OPTIONS", labclock.PathAdvance, "application/json", "", 405, "POST"},
		{"PUT", labclock.Path, "application/json", `{"by":"1s"}`, 405, "GET"},
		{"GET", labclock.Path + "/", "application/json", "", 404, labclock.PathAdvance},
		{"POST", labclock.Prefix + "time", "application/json", `{"by":"1s"}`, 404, labclock.Path},
	} {
		t.Run(c.method+" "+c.path+" "+c.body[:min(len(c.body), 30)], func(t *testing.T) {
			g, r := NewWithT(t), newRig(t)
			w := r.ask(c.method, c.path, c.body, func(req *http.Request) { req.Header.Set("Content-Type", c.contentType) })
			g.Expect(w.Code).To(Equal(c.status), w.Body.String())
			var answer struct{ Error string }
			g.Expect(json.Unmarshal(w.Body.Bytes(), &answer)).To(Succeed())
			g.Expect(answer.Error).To(ContainSubstring(c.says))
			g.Expect(r.clock.Ahead()).To(BeZero())
		})
	}
}

func TestTheClockIsNotPutForwardWithoutEnd(t *testing.T) {
	g, r := NewWithT(t), newRig(t)
	body := `{"by":"` + clock.MaxAhead.String() + `"}`
	reading(g, r.ask(http.MethodPost, labclock.PathAdvance, body, nil))
	w := r.ask(http.MethodPost, labclock.PathAdvance, `{"seconds":1}`, nil)
	g.Expect(w.Code).To(Equal(http.StatusBadRequest))
	g.Expect(w.Body.String()).To(ContainSubstring("ahead of the machine's"))
}

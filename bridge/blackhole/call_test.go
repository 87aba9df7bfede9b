package blackhole_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
)

// rest answers requests of the action api with f.
func rest(f http.HandlerFunc) settings {
	return func(_ *blackhole.Config, d *blackhole.Dependencies) { d.REST = f }
}

func TestRequestsGoToREST(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, rest(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.WriteHeader(http.StatusTeapot)
		asked := strings.Join([]string{req.Method, req.URL.String(), req.Header.Get("X-Auth-Token"), req.Header.Get("X-Request-Id"), string(body)}, " ")
		_, _ = io.WriteString(w, `{"asked":"`+strings.ReplaceAll(asked, `"`, "")+`"}`+"\n")
	}))
	s := r.dial(t)
	s.ask(`{"action":"ping",` + token + `}`)
	got := s.ask(`{"action":"api","request_id":"r","auth_token":"fresh","data":{"endpoint":"/v2"}}`)
	g.Expect(got).To(ContainSubstring("GET /v2 fresh r"), "the token of the frame, as the first may have expired")
	for data, want := range map[string]string{
		`{"endpoint":"/v2/accounts/a?x=1"}`:                     "GET /v2/accounts/a?x=1 tok-" + acme + " r ",
		`{"endpoint":"v2/users","verb":"put","body":"{}"}`:      "PUT /v2/users tok-" + acme + " r {}",
		`{"endpoint":"/v2/users","verb":"POST","body":{"n":1}}`: `POST /v2/users tok-` + acme + ` r {"n":1}`,
	} {
		want = strings.ReplaceAll(want, `"`, "")
		got = s.ask(`{"action":"api","request_id":"r",` + token + `,"data":` + data + `}`)
		g.Expect(strings.ReplaceAll(got, `"`, "")).To(Equal(`{action:reply,request_id:r,status:success,data:{asked:` + want + `}}`))
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, rest(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/panics" {
			panic("on purpose") //nolint:forbidigo // what REST must not do to us
		}
		_, _ = io.WriteString(w, "not JSON")
	}))
	s := r.dial(t)
	for data, want := range map[string]string{
		`{}`:                                "missing required data object",
		`{"verb":"get"}`:                    "missing endpoint",
		`{"endpoint":"/v2","verb":5}`:       "invalid verb : it must be get, put, post, patch or delete",
		`{"endpoint":5}`:                    "invalid endpoint : it must be a path such as /v2/accounts",
		`{"endpoint":"/%zz"}`:               "invalid endpoint : it must be a path such as /v2/accounts",
		`{"endpoint":"/x","verb":"trace"}`:  "invalid verb : it must be get, put, post, patch or delete",
		`{"endpoint":"/x","body":[1]}`:      "invalid body : it must be a string of JSON, or an object",
		`{"endpoint":"/x"}`:                 "the answer is not JSON, HTTP 200 : endpoint must be a path of REST such as /v2/accounts",
		`{"endpoint":"/panics"}`:            "the answer is not JSON, HTTP 500 : endpoint must be a path of REST such as /v2/accounts",
		`{"endpoint":"http://elsewhere/x"}`: "the answer is not JSON, HTTP 200 : endpoint must be a path of REST such as /v2/accounts", // a path of ours
	} {
		g.Expect(s.refused(`{"action":"api",`+token+`,"data":`+data+`}`)).To(Equal(want), data)
	}
	g.Expect(s.refused(`{"action":"api",` + token + `}`)).To(Equal("missing required data object"))
}

func TestADrainDoesNotWaitForRequests(t *testing.T) {
	g := NewWithT(t)
	asked := make(chan struct{})
	r := newRig(t, rest(func(_ http.ResponseWriter, req *http.Request) {
		close(asked)
		<-req.Context().Done()
	}))
	r.dial(t).send(`{"action":"api",` + token + `,"data":{"endpoint":"/v2"}}`)
	g.Eventually(asked).WithTimeout(patience).Should(BeClosed())
	limit, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r.Drain(limit)
	g.Expect(r.Open()).To(BeZero())
}

func TestARequestDoesNotHoldUpTheSocket(t *testing.T) {
	g := NewWithT(t)
	answer := make(chan struct{})
	r := newRig(t, rest(func(w http.ResponseWriter, _ *http.Request) {
		<-answer
		_, _ = io.WriteString(w, "{}")
	}))
	s := r.dial(t)
	s.send(`{"action":"api","request_id":"slow",` + token + `,"data":{"endpoint":"/v2"}}`)
	g.Expect(s.ask(`{"action":"ping","request_id":"quick"}`)).To(ContainSubstring("quick"))
	close(answer)
	g.Expect(s.next()).To(ContainSubstring(`"request_id":"slow","status":"success","data":{}`))
}

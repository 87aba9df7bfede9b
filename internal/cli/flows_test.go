package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// put makes a document of the account by REST and returns its id.
func (l lab) put(t *testing.T, collection, data string) string {
	t.Helper()
	status, answer := call(t, http.MethodPut, l.REST+"/v2/accounts/"+l.AccountID+"/"+collection, l.Token, `{"data":`+data+`}`)
	NewWithT(t).Expect(status).To(Equal(http.StatusCreated), "%v", answer)
	made, _ := answer["data"].(map[string]any)
	id, _ := made["id"].(string)
	return id
}

func inOrder(g Gomega, told string, lines ...string) {
	at := 0
	for _, line := range lines {
		i := strings.Index(told[at:], line)
		g.ExpectWithOffset(1, i).NotTo(BeNumerically("<", 0), "%s after\n%s\nin\n%s", line, told[:at], told)
		at += i + len(line)
	}
}

func TestACallflowLeadsTheCallsToItsNumber(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, l := up(t, brokertest.New(t))
	menu := l.put(t, "menus", `{"name":"main","retries":2,"timeout":60000,"max_extension_length":1}`)
	l.put(t, "callflows", `{"numbers":["2000"],"flow":{"module":"menu","data":{"id":"`+menu+`"},"children":{
		"1":{"module":"tts","data":{"text":"You are welcome"},"children":{}},
		"_":{"module":"hangup","data":{},"children":{}}}}}`)
	p := beside(running, "call", "1001", "--to", "2000").types(typed{"", "the caller hears play prompt://"}, typed{"press 1", "CHANNEL_DESTROY"})
	inOrder(g, p.stdout.String(),
		"CHANNEL_CREATE", "usurp_control", "CHANNEL_ANSWER", "the caller hears play prompt://", "DTMF", "callflow: menu, then 1: pressed 1",
		"the caller hears tts You are welcome", "callflow: tts ended: spoken", "CHANNEL_DESTROY")
}

func TestACallflowRingsAndWhoAnswersTalks(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, l := up(t, brokertest.New(t))
	status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID+"/devices", l.Token, "")
	g.Expect(status).To(Equal(http.StatusOK))
	first, _ := answer["data"].([]any)[0].(map[string]any)
	owner, _ := first["owner_id"].(string)
	l.put(t, "callflows", `{"numbers":["2001"],"flow":{"module":"user","data":{"id":"`+owner+`","timeout":20},"children":{}}}`)
	p := beside(running, "call", "+15551230001", "--to", "2001").types(typed{"answer", "callflow: user noted: answered by"}, typed{"hangup", "CHANNEL_DESTROY"})
	inOrder(g, p.stdout.String(), "CHANNEL_CREATE", "usurp_control", "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "callflow: user noted: answered by",
		"callflow: user ended: the bridge is over", "What the webhooks made of it")
}

func TestACallflowsWebhookIsFired(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil {
			got <- r.Form.Get("call_id") + " " + r.Form.Get("tier")
		}
	}))
	t.Cleanup(receiver.Close)
	running, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["2002"],"flow":{"module":"webhook","data":{"uri":"`+receiver.URL+`","http_verb":"get","custom_data":{"tier":"gold"}},"children":{}}}`)
	beside(running, "call", "1001", "--to", "2002", "--script", "wait 15s").start().expect(cli.ExitOK)
	g.Eventually(t.Context(), got).WithTimeout(eventually).Should(Receive(HaveSuffix(" gold")))
}

func TestWithoutACallflowAllStaysAsItIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["2000"],"flow":{"module":"hangup","data":{},"children":{}}}`)
	p := beside(running, "call", "1002", "--to", "1001", "--script", "answer, hangup").start().expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(SatisfyAll(ContainSubstring("CHANNEL_BRIDGE"), Not(ContainSubstring("callflow:"))))
	beside(running, "call", "1002", "--to", "2999").start().expect(cli.ExitUsage, `nobody in `, ` has "2999"`)
}

// A call that up places itself is led by its callflow, too.
func TestAQuickcallIsLedByTheCallflowOfItsNumber(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	t.Cleanup(receiver.Close)
	_, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["2003"],"flow":{"module":"webhook","data":{"uri":"`+receiver.URL+`/led","http_verb":"get"},"children":{}}}`)
	status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID+"/devices", l.Token, "")
	g.Expect(status).To(Equal(http.StatusOK))
	first, _ := answer["data"].([]any)[0].(map[string]any)
	status, _ = call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID+"/devices/"+first["id"].(string)+"/quickcall/2003", l.Token, "") //nolint:forcetypeassert // REST's own
	g.Expect(status).To(BeNumerically("<", 300))
	g.Eventually(t.Context(), got).WithTimeout(eventually).Should(Receive(Equal("/led")))
}

func TestWhatACallerSaysIsUploaded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body[:min(4, len(body))])
	}))
	t.Cleanup(receiver.Close)
	running, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["2004"],"flow":{"module":"record_caller","data":{"url":"`+receiver.URL+`/store","format":"wav","method":"put"},"children":{}}}`)
	beside(running, "call", "1001", "--to", "2004").types(typed{"", "RECORD_START"}, typed{"press #", "CHANNEL_DESTROY"})
	g.Eventually(t.Context(), got).WithTimeout(eventually).Should(Receive(MatchRegexp(`^PUT /store/call_recording_[0-9a-f]{32}\.wav audio/x-wav RIFF$`)))
}

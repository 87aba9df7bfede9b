package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/hostile"
)

// pivotApp answers by the path that is asked, with TwiML or, where it begins with {, JSON, and tells of
// each request.
func pivotApp(t *testing.T, answers map[string]string) (url string, asked <-chan string) {
	t.Helper()
	told := make(chan string, 100)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		told <- r.URL.Path + " " + r.Form.Get("Digits") + r.Form.Get("Digits[menu]")
		answer := answers[r.URL.Path]
		w.Header().Set("Content-Type", "text/xml")
		if answer[0] == '{' {
			w.Header().Set("Content-Type", "application/json")
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(app.Close)
	return app.URL, told
}

func TestAPivotAppAnswersTwiML(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, asked := pivotApp(t, map[string]string{
		"/start":            `<Response><Gather action="choice.php" numDigits="1" timeout="60"><Say>Press one</Say></Gather><Say>Nothing</Say></Response>`,
		"/start/choice.php": `<Response><Say>Thank you</Say></Response>`,
	})
	running, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["3000"],"flow":{"module":"pivot","data":{"voice_url":"`+url+`/start","req_format":"twiml","method":"post","debug":true},"children":{}}}`)
	p := beside(running, "call", "1001", "--to", "3000").types(typed{"", "the caller hears tts Press one"}, typed{"press 1", "CHANNEL_DESTROY"})
	inOrder(g, p.stdout.String(), "usurp_control", "CHANNEL_ANSWER", "the caller hears tts Press one", "DTMF",
		"the caller hears tts Thank you", "CHANNEL_DESTROY")
	g.Expect(p.stdout.String()).To(ContainSubstring("callflow: pivot waits"))
	g.Expect(asked).To(Receive(Equal("/start ")))
	g.Expect(asked).To(Receive(Equal("/start/choice.php 1")))
	g.Eventually(t.Context(), func(g Gomega) {
		status, answer := call(t, http.MethodGet, l.REST+"/v2/accounts/"+l.AccountID+"/pivot/debug", l.Token, "")
		g.Expect(status).To(Equal(http.StatusOK))
		g.Expect(answer["data"]).To(HaveLen(1))
	}).WithTimeout(eventually).Should(Succeed())
}

// What has failed in Pivot is told to who made the call, in a sentence: what, why, what Kazoo does, and where
// there is more.
func TestAPivotAppThatFailsIsToldToTheCaller(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, _ := pivotApp(t, map[string]string{
		"/cut": "<Response><Say>hi", "/flow": `{"module":"ttss","data":{}}`, "/verb": "<Response><Sey>hi</Sey></Response>",
		"/good": "<Response><Say>hi</Say></Response>", "/empty": "<Response/>",
	})
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(broken.Close)
	nobody := hostile.Nobody(t)
	running, l := up(t, brokertest.New(t))
	const child = ` In Kazoo, too, the callflow goes on to child _ of the action, and hangs up where there is none. `
	for number, c := range map[string]struct{ url, debug, told string }{
		"3001": {"http://" + nobody + "/v", "false", "Pivot: no answer from http://" + nobody + "/v: nothing listens at " + nobody +
			". Kazoo waits without a word, and its callflow goes on to child _ after 10 s, or hangs up. With \"debug\": true in the action's data, GET /v2/accounts/"},
		"3002": {broken.URL + "/v", "true", "Pivot: the app at " + broken.URL + "/v: status 500: only 200 and 206 count, so the answer is not looked at." + child + "See GET /v2/accounts/" + l.AccountID + "/pivot/debug/"},
		"3003": {url + "/cut", "true", "the answer is no TwiML: line 1, column 11: <Say> has no </Say>. In Kazoo, too, the call is hung up. See GET"},
		"3004": {url + "/flow", "true", `the answer is no valid callflow: line 1, column 11: $.module: there is no module "ttss"; did you mean tts? Kazoo leaves the caller in silence. See GET`},
		"3005": {url + "/verb", "true", "<Sey> of line 1 could not be done (<Sey> is no verb; did you mean Say or Set?): the document ends, and the call is hung up. In Kazoo, too, the call is hung up. See GET"},
		"3006": {url + "/good", "true", ""},
		"3007": {url + "/empty", "true", "a Response without any verb is the end: the call is hung up. Kazoo leaves the caller in silence. See GET"},
		"3008": {"http://ivr.pivot.invalid/v", "true", "no answer from http://ivr.pivot.invalid/v: app ivr of account " + l.AccountID + ": nobody has registered it at a websocket of this bridge (pivot_register). See GET"},
	} {
		l.put(t, "callflows", `{"numbers":["`+number+`"],"flow":{"module":"pivot","data":{"voice_url":"`+c.url+`","req_format":"twiml","debug":`+c.debug+`},"children":{}}}`)
		p := beside(running, "call", "1001", "--to", number, "--script", "wait 15s").start()
		if c.told == "" {
			g.Expect(p.expect(cli.ExitOK).stdout.String()).NotTo(ContainSubstring("Pivot:"))
			continue
		}
		told := p.expect(cli.ExitFailed, "1 failure in Pivot that led to no child, told above").stdout.String()
		g.Expect(told).To(ContainSubstring(c.told))
		g.Expect(strings.Count(told, "Pivot:")).To(Equal(1), told)
	}
}

func TestAPivotAppAnswersJSON(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	answers := map[string]string{}
	url, asked := pivotApp(t, answers)
	answers["/start"] = `{"module":"tts","data":{"text":"Press one"},"children":{"_":{"module":"collect_dtmf","data":{"collection_name":"menu","timeout":60000},
		"children":{"_":{"module":"pivot","data":{"voice_url":"` + url + `/choice","method":"post"}}}}}}`
	answers["/choice"] = `{"module":"tts","data":{"text":"Thank you"}}`
	running, l := up(t, brokertest.New(t))
	l.put(t, "callflows", `{"numbers":["3001"],"flow":{"module":"pivot","data":{"voice_url":"`+url+`/start","req_format":"kazoo"},"children":{}}}`)
	p := beside(running, "call", "1001", "--to", "3001").types(typed{"", "callflow: tts, then _: spoken"}, typed{"press 1", "CHANNEL_DESTROY"})
	inOrder(g, p.stdout.String(), "the caller hears tts Press one", "callflow: tts, then _: spoken", "DTMF", "callflow: collect_dtmf, then _: collected 1 as menu",
		"the caller hears tts Thank you", "CHANNEL_DESTROY")
	g.Expect(asked).To(Receive(Equal("/start ")))
	g.Expect(asked).To(Receive(Equal("/choice 1")))
}

// Labs that share a broker take a call once where they share their store too, and let those of others be.
func TestACallIsAskedForOnceHoweverManyLabsThereAre(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, asked := pivotApp(t, map[string]string{"/start": `<Response><Say>Thank you</Say></Response>`})
	broker, folder := brokertest.New(t), t.TempDir()
	running, l := up(t, broker, "--data", folder)
	up(t, broker, "--data", folder)
	up(t, broker) // the same accounts, in a store of its own
	l.put(t, "callflows", `{"numbers":["3000"],"flow":{"module":"pivot","data":{"voice_url":"`+url+`/start","req_format":"twiml"},"children":{}}}`)
	for range 4 {
		p := beside(running, "call", "1001", "--to", "3000", "--script", "wait 15s").start().expect(cli.ExitOK)
		g.Expect(strings.Count(p.stdout.String(), "the caller hears tts Thank you")).To(Equal(1), p.stdout.String())
		g.Expect(asked).To(Receive())
		g.Expect(asked).NotTo(Receive())
	}
}

func TestAnAppMayTakeSoLongAndBeAskedSoOften(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, asked := pivotApp(t, map[string]string{"/again": `<Response><Redirect/></Response>`})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	running, l := up(t, brokertest.New(t), "--pivot-request-timeout", "100ms", "--pivot-max-requests", "3")
	for number, data := range map[string]string{
		"3000": `"voice_url":"` + url + `/again","req_timeout_ms":5000`, // all its answers are to come, however busy the machine is
		"3001": `"voice_url":"` + slow.URL + `"`,
	} {
		l.put(t, "callflows", `{"numbers":["`+number+`"],"flow":{"module":"pivot","data":{`+data+`,"req_format":"twiml"},
			"children":{"_":{"module":"tts","data":{"text":"Out of order"},"children":{}}}}}`)
	}
	p := beside(running, "call", "1001", "--to", "3001", "--script", "wait 15s").start().expect(cli.ExitOK)
	inOrder(g, p.stdout.String(), "callflow: pivot, then _: the Pivot application failed", "the caller hears tts Out of order")
	p = beside(running, "call", "1001", "--to", "3000", "--script", "wait 15s").start().expect(cli.ExitFailed, "1 failure in Pivot")
	inOrder(g, p.stdout.String(), "CHANNEL_ANSWER", "CHANNEL_DESTROY")
	g.Expect(asked).To(HaveLen(3))
}

// A call goes on where its flow leads, though the callflow that it began with is deleted meanwhile.
func TestACallOutlivesItsCallflow(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var remove func() int
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/start" {
			if status := remove(); status != http.StatusOK {
				t.Errorf("the callflow is not deleted: %d", status)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"module":"pivot","data":{"voice_url":"http://%s/next","req_format":"twiml"}}`, r.Host)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, `<Response><Say>Thank you</Say></Response>`)
	}))
	t.Cleanup(app.Close)
	running, l := up(t, brokertest.New(t))
	id := l.put(t, "callflows", `{"numbers":["3000"],"flow":{"module":"pivot","data":{"voice_url":"`+app.URL+`/start"},"children":{}}}`)
	remove = func() int {
		status, _ := call(t, http.MethodDelete, l.REST+"/v2/accounts/"+l.AccountID+"/callflows/"+id, l.Token, "")
		return status
	}
	p := beside(running, "call", "1001", "--to", "3000", "--script", "wait 15s").start().expect(cli.ExitOK)
	inOrder(g, p.stdout.String(), "the caller hears tts Thank you", "CHANNEL_DESTROY")
}

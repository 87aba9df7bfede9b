package cli_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// socketApp registers an app and answers by the path that is asked; results are the outcomes that it
// is told.
func socketApp(t *testing.T, l lab, name string, answers map[string]string) (results <-chan string) {
	t.Helper()
	g := NewWithT(t)
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), l.Websocket, nil) //nolint:bodyclose // the library closes it
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = conn.Close() })
	say := func(text string) { g.Expect(conn.WriteMessage(websocket.TextMessage, []byte(text))).To(Succeed()) }
	say(fmt.Sprintf(`{"action":"pivot_register","auth_token":%q,"request_id":"r","data":{"account_id":%q,"app":%q}}`, l.Token, l.AccountID, name))
	_, reply, err := conn.ReadMessage()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(gjson.GetBytes(reply, "status").Str).To(Equal("success"), string(reply))
	told := make(chan string, 100)
	go func() {
		for {
			_, frame, err := conn.ReadMessage()
			if err != nil {
				return
			}
			switch f := gjson.ParseBytes(frame); f.Get("action").Str + " " + f.Get("name").Str {
			case "pivot request":
				_, path, _ := strings.Cut(f.Get("data.url").Str, ".pivot.invalid")
				answer := fmt.Sprintf(`{"action":"pivot_answer","auth_token":%q,"request_id":"a","data":{"pivot_id":%q,"body":%q}}`,
					l.Token, f.Get("request_id").Str, answers[path])
				if conn.WriteMessage(websocket.TextMessage, []byte(answer)) != nil {
					return
				}
			case "pivot result":
				told <- f.Get("data.outcome").Str + f.Get("data.errors").Raw
			}
		}
	}()
	return told
}

// The same app by HTTP and by a websocket gives the same call, event for event.
func TestAPivotAppAtAWebsocketGivesTheSameCall(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	answers := map[string]string{
		"/start.xml":  `<Response><Gather action="choice.xml" numDigits="1" timeout="60"><Say>Press one</Say></Gather><Say>Nothing</Say></Response>`,
		"/choice.xml": `<Response><Say>Thank you</Say></Response>`,
	}
	url, _ := pivotApp(t, answers)
	running, l := up(t, brokertest.New(t))
	results := socketApp(t, l, "ivr", answers)
	events := regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)+\b|the caller hears.*`) // what the callflow has to say is printed beside it
	told := map[string][]string{}
	for number, address := range map[string]string{"3000": url, "3001": "http://ivr.pivot.invalid"} {
		l.put(t, "callflows", `{"numbers":["`+number+`"],"flow":{"module":"pivot","data":{"voice_url":"`+address+`/start.xml","req_format":"twiml","method":"post"},"children":{}}}`)
		p := beside(running, "call", "1001", "--to", number).types(typed{"", "the caller hears tts Press one"}, typed{"press 1", "CHANNEL_DESTROY"})
		inOrder(g, p.stdout.String(), "the caller hears tts Press one", "DTMF", "the caller hears tts Thank you", "CHANNEL_DESTROY")
		told[number] = events.FindAllString(p.stdout.String(), -1)
	}
	g.Expect(told["3001"]).To(Equal(told["3000"]))
	g.Eventually(t.Context(), results).WithTimeout(eventually).Should(Receive(Equal("processing[]")))
	g.Eventually(t.Context(), results).WithTimeout(eventually).Should(Receive(Equal("processing[]")))
}

func TestAPivotAppAtAWebsocketIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	running, l := up(t, brokertest.New(t))
	results := socketApp(t, l, "ivr", map[string]string{"/start": "<Response><Sey>hello</Sey></Response>"})
	for number, data := range map[string]string{
		"3000": `"voice_url":"http://ivr.pivot.invalid/start"`,
		"3001": `"voice_url":"http://nobody.pivot.invalid/start"`,
	} {
		l.put(t, "callflows", `{"numbers":["`+number+`"],"flow":{"module":"pivot","data":{`+data+`,"req_format":"twiml","method":"post"},
			"children":{"_":{"module":"tts","data":{"text":"Out of order"},"children":{}}}}}`)
	}
	beside(running, "call", "1001", "--to", "3000", "--script", "wait 15s").start().expect(cli.ExitFailed, "1 failure in Pivot")
	g.Eventually(t.Context(), results).WithTimeout(eventually).Should(Receive(And(HavePrefix("processing"), ContainSubstring("Sey"), ContainSubstring(`"line":1`))))
	p := beside(running, "call", "1001", "--to", "3001", "--script", "wait 15s").start().expect(cli.ExitOK)
	inOrder(g, p.stdout.String(), "the caller hears tts Out of order")
}

// What docs/pivot.md says of an app at a websocket is carried out: its callflow is put, its app registers, and its
// call hears what the page says.
func TestTheAppAtAWebsocketOfThePageIsReached(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var shell, told string
	for _, b := range blocks(t, "../../docs/pivot.md") {
		switch b.kind {
		case "bash":
			shell = b.text
		case "console":
			told = b.text
		}
	}
	part := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(shell)
		g.Expect(found).To(HaveLen(2), "%s in\n%s", pattern, shell)
		return found[1]
	}
	binary := filepath.Join(t.TempDir(), "app")
	out, err := goCommand(t.Context(), "build", "-o", binary, "../../"+part(`go run \./(\S+) &`)).CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", out)
	running, l := up(t, brokertest.New(t))
	app := exec.CommandContext(t.Context(), binary)
	app.Env = append(app.Environ(), "WEBSOCKET_URL="+l.Websocket, "AUTH_TOKEN="+l.Token, "ACCOUNT_ID="+l.AccountID)
	says, err := app.StderrPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(app.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = app.Process.Kill() // it may have ended
		_ = app.Wait()         // it was killed
	})
	lines := bufio.NewScanner(says)
	g.Expect(lines.Scan()).To(BeTrue())
	g.Expect(lines.Text()).To(ContainSubstring("serving"))
	status, answer := call(t, http.MethodPut, l.REST+strings.ReplaceAll(part(`curl -X PUT http://\$SERVER:8000(\S+)`), "$ACCOUNT_ID", l.AccountID), l.Token, part(`(?s)-d '(.*?)'\n`))
	g.Expect(status).To(Equal(http.StatusCreated), "%v", answer)
	hears := strings.Split(strings.TrimSpace(told), "\n")
	p := beside(running, strings.Fields(part(`bin/kazoolab (call .*) --script`))...).types( // which waits as long as it takes
		typed{"", hears[0]}, typed{part(`--script 'wait \S+, (.*), wait \S+'`), "CHANNEL_DESTROY"})
	inOrder(g, p.stdout.String(), hears...)
}

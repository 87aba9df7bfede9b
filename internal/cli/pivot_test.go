package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/hostile"
)

// ivr is a Pivot app: a menu, of whose keys 1 dials, 2 says goodbye, 3 has a mistake, 4 fails.
func ivr(t *testing.T, greeting *atomic.Value) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(path string, body func(r *http.Request) string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			text := body(r)
			if text == "" {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, "<Response>"+text+"</Response>")
		})
	}
	answer("/start.xml", func(*http.Request) string {
		return fmt.Sprintf(`<Gather action="menu.xml" numDigits="1"><Say>%s</Say></Gather><Say>Goodbye</Say>`, greeting.Load())
	})
	answer("/menu.xml", func(r *http.Request) string {
		switch r.FormValue("Digits") {
		case "1":
			return `<Dial><User>remy</User></Dial>`
		case "2":
			return `<Say>Bye</Say>`
		case "3":
			return "\n  <Sey>Hello</Sey>"
		case "4":
			return ""
		}
		return `<Redirect>start.xml</Redirect>`
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/start.xml"
}

func greeting(text string) *atomic.Value {
	v := &atomic.Value{}
	v.Store(text)
	return v
}

// writeScript leaves a script in a file.
func writeScript(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const salesScript = `caller: Sales
telephones: {remy: {does: answers, after: 2s}}
steps:
  - wait_for: press one
  - press: "1"
  - wait_for: {connected: remy}
  - hangup: caller
expect:
  - heard: [press one]
  - request: {number: 2, method: POST, params: {Digits: "1"}}
  - final: {hung_up: caller}
`

func TestAnAppIsCalledByAScript(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := run(t, "pivot", "run", ivr(t, greeting("Press one")), "--format", "twiml", "--script", writeScript(t, salesScript)).expect(cli.ExitOK)
	for _, shown := range []string{
		"Sales: 1001 calls 2000",
		"request 1: GET http://127.0.0.1:", "| answer: 200, text/xml",
		"From: 1001", `| <Response><Gather action="menu.xml"`,
		`hears      tts "Press one"`,
		"caller     press 1",
		"Digits: 1",
		"flow       Gather: the app is asked",
		"command    bridge",
		"telephone  remy is connected",
		"end        caller hung up (NORMAL_CLEARING)",
		"script: passed, 3 expectations met",
	} {
		g.Expect(p.stdout.String()).To(ContainSubstring(shown))
	}
}

// An app that is being started is waited for.
func TestAnAppIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := freeAddress(t)
	kept := filepath.Join(t.TempDir(), "call.json")
	run(t, "pivot", "run", "http://"+address+"/v", "--wait", "10ms", "--record", kept).expect(cli.ExitUnreachable, "nothing listens at "+address)
	g.Expect(kept).NotTo(BeAnExistingFile(), "there was no call")
	p := prepare(t, "pivot", "run", "http://"+address+"/v", "--wait", "20s").start()
	g.Consistently(t.Context(), p.stdout.String, "300ms").Should(BeEmpty())
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	g.Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<Response><Say>hi</Say></Response>")
	}))
	g.Expect(server.Listener.Close()).To(Succeed())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	g.Expect(p.expect(cli.ExitOK).stdout.String()).To(ContainSubstring(`hears      tts "hi"`))
}

func TestOneIsNotSeveral(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	app, _ := pivotApp(t, map[string]string{"/v": "<Response><Say>hi</Say></Response>", "/w": "<Response><Sey/></Response>"})
	one := writeScript(t, "caller: x\nexpect:\n  - heard: [hi]\n")
	run(t, "pivot", "run", app+"/v", "--script", one, "--explore").expect(cli.ExitUsage, "do not go together")
	g.Expect(run(t, "pivot", "run", app+"/v", "--script", one).expect(cli.ExitOK).stdout.String()).To(ContainSubstring("passed, 1 expectation met;"))
	g.Expect(run(t, "pivot", "run", app+"/v", "--explore").expect(cli.ExitOK).stdout.String()).To(HavePrefix("1 place, found in 1 call with 1 request\n"))
	run(t, "pivot", "run", app+"/w", "--script", one).expect(cli.ExitFailed, "kazoolab: the call did not go as expected")
	run(t, "pivot", "run", app+"/w", "--script", one, "--script", one).expect(cli.ExitFailed, "kazoolab: 2 of 2 calls did not go as expected")
}

// Where a mistake stands is said once, before what is wrong and what Kazoo does with it.
func TestAMistakeIsToldOnce(t *testing.T) {
	t.Parallel()
	for body, told := range map[string]string{
		"<Response><Say>hi</Response>": "MISTAKE    line 1, column 18: the answer is no TwiML: </Response> does not end <Say> of line 1, column 11. Kazoo says failed, and hangs the caller up\n",
		"<Response><Sey/></Response>":  "MISTAKE    line 1, column 11: <Sey> is no verb; did you mean Say or Set? Kazoo: the document ends here, and the call is hung up\n",
		"<Response><Play/></Response>": "MISTAKE    line 1, column 11: <Play> needs a URL or the name of media. Kazoo: the document ends here, and the call is hung up\n",
		`{"module":"tts",`:             "MISTAKE    line 1, column 17: the answer is no JSON: it ends too early. Kazoo says failed and hangs the caller up\n",
		`{"module":"ttss","data":{}}`:  `MISTAKE    line 1, column 11: $.module: there is no module "ttss"; did you mean tts? Kazoo says processing, then failed, and leaves the caller in silence (flow-error-crash)` + "\n",
	} {
		app, _ := pivotApp(t, map[string]string{"/v": body})
		out := run(t, "pivot", "run", app+"/v", "--trace", "brief").expect(cli.ExitFailed).stdout.String()
		if !strings.Contains(out, told) || strings.Count(out, "MISTAKE") != 1 {
			t.Errorf("%s: %q is not in, or not all of\n%s", body, told, out)
		}
	}
}

func TestTheExitCodeOfAPivotRunSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	url := ivr(t, greeting("Press one"))
	for name, c := range map[string]struct {
		script string
		code   int
		says   []string
	}{
		"not as expected": {
			"caller: x\nexpect:\n  - heard: [welcome]\n", cli.ExitFailed,
			[]string{"script: failed", `line 3, heard: "welcome" was not heard; in order it was`, "1. Press one"},
		},
		"not done": {
			"caller: x\nsteps:\n  - wait_for: {prompt: sales, within: 2s}\n", cli.ExitFailed,
			[]string{`script not done: line 3, wait for "sales": did not come within 2s; last heard was "Press one"`},
		},
		"a failing app": {
			"caller: x\nsteps: [{wait_for: press}, {press: \"4\"}]\n", cli.ExitFailed, []string{"the app failed: status 500"},
		},
		"a failing app that is expected": {
			"caller: x\nsteps: [{wait_for: press}, {press: \"4\"}]\nexpect: [{final: {outcome: failed}}]\n", cli.ExitOK, []string{"passed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := run(t, "pivot", "run", url, "--script", writeScript(t, c.script), "--trace", "none").expect(c.code)
			for _, says := range c.says {
				if !strings.Contains(p.stdout.String(), says) {
					t.Errorf("%q is not in\n%s", says, &p.stdout)
				}
			}
		})
	}
	run(t, "pivot", "run", url, "--script", writeScript(t, "caller: x\nsteps:\n  - pres: \"1\"\n")).
		expect(cli.ExitUsage, `script.yaml:3:5: steps[0].pres: there is no "pres" here; did you mean press?`)
	run(t, "pivot", "run", "http://127.0.0.1:1/").expect(cli.ExitUnreachable, "the app at http://127.0.0.1:1/ cannot be reached: nothing listens at 127.0.0.1:1")
	run(t, "pivot", "run", "http://169.254.169.254/").expect(cli.ExitUnreachable, "the app at http://169.254.169.254/ cannot be reached: 169.254.169.254 is an address")
}

// answers is a Pivot app that gives one answer.
func answers(t *testing.T, contentType, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "HOST", r.Host))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/start"
}

func TestAnAnswerThatCannotBeCarriedOutExitsWithOne(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	wrong := answers(t, "text/xml", "<Response><Sya>hi</Sya></Response>")
	p := run(t, "pivot", "run", wrong, "--trace", "none").expect(cli.ExitFailed)
	g.Expect(p.stdout.String()).To(ContainSubstring("the app failed: <Sya> of line 1 could not be done"))
	p = run(t, "pivot", "run", wrong, "--explore").expect(cli.ExitFailed, "2 things are wrong with the app")
	g.Expect(p.stdout.String()).To(MatchRegexp(`error at p1 \(at once\), .*<Sya> of line 1`))
	g.Expect(p.stdout.String()).To(MatchRegexp(`mistake at p1 \(at once\), .*the first answer, line 1, column 11: `))
	run(t, "pivot", "run", answers(t, "text/xml", "<Response><Say>hi</Say></Response>"), "--explore").expect(cli.ExitOK)

	loop := answers(t, "application/json", `{"module": "pivot", "data": {"voice_url": "http://HOST/start"}}`)
	p = run(t, "pivot", "run", loop, "--trace", "none").expect(cli.ExitFailed)
	g.Expect(p.stdout.String()).To(ContainSubstring("the app failed: the call has made 1000 requests: that is a loop"))
}

// The end of a call is reported after it, and what the server says to that is shown.
func TestTheReportOfACallIsShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(server.Close)
	p := run(t, "pivot", "run", ivr(t, greeting("Press one")), "--script", writeScript(t, salesScript), "--cdr-url", server.URL+"/cdr").expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(MatchRegexp(`(?m)^ +[1-9]\d*\.\d\ds  request 3: POST http://127.0.0.1:\d+/cdr +\| answer: 202$`))
	g.Expect(p.stdout.String()).NotTo(ContainSubstring("answer: no answer"))
}

func TestAMistakeInAnAnswerIsExplained(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := run(t, "pivot", "run", ivr(t, greeting("Press one")), "--script", writeScript(t, "caller: x\nsteps: [{wait_for: press}, {press: \"3\"}]\n"))
	g.Expect(p.stdout.String()).To(MatchRegexp(`MISTAKE    line 2, column 3: .*Sey.*did you mean .*Say`))
	g.Expect(p.stdout.String()).To(ContainSubstring("2 |   <Sey>Hello</Sey></Response>"))
	g.Expect(p.stdout.String()).To(MatchRegexp(`(?m)^ +\|   \^$`))
	g.Expect(p.stdout.String()).To(ContainSubstring("Kazoo"))
}

func TestAPivotRunIsPrintedForPrograms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := run(t, "pivot", "run", ivr(t, greeting("Press one")), "--script", writeScript(t, salesScript), "-o", "json").expect(cli.ExitOK)
	var report struct {
		Script       string
		Passed       bool
		Expectations []struct{ Met bool }
		Session      struct{ Entries []struct{ Kind string } }
	}
	g.Expect(json.Unmarshal([]byte(p.stdout.String()), &report)).To(Succeed())
	g.Expect(report.Passed).To(BeTrue())
	g.Expect(report.Expectations).To(HaveLen(3))
	g.Expect(report.Session.Entries).NotTo(BeEmpty())
}

func TestARecordedCallIsMadeAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	says := greeting("Press one")
	url, file := ivr(t, says), filepath.Join(t.TempDir(), "call.json")
	run(t, "pivot", "run", url, "--script", writeScript(t, salesScript), "--record", file, "--trace", "none").expect(cli.ExitOK)
	p := run(t, "pivot", "run", url, "--replay", file).expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(Equal("the call went as it did before\n"))
	run(t, "pivot", "run", url, "--replay", file, "--method", "post").expect(cli.ExitFailed, "the call differs from the recorded one")
	run(t, "pivot", "run", url, "--script", writeScript(t, salesScript), "--record", file, "--trace", "none",
		"--format", "twiml", "--method", "post").expect(cli.ExitOK)
	run(t, "pivot", "run", url, "--replay", file).expect(cli.ExitOK)
	says.Store("Press 1 for sales")
	p = run(t, "pivot", "run", url, "--replay", file).expect(cli.ExitFailed, "the call differs from the recorded one")
	g.Expect(p.stdout.String()).To(SatisfyAll(ContainSubstring("- hears     tts \"Press one\"\n"), ContainSubstring("+ hears     tts \"Press 1 for sales\"\n")))
	run(t, "pivot", "run", url, "--replay", writeScript(t, salesScript)).expect(cli.ExitUsage, "--replay:", "it is no recorded session")
}

// Nothing that somebody has written is lost by what is written for them.
func TestOnlyItsOwnFilesAreWrittenOver(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url, script := ivr(t, greeting("Press one")), writeScript(t, salesScript)
	run(t, "pivot", "run", url, "--script", script, "--record", script).expect(cli.ExitUsage, "--record: "+script+" is there already, and is no recorded call")
	run(t, "pivot", "call", url, "--record", script).expect(cli.ExitUsage, "--record: "+script+" is there already")
	run(t, "pivot", "run", url, "--explore", "--mermaid", script).expect(cli.ExitUsage, "--mermaid: "+script+" is there already, and is no picture of --explore")
	g.Expect(os.ReadFile(script)).To(BeEquivalentTo(salesScript))
}

// A report differs between two calls in its times alone, and a call that the caller ends at once in nothing.
func TestAReplayIsOfTheSameDraws(t *testing.T) {
	t.Parallel()
	url, file := ivr(t, greeting("Press one")), filepath.Join(t.TempDir(), "call.json")
	for _, args := range [][]string{
		{"--script", writeScript(t, salesScript), "--cdr-url", url + "/cdr"},
		{"--script", writeScript(t, "caller: x\nsteps: [{hangup: caller, after: 0s}]\n")},
	} {
		run(t, append([]string{"pivot", "run", url, "--trace", "none", "--record", file}, args...)...)
		run(t, "pivot", "run", url, "--replay", file).expect(cli.ExitOK)
	}
}

// An app that was not started meets no expectation, nor that of a failure.
func TestAnAppThatIsAwayPassesNothing(t *testing.T) {
	t.Parallel()
	script := writeScript(t, "caller: x\nexpect: [{final: {outcome: failed}}]\n")
	run(t, "pivot", "run", "http://"+hostile.Nobody(t)+"/", "--script", script).expect(cli.ExitUnreachable, "cannot be reached")
}

func TestMenusAreExplored(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	picture := filepath.Join(t.TempDir(), "menu.mmd")
	p := run(t, "pivot", "run", ivr(t, greeting("Press one")), "--explore", "--mermaid", picture).expect(cli.ExitFailed, "things are wrong with the app")
	g.Expect(p.stdout.String()).To(ContainSubstring("mistake at p1 (at once), \"Press one\": the answer after 3, line 2, column 3:"))
	g.Expect(p.stdout.String()).To(MatchRegexp(`error at p\d \(by 4\), .*status 500`))
	g.Expect(p.stdout.String()).To(ContainSubstring("loop at p1 (at once), \"Press one\": back to itself by 5, 6, 7, 8, 9, 0, *\n"))
	text, err := os.ReadFile(picture)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(HavePrefix("flowchart TD\n    p1[\"Press one\"]\n"))
	g.Expect(string(text)).To(ContainSubstring(`p1 -->|"5, 6, 7, 8, 9, 0, #42;"| p1`))
}

func TestAScriptRunsAgainWhenTheAppChanges(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(folder, "main.go"), []byte("package main\n"), 0o600)).To(Succeed())
	says, script := greeting("Press two"), writeScript(t, salesScript)
	p := prepare(t, "pivot", "run", ivr(t, says), "--script", script, "--trace", "none", "--watch="+folder).start()
	g.Eventually(p.stderr.String, "20s").WithContext(t.Context()).Should(ContainSubstring("watching " + folder))
	g.Expect(p.stdout.String()).To(ContainSubstring("script: failed"))
	says.Store("Press one")
	g.Expect(os.WriteFile(filepath.Join(folder, "main.go"), []byte("package main // changed\n"), 0o600)).To(Succeed())
	g.Eventually(p.stdout.String, "20s").WithContext(t.Context()).Should(ContainSubstring("script: passed"))
	g.Eventually(func() int { return strings.Count(p.stderr.String(), "watching ") }, "20s").WithContext(t.Context()).Should(Equal(2))
	g.Expect(os.WriteFile(script, []byte("caller: x\nexpect:\n  - heard: [nothing such]\n"), 0o600)).To(Succeed())
	g.Eventually(p.stdout.String, "20s").WithContext(t.Context()).Should(ContainSubstring(`"nothing such" was not heard`))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

// An app that writes into its own folder when it is asked, and logs all the time, does not make the script run for ever.
func TestWhatAnAppWritesWhileItIsAskedIsNoChange(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	write := func(name, text string) {
		g.Expect(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)).To(Succeed())
	}
	write("main.go", "package main\n")
	asked := atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = os.WriteFile(filepath.Join(folder, "calls.txt"), fmt.Append(nil, strings.Repeat("x", int(asked.Add(1)))), 0o600)
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<Response><Say>Hello</Say></Response>")
	}))
	t.Cleanup(server.Close)
	p := prepare(t, "pivot", "run", server.URL, "--trace", "none", "--watch="+folder).start()
	watching := func() int { return strings.Count(p.stderr.String(), "watching "+folder) }
	g.Eventually(watching, "20s").WithContext(t.Context()).Should(Equal(1))
	write("app.log", "asked")
	g.Consistently(asked.Load, "2s").WithContext(t.Context()).Should(Equal(int64(1)))
	write("main.go", "package main // changed\n")
	g.Eventually(watching, "20s").WithContext(t.Context()).Should(Equal(2))
	g.Expect(p.stderr.String()).To(ContainSubstring(filepath.Join(folder, "main.go") + " has changed\n"))
	g.Expect(asked.Load()).To(Equal(int64(2)))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
}

func TestAnAppIsCalledLive(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := prepare(t, "pivot", "call", ivr(t, greeting("Press one")))
	typed, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	p.state.Stdin = typed
	p.start()
	g.Eventually(p.stdout.String, "20s").WithContext(t.Context()).Should(ContainSubstring(`hears      tts "Press one"`))
	_, err := io.WriteString(typing, "1")
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(p.stdout.String, "20s").WithContext(t.Context()).Should(ContainSubstring("remy rings"))
	_, err = io.WriteString(typing, "a")
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(p.stdout.String, "20s").WithContext(t.Context()).Should(ContainSubstring("remy is connected"))
	_, err = io.WriteString(typing, "q")
	g.Expect(err).NotTo(HaveOccurred())
	p.expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(ContainSubstring("caller hung up (NORMAL_CLEARING)"))
}

// What comes from a pipe is there before the app has asked for any of it.
func TestKeysOfAPipeWaitForTheirQuestions(t *testing.T) {
	t.Parallel()
	app, _ := pivotApp(t, map[string]string{
		"/start.xml": `<Response><Say>Welcome</Say><Gather action="pin.xml" numDigits="1"><Say>Press one</Say></Gather></Response>`,
		"/pin.xml":   `<Response><Gather action="dial.xml"><Say>Your number, please</Say></Gather></Response>`,
		"/dial.xml":  `<Response><Gather action="end.xml" numDigits="2" timeout="1"><Say>Two more</Say></Gather><Dial><User>remy</User></Dial></Response>`,
		"/end.xml":   `<Response><Hangup/></Response>`,
	})
	for typed, told := range map[string][]string{
		"1\n4321\n5\nr": {"press 1\n", `"Your number`, "press 4\n", "press 3\n", "press 2\n", "press 1\n", `"Two more"`, "press 5\n", "/end.xml"},
		"12#7#8q":       {"press 1\n", `"Your number`, "press 2\n", "press #\n", `"Two more"`, "press 7\n", "press #\n", "left is 8q"},
		"19#r99":        {"press 1\n", `"Your number`, "press 9\n", "press #\n", `"Two more"`, "remy rings", "remy refuses", "left is 99"},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			p := prepare(t, "pivot", "call", app+"/start.xml", "--format", "twiml")
			p.state.Stdin = strings.NewReader(typed)
			p.start()
			p.wait()
			inOrder(NewWithT(t), p.stdout.String()+p.stderr.String(), told...)
		})
	}
}

func TestWrongPivotCommandLinesSayWhatIsMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		says []string
	}{
		{"pivot rn", []string{`unknown command "rn" for "kazoolab pivot"`, "did you mean run"}},
		{"pivot run", []string{"which app?", "http://127.0.0.1:8090/ivr"}},
		{"pivot run a b", []string{`takes one URL, "b" is too much`}},
		{"pivot run http://127.0.0.1:1/ --watch b", []string{`takes one URL, "b" is too much; the folder of --watch is joined to it, as in --watch=b`}},
		{"pivot new no/such/folder.yaml", []string{"there is no folder no/such to write folder.yaml into"}},
		{"pivot run 127.0.0.1:8090", []string{"begins with neither http:// nor https://; write it as http://127.0.0.1:8090/ivr"}},
		{"pivot run http://ivr.pivot.invalid/start.xml", []string{"http://ivr.pivot.invalid/start.xml is ivr at a websocket", "kazoolab up", "register as ivr", "kazoolab call", "docs/pivot.md"}},
		{"pivot call http://ivr.pivot.invalid/", []string{"register as ivr"}},
		{"pivot run http://h/ --cdr-url http://ivr.pivot.invalid/", []string{"--cdr-url", "register as ivr"}},
		{"pivot run http:///x", []string{"the app's URL", "has no host, or a port that is none from 1 to 65535"}},
		{"pivot call http://127.0.0.1:99999/", []string{"has no host, or a port that is none from 1 to 65535"}},
		{"pivot run http://h/ --cdr-url http://127.0.0.1:0/", []string{"--cdr-url", "a port that is none"}},
		{"pivot run http://h/ --script -", []string{"--script: a script is a file"}},
		{"pivot run http://h/ --method put", []string{"--method", "get|post"}},
		{"pivot run http://h/ --format twim", []string{"kazoo|twiml", "did you mean twiml?"}},
		{"pivot run http://h/ --timeout 6s", []string{"--timeout: 6s is not between 1ms and 5s"}},
		{"pivot run http://h/ --from bob", []string{`--from: "bob" can be dialled nowhere`}},
		{"pivot run http://h/ --cdr-url h", []string{"--cdr-url", "http://"}},
		{"pivot run http://h/ --script /does/not/exist.yaml", []string{"there is no /does/not/exist.yaml", "kazoolab pivot new"}},
		{"pivot run http://h/ --explore --script x", []string{"--explore and --script do not go together"}},
		{"pivot run http://h/ --replay x --record y", []string{"--replay and --record do not go together"}},
		{"pivot run http://h/ --record y --script a --script b", []string{"--record keeps one call"}},
		{"pivot run http://h/ --from=", []string{"--from is empty; leave it out"}},
		{"pivot run http://h/ --record /not/there/x.json", []string{"--record: there is no folder /not/there to write x.json into"}},
		{"pivot run http://h/ --explore --mermaid /not/there/x", []string{"--mermaid: there is no folder"}},
		{"pivot call http://h/ --record /not/there/x.json", []string{"--record: there is no folder"}},
		{"pivot run http://h/ --mermaid x", []string{"--mermaid is for --explore"}},
		{"pivot run http://h/ --explore --explore-calls 0", []string{"--explore-calls: 0 is no limit"}},
		{"pivot run http://h/ --explore --explore-keys one", []string{`--explore-keys: "one" are no keys`}},
		{"pivot run http://h/ --watch=/does/not/exist", []string{"--watch"}},
		{"pivot run http://h/ --replay /does/not/exist", []string{"--replay"}},
		{"pivot call", []string{"which app?"}},
		{"pivot new", []string{"takes one file"}},
	} {
		run(t, strings.Fields(c.args)...).expect(cli.ExitUsage, c.says...)
	}
}

func TestAScriptToBeginWithIsWritten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "sales")
	run(t, "pivot", "new", path).expect(cli.ExitOK)
	schema, err := os.ReadFile(filepath.Join(filepath.Dir(path), "caller.schema.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run(t, "pivot", "schema").stdout.String()).To(Equal(string(schema)))
	run(t, "pivot", "new", path).expect(cli.ExitUsage, "is there already")
}

// No more of an answer is read than is looked at.
func TestAnAnswerThatIsTooLongIsNotReadToItsEnd(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<Response><Say>"+strings.Repeat("x", 3<<20)+"</Say></Response>")
	}))
	t.Cleanup(app.Close)
	out := run(t, "pivot", "run", app.URL+"/v", "--format", "twiml").expect(cli.ExitFailed).stdout.String()
	NewWithT(t).Expect(out).To(ContainSubstring("has more than 2097152 bytes"))
}

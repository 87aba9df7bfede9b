package pivot_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

func golden(t *testing.T, path, now string) string {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	return string(text)
}

// testCall is a call of a device of an account.
func testCall() jobj.Object {
	return jobj.Object{
		{Key: "Call-ID", Value: "call-1@10.0.0.5"}, {Key: "Account-ID", Value: "5ccb3a1e90d2f74c86ba0f2de1b7c394"},
		{Key: "Account-DB", Value: "account%2F5c%2Fcb%2F3a1e90d2f74c86ba0f2de1b7c394"},
		{Key: "Control-Queue", Value: "control"}, {Key: "Controller-Queue", Value: "callflow"}, {Key: "Call-Direction", Value: "inbound"},
		{Key: "Resource-Type", Value: "audio"}, {Key: "From", Value: "1001@r.test"}, {Key: "To", Value: "2000@r.test"},
		{Key: "Request", Value: "2000@r.test"}, {Key: "Caller-ID-Name", Value: "Ann Lee"}, {Key: "Caller-ID-Number", Value: "1001"},
		{Key: "Authorizing-ID", Value: "dev-1"},
	}
}

func testDocuments() map[string]jobj.Object {
	docs := map[string]jobj.Object{}
	for _, text := range []string{
		`{"_id":"5ccb3a1e90d2f74c86ba0f2de1b7c394","pvt_type":"account","name":"Acme","realm":"r.test"}`,
		`{"_id":"dev-1","pvt_type":"device","owner_id":"user-1","name":"Phone","caller_id":{"external":{"name":"Acme","number":"+14155551234"}},"sip":{"username":"u1"}}`,
		`{"_id":"dev-a","pvt_type":"device","name":"A","owner_id":"user-a","sip":{"username":"ua"}}`,
		`{"_id":"dev-c","pvt_type":"device","name":"C","owner_id":"user-c","caller_id":{"internal":{"name":"no","number":"1"}},"sip":{"username":"uc"}}`,
		`{"_id":"user-c","pvt_type":"user","first_name":"Cy","last_name":"Da","caller_id":{"internal":{"name":"Cee","number":"77"}}}`,
		`{"_id":"dev-off","pvt_type":"device","name":"Off","enabled":false}`,
		`{"_id":"user-a","pvt_type":"user","first_name":"Al","last_name":"Ba"}`,
	} {
		doc, _ := jobj.ParseObject([]byte(text))
		docs[doc.String("_id")] = doc
	}
	return docs
}

// rulesOf reads what the switch does, such as "tts: noop, press 1, press #; record: stop 3000 #".
func rulesOf(t *testing.T, text string) []jobj.Object {
	t.Helper()
	var rules []jobj.Object
	for rule := range strings.SplitSeq(text, ";") {
		on, events, ok := strings.Cut(strings.TrimSpace(rule), ": ")
		if !ok {
			continue
		}
		var all []any
		for event := range strings.SplitSeq(events, ", ") {
			all = append(all, eventOf(t, strings.Fields(event)))
		}
		rules = append(rules, jobj.Object{{Key: "on", Value: on}, {Key: "events", Value: all}})
	}
	return rules
}

func eventOf(t *testing.T, words []string) jobj.Object {
	t.Helper()
	event := func(category, name string, more ...string) jobj.Object {
		o := jobj.Object{{Key: "Event-Category", Value: category}, {Key: "Event-Name", Value: name}, {Key: "Call-ID", Value: "$call"}}
		for i := 0; i+1 < len(more); i += 2 {
			o = append(o, jobj.Member{Key: more[i], Value: more[i+1]})
		}
		return o
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "noop":
		return jobj.Object{{Key: "$noop", Value: true}}
	case "press":
		return event("call_event", "DTMF", "DTMF-Digit", word(1))
	case "leg":
		return event("call_event", "LEG_CREATED", "Other-Leg-Call-ID", "b@h")
	case "bridge":
		return event("call_event", "CHANNEL_BRIDGE", "Other-Leg-Call-ID", "b@h")
	case "complete":
		return event("call_event", "CHANNEL_EXECUTE_COMPLETE", "Application-Name", word(1), "Application-Response", word(2))
	case "execute":
		return event("call_event", "CHANNEL_EXECUTE", "Application-Name", word(1))
	case "resp":
		return event("resource", "offnet_resp", "Response-Message", word(1))
	case "hangup":
		return event("call_event", "CHANNEL_DESTROY", "Hangup-Cause", word(1))
	case "park":
		return event("call_event", "CHANNEL_PARK")
	case "other":
		return event("call_event", "CHANNEL_PROGRESS")
	case "stop":
		n, _ := strconv.Atoi(word(1))
		o := append(event("call_event", "RECORD_STOP"), jobj.Member{Key: "Length", Value: int64(n)})
		if word(2) == "silence" {
			return append(o, jobj.Member{Key: "Silence-Terminated", Value: true})
		}
		return append(o, jobj.Member{Key: "Terminator", Value: word(2)})
	}
	t.Fatalf("no event %q", words)
	return nil
}

// verbCase is one answer of an app, and what the switch does with what follows.
type verbCase struct{ name, answer, rules string }

// run plays an answer; the app hangs up when it is asked again.
func runCase(t *testing.T, flows pivot.Flows, compat fidelity.Compat, c verbCase) string {
	t.Helper()
	document := func(body string) jobj.Object {
		return jobj.Object{
			{Key: "status", Value: jsonInt(200)}, {Key: "headers", Value: []any{[]any{"Content-Type", "text/xml"}}}, {Key: "body", Value: body},
		}
	}
	answers := []any{document("<Response>" + c.answer + "</Response>")}
	for range 3 {
		answers = append(answers, document("<Response><Hangup/></Response>"))
	}
	app := newApp(t, answers)
	s := newStage(t, app, flows, compat, pivot.Settings{})
	s.idle, s.docs, s.rules = 100_000_000_000, testDocuments(), rulesOf(t, c.rules)
	uri := app.here("http://" + recordedAddress + "/v")
	s.play(jobj.Object{
		{Key: "Call", Value: testCall()}, {Key: "Voice-URI", Value: uri}, {Key: "HTTP-Method", Value: "post"}, {Key: "Request-Format", Value: "twiml"},
	}, nil)
	return script(s, app)
}

// script prints what happened, a line each.
func script(s *stage, app *app) string {
	var b strings.Builder
	start, asked := s.steps[0].At, 0
	for _, step := range s.steps {
		line := lineOf(step, &asked)
		if line == "" {
			continue
		}
		at := ""
		if ms := step.At.Sub(start).Milliseconds(); ms > 0 {
			at = fmt.Sprintf("%d ms ", ms)
		}
		fmt.Fprintln(&b, at+app.recorded(line))
	}
	return b.String()
}

func lineOf(step pivot.Step, asked *int) string {
	switch step.Kind {
	case pivot.Asked:
		*asked++
		if *asked == 1 {
			return ""
		}
		_, target, _ := strings.Cut(strings.TrimPrefix(step.Request.URL, "http://"), "/")
		body := step.Request.Body
		if step.Request.Method == http.MethodGet {
			target, body, _ = strings.Cut(target, "?")
		}
		own, _, _ := strings.Cut(body, "CallerNumber=")
		rest := "CallerNumber=" + strings.SplitN(body+"CallerNumber=", "CallerNumber=", 3)[1]
		if !strings.HasPrefix(rest, "CallerNumber=1001&") {
			own += strings.SplitN(rest, "&", 2)[0] + "&"
		}
		return fmt.Sprintf("asks %s /%s %s", step.Request.Method, target, own)
	case pivot.Said:
		return "says " + saidAs(step.Message)
	case pivot.Heard:
		return "  hears " + own(step.Message.Delete("Event-Category", "Event-Name", "Call-ID"), step.Message.String("Event-Name"))
	case pivot.Found:
		return "finds " + step.String()
	case pivot.Noted:
		return "notes " + step.Quirk
	case pivot.Stored:
		return "stores " + step.Message.String("pvt_type")
	case pivot.Ended:
		return "ends"
	default:
	}
	return ""
}

func saidAs(m jobj.Object) string {
	name := m.String("Application-Name")
	if name == "" || m.String("Event-Name") != "command" {
		name = m.String("Event-Name")
	}
	plain := m.Delete("Application-Name", "Server-ID", "Node", "Msg-ID", "Event-Name", "Event-Category", "App-Version", "App-Name", "Commands",
		"Control-Queue", "Account-ID", "Account-Realm", "Resource-Type", "Call", "Conference-ID", "Insert-At")
	if plain.String("Call-ID") == "call-1@10.0.0.5" {
		plain = plain.Delete("Call-ID")
	}
	text := own(plain, name)
	for _, one := range list(m, "Commands") {
		command, _ := one.(jobj.Object)
		text += " [" + own(command.Delete("Application-Name", "Msg-ID", "Call-ID"), command.String("Application-Name")) + "]"
	}
	return text
}

// own prints a message's own keys; all keys of the phone are called so.
func own(o jobj.Object, name string) string {
	var b strings.Builder
	b.WriteString(name)
	for _, m := range o {
		value := string(jobj.Append(nil, m.Value))
		if s, ok := m.Value.(string); ok {
			value = s
		}
		if l, ok := m.Value.([]any); ok && m.Key == "Terminators" && len(l) == 12 {
			value = "all"
		}
		if m.Key == "Application-Response" && o.String("Application-Name") == "noop" {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", m.Key, value)
	}
	return b.String()
}

// Every verb and attribute: the answer, what the switch does, and what comes of it in both modes of compat.
func TestVerbsAndAttributes(t *testing.T) {
	flows := newFlows(t)
	var b strings.Builder
	b.WriteString("Every verb and attribute of TwiML: an answer, what the switch does, and what comes of it. Written by the test with -update.\n")
	for _, c := range slices.Concat(promptCases(), gatherCases(), otherCases(), dialCases(), conferenceCases(), oddCases()) {
		fmt.Fprintf(&b, "\n== %s\n%s\n", c.name, c.answer)
		if c.rules != "" {
			fmt.Fprintf(&b, "switch: %s\n", c.rules)
		}
		kazoo := runCase(t, flows, fidelity.Kazoo, c)
		b.WriteString(kazoo)
		if corrected := runCase(t, flows, fidelity.Corrected, c); corrected != kazoo {
			b.WriteString("-- corrected\n" + corrected)
		}
	}
	if got := b.String(); got != golden(t, filepath.Join("testdata", "verbs.golden"), got) {
		t.Error("what comes of answers is no longer as in testdata/verbs.golden; compare, and write it with -update if it is right")
		for i, line := range strings.Split(got, "\n") {
			if want := strings.Split(golden(t, filepath.Join("testdata", "verbs.golden"), got), "\n"); i >= len(want) || want[i] != line {
				t.Errorf("line %d: got %s", i+1, line)
				break
			}
		}
	}
}

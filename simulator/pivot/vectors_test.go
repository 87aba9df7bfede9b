package pivot_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

func TestPivotRequestsVectors(t *testing.T) { compareFile(t, "pivot_requests") }
func TestPivotAnswersVectors(t *testing.T)  { compareFile(t, "pivot_answers") }
func TestPivotTwiMLVectors(t *testing.T)    { compareFile(t, "pivot_twiml") }
func TestPivotJSONVectors(t *testing.T)     { compareFile(t, "pivot_json") }
func TestPivotCDRVectors(t *testing.T)      { compareFile(t, "pivot_cdr") }
func TestPivotFlowVectors(t *testing.T)     { compareFile(t, "pivot_flow") }

func compareFile(t *testing.T, name string) {
	t.Helper()
	records := vectortest.Read(t, name, "label", "call", "request", "answers", "docs", "config", "switch", "script", "idle_ms", "max_ms",
		"out", "end", "bindings", "error", "notes")
	tally, flows := vectortest.NewTally(t, name), recordedFlows(t)
	for _, r := range records {
		t.Run(fmt.Sprintf("%d %s", r.Line, r.String("label")), func(t *testing.T) {
			quirk, why := judge(t, flows, r)
			t.Logf("differs by %q %s", quirk, why)
			switch {
			case why != "":
				tally.Disagree(r, "%s: %s", r.String("label"), why)
			case quirk != "":
				tally.Differ(quirk)
			default:
				tally.Agree()
			}
		})
	}
}

// judge plays a record: quirk is the one reason for which ours differs, why says what is wrong. What a
// Gather plays runs beside the collection of digits: whether its prompt began before keys that were
// pressed already is a race, and either is right.
func judge(t *testing.T, flows pivot.Flows, r vectortest.Record) (quirk, why string) {
	t.Helper()
	quirk, why = judgeRun(t, flows, r, false)
	if why == "" || !strings.Contains(string(jobj.Append(nil, list(r.Object, "answers"))), "<Gather") {
		return quirk, why
	}
	if late, still := judgeRun(t, flows, r, true); still == "" {
		return late, ""
	}
	return quirk, why
}

// judgeRun plays a record, with keys heard a moment later if late.
func judgeRun(t *testing.T, flows pivot.Flows, r vectortest.Record, late bool) (quirk, why string) {
	t.Helper()
	ours := playRecord(t, flows, r.Object, late)
	theirs := recorded(r.Object)
	theirs.sameConferences(ours)
	d, same := ours.differs(theirs)
	if same && (ours.end == theirs.end || endsEarlier(r.Object)) {
		return "", ""
	}
	// What a cdr_url keeps from being hung up is: apart from that the record is compared as any other.
	if hungUp, found := ours.withoutHangup(d); found {
		ours = hungUp
		if d, same = ours.differs(theirs); same {
			return "cdr-no-hangup", ""
		}
	}
	for _, n := range ours.notes {
		check, never := excuses()[n.quirk]
		if !never {
			continue
		}
		if !d.after(n) {
			why += n.quirk + " comes too late to account for it\n"
			break // what came before the quirk is not the same
		}
		if ids := crashIDs(r.String("error")); ids != nil && !slices.Contains(ids, n.quirk) {
			continue // the reference crashed for another reason
		}
		reason := check(&excused{note: n, d: d, ours: ours, theirs: theirs, record: r.Object})
		if reason == "" {
			return n.quirk, ""
		}
		why += n.quirk + " does not account for it: " + reason + "\n"
	}
	return "", why + d.text + fmt.Sprintf("\nours ended %s, the reference %s; notes %v", ours.end, theirs.end, ours.notes)
}

// withoutHangup leaves out the hangup that ends a document though there is a cdr_url.
func (o *outcome) withoutHangup(d difference) (*outcome, bool) {
	for _, n := range o.notes {
		if n.quirk != "cdr-no-hangup" {
			continue
		}
		i := n.published
		if i >= len(o.published) || d.published != i || o.messages[i].String("payload", "Application-Name") != "hangup" {
			return nil, false
		}
		out := *o
		out.published, out.messages = slices.Delete(slices.Clone(o.published), i, i+1), slices.Delete(slices.Clone(o.messages), i, i+1)
		out.notes = slices.Clone(o.notes)
		for j := range out.notes {
			if out.notes[j].published > i {
				out.notes[j].published--
			}
		}
		return &out, true
	}
	return nil, false
}

// endsEarlier is whether the reference waits for what never comes, where ours may end.
func endsEarlier(r jobj.Object) bool { return strings.Contains(r.String("label"), "CDR to https") }

// outcome is what came of a record, on either side: each list in its own order.
type outcome struct {
	http, published, saved, bindings []string
	end                              string
	notes                            []noted
	messages                         []jobj.Object // published, as objects
	asked                            []jobj.Object
}

func playRecord(t *testing.T, flows pivot.Flows, r jobj.Object, late bool) *outcome {
	t.Helper()
	app := newApp(t, list(r, "answers"))
	s := newStage(t, app, flows, fidelity.Kazoo, settingsOf(r.Object("config")))
	s.late = late
	if ms := r.Int("config", "pivot", "request_timeout_ms"); ms > 0 {
		s.engine.RequestTimeout = time.Duration(ms) * time.Millisecond
	}
	if idle := r.Int("idle_ms"); idle > 0 {
		s.idle = time.Duration(idle) * time.Millisecond
	}
	for _, one := range list(r, "docs") {
		doc, _ := one.(jobj.Object)
		s.docs[doc.String("_id")] = doc
	}
	for _, one := range list(r, "switch") {
		rule, _ := one.(jobj.Object)
		s.rules = append(s.rules, rule)
	}
	text := app.here(string(jobj.Append(nil, r.Object("request"))))
	message, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	message = append(jobj.Object{{Key: "Call", Value: r.Object("call")}}, message...)
	message = append(message, jobj.Member{Key: "Event-Category", Value: "dialplan"}, jobj.Member{Key: "Event-Name", Value: "pivot_req"})
	s.play(message, list(r, "script"))
	app.mu.Lock()
	defer app.mu.Unlock()
	o := newOutcome(app, app.asked, s.published, s.saved, s.bindings)
	o.end, o.notes = s.end, s.notes
	return o
}

func list(o jobj.Object, key string) []any {
	v, _ := o.Get(key)
	l, _ := v.([]any)
	return l
}

func settingsOf(config jobj.Object) pivot.Settings {
	return pivot.Settings{
		TextBytes: int(config.Int("pivot", "tts_texts_size")), ConferenceMusic: config.String("pivot", "twiml", "conference_moh"),
		MaxRecording: config.Int("kzt_twiml_util", "max_length"), Engine: config.String("speech", "tts_provider"),
		Language: config.String("speech", "tts_language"), Voice: config.String("speech", "tts_voice"),
		RecordingExtension: config.String("callflow", "call_recording", "extension"),
	}
}

// recorded is the outcome that a record holds.
func recorded(r jobj.Object) *outcome {
	var http, published, saved []any
	for _, one := range list(r, "out") {
		entry, _ := one.(jobj.Object)
		for _, m := range entry {
			switch m.Key {
			case "http":
				http = append(http, m.Value)
			case "publish":
				published = append(published, m.Value)
			case "saved":
				saved = append(saved, m.Value)
			}
		}
	}
	o := newOutcome(nil, http, published, saved, list(r, "bindings"))
	o.end, _, _ = strings.Cut(r.String("end"), ":")
	return o
}

func newOutcome(app *app, http, published, saved, bindings []any) *outcome {
	o := &outcome{}
	names := namer{ids: map[string]string{}, queues: map[string]string{"pivot-queue-1": "queue", "worker-queue": "queue"}}
	for _, b := range bindings {
		if binding, _ := b.(jobj.Object); binding.String("queue") != "" {
			names.queues[binding.String("queue")] = "queue"
		}
	}
	local := func(text string) string {
		if app != nil {
			return app.recorded(text)
		}
		return text
	}
	plain := func(v any) string { return local(string(jobj.Append(nil, names.plain("", v)))) }
	for _, entry := range http {
		asked := plainRequest(entry, local)
		o.asked = append(o.asked, asked)
		o.http = append(o.http, string(jobj.Append(nil, asked)))
	}
	for _, entry := range published {
		o.published = append(o.published, plain(entry))
		message, _ := entry.(jobj.Object)
		o.messages = append(o.messages, message)
	}
	names.ids = map[string]string{}
	for _, entry := range saved {
		o.saved = append(o.saved, plain(entry))
	}
	for _, entry := range bindings {
		o.bindings = append(o.bindings, plain(entry))
	}
	return o
}

// plainRequest is a request without what is not compared: te, host, connection, the order and case of
// headers, and the length of no body.
func plainRequest(entry any, local func(string) string) jobj.Object {
	asked, _ := entry.(jobj.Object)
	body := asked.String("body")
	if encoded := asked.String("body", "base64"); encoded != "" {
		raw, _ := base64.StdEncoding.DecodeString(encoded)
		body = strings.ReplaceAll(string(raw), "%3A18621", "%3A18080") // the one that holds the real port
	}
	var headers []string
	for _, one := range list(asked, "headers") {
		pair, _ := one.([]any)
		name := strings.ToLower(fmt.Sprint(pair[0]))
		switch {
		case name == "te", name == "host", name == "connection", name == "content-length" && fmt.Sprint(pair[1]) == "0":
		default:
			headers = append(headers, fmt.Sprintf("%s: %s", name, pair[1]))
		}
	}
	slices.Sort(headers)
	fields := make([]any, len(headers))
	for i, h := range headers {
		fields[i] = h
	}
	return jobj.Object{
		{Key: "method", Value: asked.String("method")}, {Key: "target", Value: local(asked.String("target"))},
		{Key: "version", Value: asked.String("version")}, {Key: "headers", Value: fields}, {Key: "body", Value: local(body)},
	}
}

// namer gives ids names in order of appearance, and one name to what is not compared.
type namer struct{ ids, queues map[string]string }

func (n namer) plain(key string, value any) any {
	switch v := value.(type) {
	case jobj.Object:
		out := make(jobj.Object, len(v))
		for i, m := range v {
			out[i] = jobj.Member{Key: m.Key, Value: n.plain(m.Key, m.Value)}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = n.plain("", one)
		}
		return out
	case string:
		switch key {
		case "Node", "App-Version", "_id", "pvt_node", "pvt_document_hash":
			return "*"
		case "Msg-ID":
			if n.ids[v] == "" {
				n.ids[v] = fmt.Sprintf("id %d", len(n.ids)+1)
			}
			return n.ids[v]
		case "db", "pvt_account_db":
			return monthless(v)
		case "Media-Name", "name", "description":
			return timeless(v)
		}
		if name, ok := n.queues[v]; ok {
			return name
		}
	case json.Number, int64:
		if key == "pvt_created" || key == "pvt_modified" {
			return "*"
		}
	}
	return value
}

func monthless(db string) string {
	if i := strings.LastIndexByte(db, '-'); i > 0 && len(db)-i == 7 {
		return db[:i] + "-month"
	}
	return db
}

// timeless cuts the time out of a Dial's recording's name.
func timeless(name string) string {
	before, rest, ok := strings.Cut(name, "202")
	if !ok || len(rest) < len("6-11-23_12:00:00") || !strings.Contains(name, "_to_") {
		return name
	}
	return before + "time" + rest[len("6-11-23_12:00:00"):]
}

// sameConferences maps the ids of ours, which hold the account, to the recorded ones.
func (o *outcome) sameConferences(ours *outcome) {
	ids := func(o *outcome) []string {
		var out []string
		for _, m := range o.messages {
			if id := m.String("payload", "Conference-ID"); id != "" {
				out = append(out, id)
			}
		}
		return out
	}
	theirs, mine := ids(o), ids(ours)
	for i := range min(len(theirs), len(mine)) {
		for _, texts := range [][]string{ours.published, ours.bindings} {
			for j := range texts {
				texts[j] = strings.ReplaceAll(texts[j], mine[i], theirs[i])
			}
		}
	}
}

// difference is where two outcomes part, in each list; -1 is nowhere.
type difference struct {
	http, published, saved int
	text                   string
}

func (o *outcome) differs(theirs *outcome) (d difference, same bool) {
	var b strings.Builder
	first := func(what string, mine, theirs []string) int {
		for i := range max(len(mine), len(theirs)) {
			if i < len(mine) && i < len(theirs) && mine[i] == theirs[i] {
				continue
			}
			at := func(texts []string) string {
				if i < len(texts) {
					return texts[i]
				}
				return "nothing"
			}
			fmt.Fprintf(&b, "%s %d\n  got %s\n want %s\n", what, i, at(mine), at(theirs))
			return i
		}
		return -1
	}
	d.http, d.published = first("http", o.http, theirs.http), first("publish", o.published, theirs.published)
	d.saved = first("saved", o.saved, theirs.saved)
	bound := -1
	if theirs.end != "not_started" {
		bound = first("binding", o.bindings, theirs.bindings)
	}
	d.text = b.String()
	return d, d.http < 0 && d.published < 0 && d.saved < 0 && bound < 0
}

// after is whether the outcomes part only after a note.
func (d difference) after(n noted) bool {
	return (d.http < 0 || d.http >= n.asked) && (d.published < 0 || d.published >= n.published) && (d.saved < 0 || d.saved >= n.kept)
}

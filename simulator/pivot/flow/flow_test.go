package flow_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
)

func checker(t testing.TB, refused func(string) string) *flow.Checker {
	t.Helper()
	c, err := flow.New(refused)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The engine's tests compare the whole of these records; here what CHANNEL_PIVOT
// carries, and what is refused.
func TestFlowsAreTakenAsRecorded(t *testing.T) {
	c := checker(t, nil)
	compared := 0
	for _, r := range vectortest.Read(t, "pivot_json", "label", "call", "request", "answers", "out", "end", "bindings", "notes", "idle_ms", "docs", "error", "config", "script") {
		answers, _ := r.Get("answers")
		body := answers.([]any)[0].(jobj.Object).String("body")
		out, _ := r.Get("out")
		wanted, refused := "", false
		for _, entry := range out.([]any) {
			payload := entry.(jobj.Object).Object("publish", "payload")
			refused = refused || payload.String("Event-Name") == "failed"
			if payload.String("Event-Name") == "CHANNEL_PIVOT" {
				wanted = payload.String("Application-Data")
			}
		}
		if wanted == "" && !refused {
			continue
		}
		compared++
		got := c.Check([]byte(body), fidelity.Kazoo)
		if got.Text != wanted || got.Valid == refused {
			t.Errorf("line %d (%s): %s\n got %s %v\nwant %s", r.Line, r.String("label"), body, got.Text, got.Findings, wanted)
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func TestWhatIsTakenAndWhatIsAppended(t *testing.T) {
	c := checker(t, nil)
	for _, test := range []struct{ in, out string }{
		{`{"module":"hangup"}`, `{"module":"hangup","data":{}}`},
		{` { "x" : 1.50 , "module" : "answer" , "data" : { } } `, `{"x":1.5,"module":"answer","data":{}}`},
		{`{"module":"hangup","module":"tts","data":{}}`, `{"module":"hangup","module":"tts","data":{}}`},
		{`{"module":"set_cid"}`, `{"module":"set_cid","data":{"caller_id_name":"","caller_id_number":""}}`},
		{`{"module":"collect_dtmf","data":{"terminators":["*"]}}`, `{"module":"collect_dtmf","data":{"terminators":["*"],"max_digits":1,"terminator":"#","timeout":5000}}`},
		{`{"module":"device","data":{"id":"d"}}`, `{"module":"device","data":{"id":"d","delay":0,"dial_strategy":"simultaneous","timeout":0}}`},
		{`{"module":"record_call","data":{}}`, `{"module":"record_call","data":{"action":"start","method":"put","record_on_answer":false,"record_on_bridge":false,"should_follow_transfer":true,"time_limit":3600}}`},
		{`{"module":"pivot","data":{"voice_url":"http://127.0.0.1/v"}}`, `{"module":"pivot","data":{"voice_url":"http://127.0.0.1/v","debug":false,"method":"get","req_body_format":"form","req_format":"kazoo"}}`},
		{`{"module":"audio_macro","data":{"terminators":[],"macros":[{"macro":"play"},{"text":"x","macro":"say"},{"macro":"tone","repeat":1}]}}`, `{"module":"audio_macro","data":{"terminators":[],` +
			`"macros":[{"macro":"play","endless_playback":false,"terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]},` +
			`{"text":"x","macro":"say","terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]},{"macro":"tone","repeat":1}]}}`},
		{`{"module":"branch_variable","data":{}}`, `{"module":"branch_variable","data":{"scope":"custom_channel_vars","variable":""}}`},
		{`{"module":"hangup","children":{"1":{"module":"sleep","data":{"duration":2}}}}`, `{"module":"hangup","children":{"1":{"module":"sleep","data":{"duration":2,"unit":"s"}}},"data":{}}`},
	} {
		if got := c.Check([]byte(test.in), fidelity.Kazoo); got.Text != test.out {
			t.Errorf("%s\n got %s %v\nwant %s", test.in, got.Text, got.Findings, test.out)
		}
	}
	// Corrected, an explicit array wins, and a device rings as long as it does without a schema.
	for in, out := range map[string]string{
		`{"module":"collect_dtmf","data":{"terminators":["*"]}}`: `{"module":"collect_dtmf","data":{"terminators":["*"],"max_digits":1,"timeout":5000}}`,
		`{"module":"answer","children":{"_":{"module":"device","data":{"id":"d"}}}}`: `{"module":"answer","children":{"_":{"module":"device",` +
			`"data":{"id":"d","delay":0,"dial_strategy":"simultaneous"}}},"data":{}}`,
		`{"module":"device","data":{"timeout":0}}`: `{"module":"device","data":{"timeout":0,"delay":0,"dial_strategy":"simultaneous"}}`,
	} {
		if got := c.Check([]byte(in), fidelity.Corrected); got.Text != out {
			t.Errorf("%s\n got %s %v\nwant %s", in, got.Text, got.Findings, out)
		}
	}
}

func TestAMistakeIsExplained(t *testing.T) {
	c := checker(t, func(address string) string {
		if strings.Contains(address, "localhost") {
			return "is blocked"
		}
		return ""
	})
	for _, test := range []struct{ in, want, rule string }{
		{"{\n  \"module\": \"tss\", \"data\": {}\n}", `line 2, column 13: $.module: there is no module "tss"; did you mean`, "module"},
		{`{"module":"TTS","data":{"text":"x"}}`, `line 1, column 11: $.module: there is no module "TTS"; did you mean tts? Kazoo says processing`, "module"},
		{"{\"module\":\"tts\",\n\"data\":{\"txt\":\"ü\"}}", "line 2, column 8: $.data.text: text is missing; is txt meant for it?", "required"},
		{`{"module":"answer","children":{"_":{"module":"collect_dtmf","data":{"max_digits":"3"}}}}`, `line 1, column 82: $.children._.data.max_digits: max_digits must be of type integer, not "3"`, "type"},
		{`{"module":"collect_dtmf","data":{"timeout":1.0}}`, `$.data.timeout: timeout must be of type integer, not 1.0`, "type"},
		{`{"module":"sleep","data":{"unit":"sec"}}`, `$.data.unit: unit is "sec", and must be one of ms s m h; did you mean`, "enum"},
		{`{"module":"sleep","data":{"duration":-1}}`, `line 1, column 38: $.data.duration: duration is -1: value must be at least 0`, "minimum"},
		{`{"module":"ring_group","data":{"endpoints":[{"endpoint_type":"user","id":"u"},{"id":7,"endpoint_type":"user"}]}}`, `$.data.endpoints.1.id: id must be of type string, not 7`, "type"},
		{`{"module":"pivot","data":{"voice_url":"ftp://h/"}}`, `$.data.voice_url: voice_url is "ftp://h/", and must match ^https?://`, "pattern"},
		{`{"module":"webhook","data":{"uri":"http://localhost/x"}}`, `$.data.uri: uri is "http://localhost/x", which no answer may name`, "url"},
		{`{"data":{"module":"play","data":{"id":"m"}}}`, `line 1, column 1: $.module: module is missing; answer with what stands under data alone`, "required"},
		{`{"modul":"play"}`, `module is missing; is modul meant for it?`, "required"},
		{`{"module":"tts"}`, `line 1, column 1: $.data: data is missing; tts needs text in it`, "required"},
		{`{"module":"audio_macro","data":{"language":"en"}}`, `line 1, column 32: $.data.macros: macros is missing`, "required"},
		{`{"module":"audio_macro"}`, `line 1, column 1: $.data: data is missing`, "required"},
		{`{"module":"audio_macro","data":{"macros":[{"macro":"tts"}]}}`, `$.data.macros.0: 0 is an object, which is none of the forms`, "not_one_schema_valid"},
		{`{"module":"hangup","data":{"x":[1,1e400]}}`, `the answer is no JSON: 1e400 is larger than any number`, "json"},
		{`{"module":"audio_macro","data":{"macros":[{"macro":"song"}]}}`, `macro is "song", and must be one of play prompt say tts tone`, "enum"},
		{`{"module":"conference","data":{"play_entry_tone":5}}`, `play_entry_tone is 5, which is none of the forms`, "not_one_schema_valid"},
		{`[{"module":"play"}]`, `line 1, column 1: the answer must be one action, an object with module, data and children, not an array`, "type"},
		{`{"module":"play","data":null}`, `$.data: data must be of type object, not null`, "type"},
		{`{"module":"play","children":{"_":"x"}}`, `$.children._: _ must be of type object, not "x"`, "type"},
		{"{\"module\":\n \"play\",}", "line 2, column 9: the answer is no JSON", "json"},
		{`{"module":"play"`, "line 1, column 17: the answer is no JSON: it ends too early. Kazoo says", "json"},
		{`{"module":"play"} x`, "line 1, column 19: the answer is no JSON", "json"},
		{"\ufeff{}", "line 1, column 1: the answer is no JSON: a byte order mark stands before it. Kazoo says", "json"},
		{`{"module":"tts","data":{"text":"a\ud800b"}}`, "line 1, column 34: the answer is no JSON: half of a surrogate pair", "json"},
		{`{"module":"tts","data":{"text":"\udc00"}}`, "half of a surrogate pair", "json"},
		{``, "line 1, column 1: the answer is no JSON", "json"},
	} {
		got := c.Check([]byte(test.in), fidelity.Kazoo)
		at := slices.IndexFunc(got.Findings, func(f flow.Finding) bool {
			return strings.Contains(f.String(), test.want) && f.Rule == test.rule && f.Kazoo != "" && !f.Warning
		})
		if got.Valid || at < 0 || got.Broken != (test.rule == "json") {
			t.Errorf("%s: valid %v, broken %v, %+v, want %s", test.in, got.Valid, got.Broken, got.Findings, test.want)
		}
	}
}

func TestWhatIsTakenButNotMeantIsToldToo(t *testing.T) {
	g := NewWithT(t)
	c := checker(t, nil)
	got := c.Check([]byte(`{"module":"tts","data":{"text":"a","langage":"en","x-mine":1},"child":{},"data":{}}`), fidelity.Kazoo)
	g.Expect(got.Valid).To(BeTrue())
	g.Expect(got.Findings).To(HaveLen(3))
	told := ""
	for _, f := range got.Findings {
		g.Expect(f.Warning).To(BeTrue())
		told += f.String() + "\n"
	}
	g.Expect(told).To(ContainSubstring("the data of tts has no key langage; did you mean language?"))
	g.Expect(told).To(ContainSubstring("an action has no key child; did you mean children?"))
	g.Expect(told).To(ContainSubstring("data stands more than once"))
	g.Expect(c.Check([]byte(`{"module":"tts","data":{"text":"\\ud800 \ud83d\ude00"}}`), fidelity.Kazoo).Findings).To(BeEmpty())
}

func TestEveryModuleIsKnown(t *testing.T) {
	g := NewWithT(t)
	modules := checker(t, nil).Modules()
	g.Expect(modules).To(ContainElements("pivot", "tts", "play", "collect_dtmf", "menu", "webhook", "wait_for_hangup", "acdc_agent"))
	g.Expect(modules).NotTo(ContainElement("action"))
}

func TestADeepFlowIsTakenAndAnEndlessOneIsNot(t *testing.T) {
	g := NewWithT(t)
	nested := func(depth int) []byte {
		const one = `{"module":"answer","data":{},"children":{"_":`
		return []byte(strings.Repeat(one, depth) + `{"module":"hangup","data":{}}` + strings.Repeat("}}", depth))
	}
	c := checker(t, nil)
	got := c.Check(nested(500), fidelity.Kazoo)
	g.Expect(got.Valid).To(BeTrue())
	g.Expect(got.Text).To(Equal(string(nested(500))))
	g.Expect(c.Check(nested(100_000), fidelity.Kazoo).Broken).To(BeTrue())
}

func FuzzCheck(f *testing.F) {
	for _, in := range []string{
		`{"module":"tts","data":{"text":"\ud83d\ude00"},"children":{"_":{"module":"pivot"}}}`, `[1]`, `{"module":1,"data":[]}`, `"\ud8`, "{\"a\":\xff}",
		`{"module":"audio_macro","data":{"macros":[{"macro":"play"}]}}`, `{"module":"action","data":{"module":"x"}}`,
	} {
		f.Add(in)
	}
	c := checker(f, nil)
	f.Fuzz(func(t *testing.T, in string) {
		for _, compat := range fidelity.Compats() {
			got := c.Check([]byte(in), compat)
			for _, found := range got.Findings {
				if found.Line < 1 || found.Column < 1 || found.Text == "" || found.Kazoo == "" {
					t.Errorf("%q: %+v", in, found)
				}
			}
			if !got.Valid {
				if len(got.Findings) == 0 {
					t.Errorf("%q is refused without a word", in)
				}
				continue
			}
			if again := c.Check([]byte(got.Text), fidelity.Kazoo); !again.Valid {
				t.Errorf("%q became %q, which is refused: %v", in, got.Text, again.Findings)
			}
		}
	})
}

// What a large answer has wrong is told up to a bound, and to tell it takes no longer the more there is.
func TestFindingsAreBounded(t *testing.T) {
	g := NewWithT(t)
	const many = 400_000
	c, err := flow.New(nil)
	g.Expect(err).NotTo(HaveOccurred())
	text := `{"module":"group","data":{"endpoints":[` + strings.Repeat("1,", many-1) + `1]}}`
	r := c.Check([]byte(text), fidelity.Kazoo)
	g.Expect(r.Valid).To(BeFalse())
	g.Expect(r.Findings).To(HaveLen(flow.MaxFindings + 1))
	g.Expect(r.Findings[0].Path).To(Equal("$.data.endpoints.0"))
	g.Expect(r.Findings[flow.MaxFindings].Text).To(MatchRegexp(`^there are \d+ more findings, which are not told$`))
}

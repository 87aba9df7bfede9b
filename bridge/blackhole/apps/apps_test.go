package apps_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole/apps"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const acme = "22222222222222222222222222222222"

func object(t *testing.T, text string) jobj.Object {
	t.Helper()
	o, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRegistrationsAreRead(t *testing.T) {
	const account = `"account_id":"` + acme + `"`
	token := strings.Repeat("0a", 16)
	for text, want := range map[string]apps.Registration{
		`{` + account + `,"app":"ivr"}`:                                        {AccountID: acme, App: "ivr", MaxCalls: 100},
		`{` + account + `,"app":"ivr","max_calls":1,"resume":"` + token + `"}`: {AccountID: acme, App: "ivr", MaxCalls: 1, Resume: token},
		`{` + account + `,"app":"a-1","max_calls":1000,"resume":null}`:         {AccountID: acme, App: "a-1", MaxCalls: 1000},
		`{"account_id":"account/22/22/2222222222222222222222222222","app":"` + strings.Repeat("z", 32) + `"}`: {
			AccountID: acme, App: strings.Repeat("z", 32), MaxCalls: 100,
		},
		`{"account_id":"*","app":"ivr"}`: {AccountID: "*", App: "ivr", MaxCalls: 100},
	} {
		got, err := apps.ReadRegistration(object(t, text))
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
}

func TestRegistrationsAreRefused(t *testing.T) {
	const account = `"account_id":"` + acme + `"`
	for text, want := range map[string]string{
		`{}`:                            "missing required keys in data object",
		`{"other":1}`:                   "missing required keys : account_id, app",
		`{"app":"ivr"}`:                 "missing required keys : account_id",
		`{` + account + `}`:             "missing required keys : app",
		`{` + account + `,"app":""}`:    "invalid app name",
		`{` + account + `,"app":"IVR"}`: "invalid app name",
		`{` + account + `,"app":"a.b"}`: "invalid app name",
		`{` + account + `,"app":"ä"}`:   "invalid app name",
		`{` + account + `,"app":7}`:     "invalid app name",
		`{` + account + `,"app":"` + strings.Repeat("z", 33) + `"}`:                "invalid app name",
		`{` + account + `,"app":"ivr","max_calls":0}`:                              "invalid max_calls : ",
		`{` + account + `,"app":"ivr","max_calls":1001}`:                           "invalid max_calls : ",
		`{` + account + `,"app":"ivr","max_calls":1.5}`:                            "invalid max_calls : ",
		`{` + account + `,"app":"ivr","max_calls":"10"}`:                           "invalid max_calls : ",
		`{` + account + `,"app":"ivr","resume":true}`:                              "invalid resume : ",
		`{` + account + `,"app":"ivr","resume":"abc"}`:                             "invalid resume : ",
		`{` + account + `,"app":"ivr","resume":"` + strings.Repeat("G", 32) + `"}`: "invalid resume : ",
	} {
		_, err := apps.ReadRegistration(object(t, text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

func TestAnswersAreRead(t *testing.T) {
	for text, want := range map[string]apps.Answer{
		`{"pivot_id":"p","body":{"module":"user","data":{"id":"ü/1"}}}`:                       {"p", 200, "application/json", `{"module":"user","data":{"id":"ü/1"}}`},
		`{"pivot_id":"p","body":"<Response/>"}`:                                               {"p", 200, "text/xml", "<Response/>"},
		`{"pivot_id":"p","body":""}`:                                                          {"p", 200, "text/xml", ""},
		`{"pivot_id":"p","status":404}`:                                                       {"p", 404, "text/xml", ""},
		`{"pivot_id":"p","status":206,"body":"x","content_type":"text/plain; charset=utf-8"}`: {"p", 206, "text/plain; charset=utf-8", "x"},
		`{"pivot_id":"p","body":{},"content_type":""}`:                                        {"p", 200, "", "{}"},
	} {
		got, err := apps.ReadAnswer(object(t, text))
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
}

func TestAnswersAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                           "missing required keys in data object",
		`{"body":"x"}`:                 "pivot_id must be",
		`{"pivot_id":7,"body":"x"}`:    "pivot_id must be",
		`{"pivot_id":"p"}`:             "body must be",
		`{"pivot_id":"p","body":null}`: "body must be",
		`{"pivot_id":"p","status":404,"body":null}`:                                     "body must be",
		`{"pivot_id":"p","body":[]}`:                                                    "body must be",
		`{"pivot_id":"p","body":7}`:                                                     "body must be",
		`{"pivot_id":"p","status":"200","body":"x"}`:                                    "status must be",
		`{"pivot_id":"p","status":199,"body":"x"}`:                                      "status must be",
		`{"pivot_id":"p","status":600,"body":"x"}`:                                      "status must be",
		`{"pivot_id":"p","status":2e2,"body":"x"}`:                                      "status must be",
		`{"pivot_id":"p","body":"x","content_type":1}`:                                  "content_type must be",
		`{"pivot_id":"p","body":"x","content_type":"a\r\nb"}`:                           "content_type must be",
		`{"pivot_id":"p","body":"x","content_type":"` + strings.Repeat("a", 257) + `"}`: "content_type must be",
	} {
		_, err := apps.ReadAnswer(object(t, text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

func TestFramesReadAsTheyAreSpecified(t *testing.T) {
	g := NewWithT(t)
	data := object(t, `{"account_id":"a","params":{"Digits":"1"},"body":"Digits=1&x=<"}`)
	g.Expect(string(apps.Frame(apps.Request, "p", data))).To(Equal(
		`{"action":"pivot","name":"request","request_id":"p","data":{"account_id":"a","params":{"Digits":"1"},"body":"Digits=1&x=<"}}`))
	g.Expect(string(apps.Frame(apps.Request, "p", apps.Again(data)))).To(HaveSuffix(`,"redelivered":true}}`))
	g.Expect(data.Has("redelivered")).To(BeFalse(), "the first frame stays as it is")
	g.Expect(string(apps.Frame(apps.Cancel, "p", apps.Cancelled("hangup")))).To(Equal(
		`{"action":"pivot","name":"cancel","request_id":"p","data":{"reason":"hangup"}}`))
	g.Expect(string(apps.Frame(apps.CDR, "p", nil))).To(HaveSuffix(`"data":{}}`))
	latin := jobj.Object{{Key: "body", Value: "n=\xe9\xe9!"}}
	g.Expect(string(apps.Frame(apps.Request, "p", latin))).To(HaveSuffix(`"data":{"body":"n=�!"}}`), "a frame is UTF-8")
}

// Whatever a client sends is an answer within bounds, or an error for it.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"pivot_id":"p","body":{"module":"user","data":{"id":"1"},"children":{}}}`,
		`{"pivot_id":"p","body":"<Response/>","status":200,"content_type":"text/xml"}`,
		`{"pivot_id":"p","status":404}`, `{"pivot_id":"p","body":{"a":1e400,"a":-0,"b":[null,"\ud800"]}}`, `{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		data, err := jobj.ParseObject(text)
		if err != nil {
			return
		}
		a, err := apps.ReadAnswer(data)
		if err != nil {
			if err.Error() == "" || !utf8.ValidString(err.Error()) {
				t.Errorf("refused with %q", err)
			}
			return
		}
		if a.PivotID == "" || a.Status < 200 || a.Status > 599 || len(a.ContentType) > 256 {
			t.Errorf("taken: %+v", a)
		}
		if body, is := data.Object("body"), data.Object("body") != nil; is {
			again, err := jobj.ParseObject([]byte(a.Body))
			if err != nil {
				if jobj.Printable(body) {
					t.Errorf("the body of %s became %s: %v", text, a.Body, err)
				}
				return
			}
			if string(jobj.Append(nil, again)) != a.Body {
				t.Errorf("the body %s is not what it says", a.Body)
			}
		}
	})
}

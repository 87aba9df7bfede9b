package pivot_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

// documents are those that a run stored.
func documents(s *stage) []jobj.Object {
	var out []jobj.Object
	for _, one := range s.saved {
		entry, _ := one.(jobj.Object)
		out = append(out, entry.Object("doc"))
	}
	return out
}

func TestARequestThatIsRefusedIsStored(t *testing.T) {
	for _, c := range []struct{ method, uri, want string }{
		{"post", "mailto:a@b", "mailto:a@b"},
		{"get", "//h/v", "h/v?CallerNumber=1001"},
		{"post", "", ""},
	} {
		g := NewWithT(t)
		s := newStage(t, newApp(t, nil), newFlows(t), fidelity.Kazoo, pivot.Settings{})
		s.play(message(c.uri, jobj.Member{Key: "Debug", Value: true}).Set("HTTP-Method", c.method), nil)
		docs := documents(s)
		g.Expect(docs).To(HaveLen(1))
		g.Expect(docs[0].String("uri")).To(HavePrefix(c.want))
		g.Expect(docs[0].String("method")).To(Equal(c.method))
		headers := jobj.Object{}
		if c.method == "post" {
			headers = jobj.Object{{Key: "content-type", Value: "application/x-www-form-urlencoded"}}
			g.Expect(docs[0].String("req_body")).To(HavePrefix("CallerNumber=1001&"))
		}
		g.Expect(docs[0].Object("req_headers")).To(Equal(headers))
	}
}

// A URL is stored as it was composed, and asked as it is cleaned.
func TestAURLIsStoredUncleaned(t *testing.T) {
	g := NewWithT(t)
	app := newApp(t, nil)
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	uri := app.here("http://" + recordedAddress + "/a/../%7E?x=%41#f")
	s.play(message(uri, jobj.Member{Key: "Debug", Value: true}), nil)
	g.Expect(documents(s)[0].String("uri")).To(Equal(uri))
	asked, _ := app.asked[0].(jobj.Object)
	g.Expect(asked.String("target")).To(Equal("/~?x=A"))
}

// The reference's client gives the headers that it knows in an order of its own, each once.
func TestHeadersOfAStoredAnswer(t *testing.T) {
	g := NewWithT(t)
	answer := reply(404, "text/plain", "x")
	answer = answer.Set("headers", []any{
		[]any{"X-B", "One"}, []any{"Content-Type", "Text/Plain"}, []any{"Server", "S"}, []any{"Location", "/L"}, []any{"Cache-Control", "No"}, []any{"Server", "T"},
	})
	app := newApp(t, []any{answer})
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.play(message(app.here("http://"+recordedAddress+"/v"), jobj.Member{Key: "Debug", Value: true}), nil)
	headers := documents(s)[1].Object("resp_headers")
	g.Expect(string(jobj.Append(nil, headers))).To(Equal(
		`{"cache-control":"no","connection":"close","location":"/l","server":"s","content-length":"1","content-type":"text/plain","x-b":"one"}`))
}

// Default headers alone are left out of a CDR; and its answer is stored with its own status.
func TestWhatACDRTells(t *testing.T) {
	g := NewWithT(t)
	app := newApp(t, []any{twimlReply("<Pause length=\"1\"/>"), reply(206, "text/plain", "ok")})
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.idle = time.Minute
	ended, err := jobj.ParseObject([]byte(`{"Event-Category":"call_event","Event-Name":"CHANNEL_DESTROY","Call-ID":"call-1@10.0.0.5","System-Log-ID":"s",
		"Server-Queue-ID":"q","Log-ID":"l","Queue-ID":"k","L":[null,["x",65]],"Custom-Channel-Vars":{"a":"b"}}`))
	g.Expect(err).NotTo(HaveOccurred())
	script := []any{jobj.Object{{Key: "after_ms", Value: jsonInt(500)}, {Key: "events", Value: []any{ended}}}}
	at := app.here("http://" + recordedAddress)
	s.play(message(at+"/v", jobj.Member{Key: "CDR-URI", Value: at + "/cdr"}, jobj.Member{Key: "Debug", Value: true}), script)
	g.Expect(bodies(app)).To(Equal([]string{"Log-ID=l&Queue-ID=k&L[]=null&L[]=xA"}))
	docs := documents(s)
	g.Expect(docs[len(docs)-1].String("resp_status_code")).To(Equal("206"))
}

func TestOwnersAreThoseWhoAreLoggedIn(t *testing.T) {
	for device, want := range map[string]string{
		`{"owner_id":"u1"}`:                                       "User-ID=u1&",
		`{"owner_id":["u1","u2"]}`:                                "User-ID[]=u1&User-ID[]=u2&",
		`{"owner_id":"u1","hotdesk":{"users":{}}}`:                "User-ID=u1&",
		`{"owner_id":"u1","hotdesk":{"users":{"u3":{}}}}`:         "User-ID=u3&",
		`{"owner_id":"u1","hotdesk":{"users":{"u3":{},"u2":{}}}}`: "User-ID[]=u3&User-ID[]=u2&",
		`{"owner_id":""}`:                                         "To-Realm=",
	} {
		g := NewWithT(t)
		app := newApp(t, nil)
		s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
		doc, err := jobj.ParseObject([]byte(device))
		g.Expect(err).NotTo(HaveOccurred())
		s.docs["dev-1"] = doc
		s.play(message(app.here("http://"+recordedAddress+"/v")).Set("Request-Format", "kazoo"), nil)
		asked, _ := app.asked[0].(jobj.Object)
		g.Expect(asked.String("body")).To(HavePrefix(want), device)
	}
}

// What the reference starts nothing for, or dies over, is asked as a POST of a form, and told.
func TestMethodsAndBodyFormatsThatAreNone(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		quirk string
	}{
		{"HTTP-Method", nil, "known-method-crash"},
		{"HTTP-Method", "", "known-method-crash"},
		{"Request-Body-Format", nil, "body-format-crash"},
		{"Request-Body-Format", "", "body-format-crash"},
		{"Request-Body-Format", jsonInt(1), "body-format-crash"},
	} {
		g := NewWithT(t)
		app := newApp(t, nil)
		s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
		s.play(message(app.here("http://"+recordedAddress+"/v")).Set(c.key, c.value), nil)
		asked, _ := app.asked[0].(jobj.Object)
		g.Expect(asked.String("method")).To(Equal("POST"))
		g.Expect(asked.String("body")).To(HavePrefix("CallerNumber=1001&"))
		var quirks []string
		for _, n := range s.notes {
			quirks = append(quirks, n.quirk)
		}
		g.Expect(quirks).To(ContainElement(c.quirk), "%+v", c)
	}
}

func TestTheLanguageOfAnAccountIsInLowerCase(t *testing.T) {
	g := NewWithT(t)
	app := newApp(t, nil)
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.docs[testCall().String("Account-ID")] = jobj.Object{{Key: "language", Value: "fr-FR"}}
	s.play(message(app.here("http://"+recordedAddress+"/v")).Set("Request-Format", "kazoo"), nil)
	asked, _ := app.asked[0].(jobj.Object)
	g.Expect(asked.String("body")).To(ContainSubstring("&Language=fr-fr&"))
}

package request_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

func object(t testing.TB, text string) jobj.Object {
	t.Helper()
	o, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func quirks(notes []request.Note) []string {
	ids := []string{}
	for _, n := range notes {
		ids = append(ids, n.Quirk)
	}
	return ids
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ method, uri, want, quirk string }{
		{"get", "http://h/v", "http://h/v?p=1", ""},
		{"get", "http://h", "http://h/?p=1", ""},
		{"get", "http://h/v?", "http://h/v?p=1", ""},
		{"get", "http://h/v?&", "http://h/v?&&p=1", ""},
		{"get", "http://h/v?a=b&#f?x", "http://h/v?a=b&&p=1", ""},
		{"post", "http://h/v?", "http://h/v", ""},
		{"post", "http://h/v?a=b#f", "http://h/v?a=b", ""},
		{"post", "HTTP://H.Test:80/A/./b/../c//d/..", "http://h.test:80/A/c//", ""},
		{"post", "http://h/..", "http://h/", ""},
		{"post", "http://h//double/%2F", "http://h//double/%2F", ""},
		{"post", "http://h?q=1", "http://h/?q=1", ""},
		{"post", "http://h/v?a=%", "http://h/v?a=%", ""},
		{"post", "http://[::1]:81/v", "http://[::1]:81/v", ""},
		{"get", "http://h/v?a=%", "http://h/v?a=%25&p=1", request.StrictURI},
		{"get", "http://[::1]/v", "http://[::1]/v?p=1", request.GetCredentials},
		{"post", "http://h/sp ace/ü?a[]=|", "http://h/sp%20ace/%C3%BC?a%5B%5D=%7C", request.StrictURI},
		{"post", "http://h/%zz", "http://h/%25zz", request.StrictURI},
		{"post", "http://h/%7Ev/%41?n=%c3%bc&p=%2b", "http://h/~v/A?n=%C3%BC&p=%2B", ""},
		{"get", "http://h/a/%2e%2e/%2E/b?x=%2D", "http://h/b?x=-&p=1", ""},
		{"post", "http://127%2E0.0.1:081/v", "http://127.0.0.1:81/v", ""},
		{"post", "http://h/%4?%a", "http://h/%4?%a", ""},
		{"get", "http://h/v%", "http://h/v%?p=1", ""},
		{"post", "http://h/%25%", "http://h/%25%", ""},
		{"post", "http://h/%4/v", "http://h/%254/v", request.StrictURI},
		{"post", "http://h/`", "http://h/%60", request.StrictURI},
		{"post", "http://h/v#a b", "http://h/v", request.StrictURI},
		{"get", "http://h/v#a#b", "http://h/v?p=1", request.StrictURI},
		{"post", "http://h/v#%", "http://h/v", ""},
		{"delete", "http://h/v", "http://h/v", request.KnownMethodCrash},
		{"", "http://h/v", "http://h/v", ""},
		{"Get", "http://h/v", "http://h/v?p=1", ""},
	} {
		t.Run(c.method+" "+c.uri, func(t *testing.T) {
			g := NewWithT(t)
			req, notes, err := request.Build(c.method, "", c.uri, jobj.Object{{Key: "p", Value: "1"}}, fidelity.Kazoo)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(req.URL).To(Equal(c.want))
			if c.quirk == "" {
				g.Expect(notes).To(BeEmpty())
			} else {
				g.Expect(quirks(notes)).To(ConsistOf(c.quirk))
			}
		})
	}
}

// Credentials are sent as hooks send them.
func TestCredentials(t *testing.T) {
	for user, want := range map[string][2]string{ // in kazoo mode, and corrected
		"u%41:p%40": {"uA:p%40", "uA:p%40"}, "u": {"u:", "u:"}, "u:pa:ss": {"", "u:pa:ss"}, ":pw": {"pw:", ":pw"},
	} {
		for i, compat := range []fidelity.Compat{fidelity.Kazoo, fidelity.Corrected} {
			g := NewWithT(t)
			req, notes, err := request.Build("post", "", "http://"+user+"@h/v", nil, compat)
			g.Expect(err).NotTo(HaveOccurred())
			sent := ""
			for _, h := range req.Header {
				if h[0] == "authorization" {
					text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h[1], "Basic "))
					g.Expect(err).NotTo(HaveOccurred())
					sent = string(text)
				}
			}
			g.Expect(sent).To(Equal(want[i]), user)
			if want[i] == "" {
				g.Expect(quirks(notes)).To(ConsistOf(request.ThreePartCredentials))
			} else {
				g.Expect(notes).To(BeEmpty(), user)
			}
		}
	}
}

// A URL as it was composed stands in debug documents, one that cannot be asked, too.
func TestComposedURLs(t *testing.T) {
	for _, c := range []struct{ method, uri, want string }{
		{"post", "http://h/%7E?#f", "http://h/%7E?#f"},
		{"get", "http://h/%7E?a=b#f", "http://h/%7E?a=b&p=1#f"},
		{"get", "http://h/v?#", "http://h/v?p=1"},
		{"get", "mailto:a@b", "mailto://a@b?p=1"},
		{"get", "//h:81/v", "h:81/v?p=1"},
		{"get", "127.0.0.1:81/v", "127.0.0.1://81/v?p=1"},
		{"get", ":", "?p=1"},
		{"post", "", ""},
	} {
		req, _, _ := request.Build(c.method, "", c.uri, jobj.Object{{Key: "p", Value: "1"}}, fidelity.Kazoo)
		if req.Composed != c.want {
			t.Errorf("%s %s: %s, not %s", c.method, c.uri, req.Composed, c.want)
		}
	}
}

// What the reference's form encoder crashes over is sent, and told.
func TestNullsAndNestedListsInForms(t *testing.T) {
	for _, c := range []struct{ method, format, params, want, quirk string }{
		{"post", "", `{"a":null,"b":1}`, "a=&b=1", request.NullCrash},
		{"post", "", `{"a":{"b":null}}`, "a[b]=", request.NullCrash},
		{"post", "", `{"a":[null,{"b":null}]}`, "a[]=null&a[]=%7B%22b%22%3Anull%7D", ""},
		{"post", "", `{"a":[["x",[65]]]}`, "a[]=xA", ""},
		{"post", "", `{"a":[[1.5]]}`, "a[]=1.5", request.NestedListBytes},
		{"post", "json", `{"a":null,"b":[[1.5]]}`, `{"a":null,"b":[[1.5]]}`, ""},
		{"get", "json", `{"a":null}`, "", request.NullCrash},
	} {
		g := NewWithT(t)
		req, notes, err := request.Build(c.method, c.format, "http://h/v", object(t, c.params), fidelity.Kazoo)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(req.Body).To(Equal(c.want))
		if c.quirk == "" {
			g.Expect(notes).To(BeEmpty(), c.params)
		} else {
			g.Expect(quirks(notes)).To(ConsistOf(c.quirk), c.params)
		}
	}
}

func TestTargetsThatCannotBeAsked(t *testing.T) {
	for _, c := range []struct{ uri, reason, quirk string }{
		{"", "no scheme", ""},
		{"127.0.0.1/v", "no scheme", ""},
		{"//h/v", "no scheme", ""},
		{"/v", "no scheme", ""},
		{"file:///etc/passwd", "scheme file", ""},
		{"ftp://h/v", "scheme ftp", ""},
		{"mailto:a@b", "scheme mailto", ""},
		{"ws://h/v", "scheme ws", ""},
		{"http:", "no host", request.SilentTransport},
		{"http:///v", "no host", request.SilentTransport},
		{"http://:80/v", "no host", request.SilentTransport},
		{"http://user@/v", "no host", request.SilentTransport},
		{"http://h:eighty/v", "port eighty", ""},
		{"http://h h/v", "host h h", ""},
		{"http://h%4g/v", "host h%4g", ""},
		{"http://h:81:82/v", "host h:81", ""},
		{"http://::1:81/v", "host ::1", ""},
		{"http://ü:p@h/v", "credentials", ""},
		{"http://u@v:p@h/v", "credentials", ""},
		{"http://u%:p@h/v", "credentials", ""},
		{"http://[::1/v", "host [", ""},
		{"http://[h]/v", "host [h]", ""},
	} {
		t.Run(c.uri, func(t *testing.T) {
			g := NewWithT(t)
			_, _, err := request.Build("post", "", c.uri, nil, fidelity.Kazoo)
			var refused *request.URIError
			g.Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
			g.Expect(refused.Error()).To(ContainSubstring(c.reason))
			g.Expect(refused.Quirk).To(Equal(c.quirk))
		})
	}
}

func TestHeadersAreThoseOfTheReferencesClient(t *testing.T) {
	g := NewWithT(t)
	p := jobj.Object{{Key: "a", Value: "ü"}}
	req, notes, err := request.Build("POST", "json", "https://us%40er:p%3Aw@H.test:443/v", p, fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(notes).To(BeEmpty())
	g.Expect(req.Header).To(Equal([][2]string{
		{"content-type", "application/json"}, {"content-length", "10"}, {"te", ""}, {"host", "h.test"},
		{"authorization", "Basic dXMlNDBlcjpwJTNBdw=="}, {"connection", "keep-alive"},
	}))
	g.Expect(req.Body).To(Equal(`{"a":"ü"}`))
	for given, sent := range map[string]string{"user@": "Basic dXNlcjo=", ":pw@": "Basic cHc6"} {
		req, _, err = request.Build("post", "", "http://"+given+"h:81/v", p, fidelity.Kazoo)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(req.Header).To(ContainElements([2]string{"authorization", sent}, [2]string{"host", "h:81"}, [2]string{"content-type", "application/x-www-form-urlencoded"}))
	}
	for _, given := range []string{"@", ":@", "a:b:c@"} { // neither one part nor two
		req, _, err = request.Build("post", "", "http://"+given+"h:81/v", p, fidelity.Kazoo)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(hasField(req.Header, "authorization")).To(BeFalse(), given)
	}
	req, _, err = request.Build("get", "json", "http://h/v", p, fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(req.Body).To(BeEmpty())
	g.Expect(req.Header[0]).To(Equal([2]string{"content-length", "0"}))
}

func TestAnUnknownBodyFormatIsForm(t *testing.T) {
	g := NewWithT(t)
	p := jobj.Object{{Key: "a", Value: "b c"}}
	req, notes, err := request.Build("post", "xml", "http://h/v", p, fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(req.Body).To(Equal("a=b+c"))
	g.Expect(quirks(notes)).To(ConsistOf(request.BodyFormatCrash))
	_, notes, err = request.Build("get", "xml", "http://h/v", p, fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(notes).To(BeEmpty())
}

func TestFormText(t *testing.T) {
	g := NewWithT(t)
	p := object(t, `{"a":{},"b":"x y","c":{"k[":{"z":1}},"d":[],"e":["1",{"o":1.50}],"f":null,"g":true}`)
	g.Expect(request.Form(p, fidelity.Kazoo)).To(Equal("&b=x+y&c[k[][z]=1&&e[]=1&e[]=%7B%22o%22%3A1.5%7D&f=&g=true"))
	g.Expect(request.Form(p, fidelity.Corrected)).To(Equal("b=x+y&c[k%5B][z]=1&e[]=1&e[1][o]=1.50&f=&g=true"))
	g.Expect(request.JSON(p, fidelity.Kazoo)).To(Equal(`{"a":{},"b":"x y","c":{"k[":{"z":1}},"d":[],"e":["1",{"o":1.5}],"f":null,"g":true}`))
	g.Expect(request.JSON(p, fidelity.Corrected)).To(ContainSubstring("1.50"))
}

func TestTheBaseBeatsWhatIsLiveBeatsVariables(t *testing.T) {
	g := NewWithT(t)
	v := request.Values{
		Call:      object(t, `{"Call-ID":"c","From":"1@r","To":"2@r","Key-Value-Store":{"digit_pressed":"#","digits_collected":"9","call_status":"ringing"}}`),
		Format:    request.FormatTwiML,
		Variables: object(t, `{"From":"me","mine":"1","CallStatus":"x"}`),
	}
	v.Live = request.Live(request.StateOf(v.Call))
	g.Expect(request.Form(request.Params(v, fidelity.Kazoo), fidelity.Kazoo)).To(Equal(
		"From=1&mine=1&CallStatus=ringing&Digits=%23&CallerNumber=anonymous&CallerName=unknown&Direction=inbound&ApiVersion=2010-04-01&ToRealm=r&To=2&FromRealm=r&CallSid=c"))
	params := request.Params(v, fidelity.Corrected)
	g.Expect(params.String("Digits")).To(Equal("9"), "what was collected last counts")
}

func TestAnUnknownFormatHasNoBaseParameters(t *testing.T) {
	g := NewWithT(t)
	v := request.Values{Call: object(t, `{"Call-ID":"c","From":"nobody"}`), Format: "KAZOO", Live: jobj.Object{{Key: "Digits", Value: "1"}}}
	g.Expect(request.Form(request.Params(v, fidelity.Kazoo), fidelity.Kazoo)).To(Equal("Digits=1"))
	g.Expect(request.Check(v)).To(BeEmpty())
	req, _, err := request.Build("get", "", "http://h/v", nil, fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(req.URL).To(Equal("http://h/v"))
}

func TestPartsAndOwners(t *testing.T) {
	g := NewWithT(t)
	v := request.Values{
		Call:   object(t, `{"From":"a@b@c","To":"alone","Request":"x@y","Request-User":"z","Language":"","Custom-SIP-Headers":{"a":null,"b":{"x":1,"y":2}}}`),
		Format: request.FormatKazoo, Owners: []string{"u1", "u2"}, Language: "fr-fr",
	}
	text := string(jobj.Append(nil, request.Params(v, fidelity.Kazoo)))
	g.Expect(text).To(HavePrefix(`{"User-ID":["u1","u2"],"To-Realm":"norealm","To":"alone","Request-Realm":"y","Request":"z","Language":"fr-fr","From-Realm":"b@c","From":"a"`))
	g.Expect(text).To(ContainSubstring(`"Custom-SIP-Headers":{"b":{"y":2,"x":1}},"Custom-Application-Vars":{}`))
	g.Expect(quirks(request.Check(v))).To(ConsistOf(request.URIPartCrash))
	v.Format = request.FormatTwiML
	v.Variables = jobj.Object{{Key: "ü", Value: "1"}}
	g.Expect(quirks(request.Check(v))).To(ConsistOf(request.URIPartCrash, request.VariableKeyBytes))
}

func TestURLsAreResolvedAsOneExpects(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"http://h/ivr/start", "next", "http://h/ivr/next"},
		{"http://h/ivr/start?x=1", "/root", "http://h/root"},
		{"http://h/v?x=1", "", "http://h/v?x=1"},
		{"http://h.test/v", "../../up", "http://h.test/up"},
		{"http://h/v", "?q=a b", "http://h/v?q=a%20b"},
		{"http://[::1]:8/v", "w", "http://[::1]:8/w"},
		{"http://h/v", "HTTPS://o/x", "https://o/x"},
		{"http://ivr.pivot.invalid/a", "b", "http://ivr.pivot.invalid/b"},
	} {
		got, _, err := request.Resolve(c.base, c.ref, fidelity.Corrected)
		if err != nil || got != c.want {
			t.Errorf("%s and %s: got %s (%v), want %s", c.base, c.ref, got, err, c.want)
		}
	}
	if _, _, err := request.Resolve("/v", "x", fidelity.Corrected); err == nil {
		t.Error("a base without a host was taken")
	}
}

func TestAURLThatABrowserWouldResolveOtherwiseIsTold(t *testing.T) {
	g := NewWithT(t)
	_, notes, err := request.Resolve("http://h/ivr/start", "next", fidelity.Kazoo)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(notes).To(Equal([]request.Note{{
		Quirk: request.URLAppend,
		Text: "Kazoo makes http://h/ivr/start/next of next; a browser would make http://h/ivr/next of it. " +
			"Put a dot into the names, as menu.xml, or use whole URLs",
	}}))
	for _, c := range []struct {
		base, ref string
		told      bool
	}{
		{"http://h/ivr/start.xml", "next.xml", false},
		{"http://h/ivr/start.xml", "a b", false}, // the space is encoded when it is sent
		{"http://h/ivr/", "next", false},
		{"http://h/ivr/start", "http://h/next", false},
		{"http://h/ivr/start.xml", "", false},
		{"http://h/ivr/start.xml", "/root.xml", true},
		{"http://h/v?x=1", "w", true},
		{"http://h/ivr/start.xml", "file:///etc/passwd", true},
		{"http://h/ivr/start.xml", "javascript:alert(1)", true},
	} {
		_, notes, _ = request.Resolve(c.base, c.ref, fidelity.Kazoo)
		g.Expect(len(notes) == 1 && notes[0].Quirk == request.URLAppend).To(Equal(c.told), "%s and %s: %v", c.base, c.ref, notes)
		_, notes, _ = request.Resolve(c.base, c.ref, fidelity.Corrected)
		g.Expect(notes).To(BeEmpty())
	}
}

func TestOneFieldOfTheHeaderIsReplaced(t *testing.T) {
	g := NewWithT(t)
	header := [][2]string{{"host", "a"}, {"connection", "keep-alive"}}
	g.Expect(request.With(header, "Host", "b")).To(Equal([][2]string{{"host", "b"}, {"connection", "keep-alive"}}))
	g.Expect(request.With(header, "x", "y")).To(Equal([][2]string{{"host", "a"}, {"x", "y"}, {"connection", "keep-alive"}}))
	g.Expect(header[0][1]).To(Equal("a"))
}

func FuzzBuild(f *testing.F) {
	for _, uri := range []string{"http://u:p@h:80/a/../b?c#d", "https://[::1]/%", "http://h/ü[", "http:/", "h\r\nx: y"} {
		f.Add(uri, "a b&\r\n")
	}
	f.Fuzz(func(t *testing.T, uri, value string) {
		params := jobj.Object{{Key: value, Value: value}, {Key: "o", Value: jobj.Object{{Key: value, Value: value}}}}
		for _, method := range []string{"get", "post"} {
			for _, compat := range fidelity.Compats() {
				req, _, err := request.Build(method, "json", uri, params, compat)
				if err != nil {
					continue
				}
				if !strings.HasPrefix(req.URL, "http://") && !strings.HasPrefix(req.URL, "https://") {
					t.Errorf("%q goes to %q", uri, req.URL)
				}
				if strings.ContainsFunc(req.URL, func(r rune) bool { return r <= ' ' || r > '~' }) {
					t.Errorf("%q goes to %q, which breaks the request line", uri, req.URL)
				}
				for _, h := range req.Header {
					if strings.ContainsAny(h[0]+h[1], "\r\n") {
						t.Errorf("%q has the header %q", uri, h)
					}
				}
				again, _, err := request.Build("post", "json", req.URL, nil, compat)
				if err != nil || again.URL != req.URL {
					t.Errorf("%q became %q, and that %q (%v)", uri, req.URL, again.URL, err)
				}
			}
		}
	})
}

func FuzzResolve(f *testing.F) {
	for _, c := range [][2]string{{"http://h.test/v", "../../up"}, {"", ".."}, {"http://[", "x"}, {"a://b", "%"}, {"http://h/v", "//o\x00"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, base, ref string) {
		got, _, err := request.Resolve(base, ref, fidelity.Kazoo)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(base, "http://") && !strings.HasPrefix(ref, "http") && hostOf(got) != hostOf(base) {
			t.Errorf("%q and %q lead to %q", base, ref, got)
		}
		if got, _, err := request.Resolve(base, ref, fidelity.Corrected); err == nil && got == "" {
			t.Errorf("%q and %q lead nowhere, without an error", base, ref)
		}
	})
}

package delivery

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

func corrector(t *testing.T) *Client {
	t.Helper()
	return newClient(t, func(cfg *Config) { cfg.Compat = fidelity.Corrected })
}

func put(uri string) Request {
	r := post(uri)
	r.Method = http.MethodPut
	return r
}

func TestCorrectedRedirectsKeepTheEvent(t *testing.T) {
	for _, method := range []func(string) Request{post, put, get} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			g := NewWithT(t)
			var got []string
			mux := http.NewServeMux()
			mux.Handle("/hook", http.RedirectHandler("/next?moved=1", status))
			mux.HandleFunc("/next", func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = append(got, r.Method+" "+r.RequestURI+" "+string(body))
			})
			server := httptest.NewServer(mux)
			req := method(server.URL + "/hook")
			out := corrector(t).Do(t.Context(), req)
			server.Close()
			switch {
			case status < 307:
				g.Expect(out.Status).To(Equal(status))
				g.Expect(got).To(BeEmpty())
			case req.Method == http.MethodGet:
				g.Expect(got).To(Equal([]string{"GET /next?moved=1 "}))
			default:
				g.Expect(got).To(Equal([]string{req.Method + " /next?moved=1 a=1"}))
			}
		}
	}
}

func TestCorrectedRedirectsStayOnTheHost(t *testing.T) {
	g := NewWithT(t)
	other, requests := served(t)
	for _, location := range []string{other.URL + "/", "http://metadata.internal/", "ftp://127.0.0.1/", "http://127.0.0.1:x y/"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		out := corrector(t).Do(t.Context(), post(server.URL))
		server.Close()
		g.Expect(out.Status).To(Equal(http.StatusTemporaryRedirect), location)
	}
	g.Expect(*requests).To(BeZero())
}

func TestWhichHostIsTheSame(t *testing.T) {
	for _, c := range []struct {
		meant, other string
		same         bool
	}{
		{"http://h/a", "http://h/b", true},
		{"http://h/", "http://H:80/", true},
		{"https://h/", "https://h:443/", true},
		{"http://h/", "https://h/", true},
		{"http://h:80/", "https://h:443/", true},
		{"http://[::1]/", "http://[::1]:80/", true},
		{"http://h/", "http://h:81/", false},
		{"http://h:8080/", "https://h/", false},
		{"http://h/", "https://h:8443/", false},
		{"https://h/", "http://h/", false},
		{"http://h/", "http://h.example/", false},
		{"http://h/", "http://h@other/", false},
		{"http://h/", "http://other:80@h/", true},
	} {
		meant, err := parseTarget(c.meant)
		if err != nil {
			t.Fatal(err)
		}
		other, err := parseTarget(c.other)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameHost(meant, other); got != c.same {
			t.Errorf("%s and %s: %v", c.meant, c.other, got)
		}
	}
}

// signer signs with what it was given to sign.
func signer(content []byte) []Header {
	return []Header{{"webhook-id", "m1"}, {"webhook-signature", "over:" + string(content)}}
}

func TestAddedHeadersAndSignaturesStayWithTheirHost(t *testing.T) {
	var seen []string
	note := func(name string) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			seen = append(seen, strings.Join([]string{name, r.Method, r.Header.Get("X-Tenant"), r.Header.Get("Webhook-Signature")}, " "))
		}
	}
	other := httptest.NewServer(note("elsewhere"))
	defer other.Close()
	mux := http.NewServeMux()
	mux.Handle("/away", http.RedirectHandler(other.URL, http.StatusFound))
	mux.Handle("/on", http.RedirectHandler("/here?q=1", http.StatusTemporaryRedirect))
	mux.Handle("/emptied", http.RedirectHandler("/here?q=1", http.StatusFound))
	mux.HandleFunc("/here", note("here"))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, c := range []struct {
		path    string
		request func(string) Request
		want    string
	}{
		{"/here", post, "here POST acme over:a=1"},
		{"/here?v=2", put, "here PUT acme over:a=1"},
		{"/here", get, "here GET acme over:a=1"},
		{"/here?v=2", get, "here GET acme over:v=2?a=1"}, // what stands in the request line
		{"/on", post, "here POST acme over:a=1"},
		{"/on", get, "here GET acme over:q=1"},
		{"/emptied", post, "here GET acme over:q=1"},
		{"/away", post, "elsewhere GET  "},
		{"/away", get, "elsewhere GET  "},
	} {
		seen = nil
		req := c.request(server.URL + c.path)
		req.Extra, req.Sign = []Header{{"x-tenant", "acme"}}, signer
		newTestClient(t, time.Minute).Do(t.Context(), req)
		NewWithT(t).Expect(seen).To(Equal([]string{c.want}), c.path)
	}
}

package delivery

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"
)

// asNetHTTP is a request as net/http writes it.
func asNetHTTP(t target, method string, fields []Header, text []byte) (string, error) {
	r := &http.Request{
		Method: method, URL: t.url(), Host: t.host, Header: http.Header{userAgent: {""}},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	for _, f := range fields {
		r.Header[f.Name] = []string{f.Value}
	}
	if len(text) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	}
	var out bytes.Buffer
	err := r.Write(&out)
	return out.String(), err
}

// Receivers may depend on bytes that no specification promises them.
func TestRequestsAreWrittenAsNetHTTPDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := NewWithT(t)
		host := rapid.SampledFrom([]string{
			"h", "hooks.example.com:8080", "[::1]:80", "[fe80::1%25eth0]:80", "[fe80::1%eth0]", "h:", "%41", "a,b", "]", "[%]", "%]",
		}).Draw(t, "host")
		path := rapid.StringMatching(`(/[a-z.%0-9;:,=~!$&'()*+\[\]]{0,6}){0,4}(\?[a-z=&%/?\[\]]{0,8})?`).Draw(t, "path")
		to, err := parseTarget("http://" + rapid.SampledFrom([]string{"", "u:p@", "u@"}).Draw(t, "user") + host + path)
		if err != nil { // the path's, whose % may stand alone
			g.Expect(err).To(MatchError("invalid_percent_encoding"))
			return
		}
		method := rapid.SampledFrom([]string{http.MethodGet, http.MethodPost, http.MethodPut}).Draw(t, "method")
		req := Request{
			HookID: "h1", AccountID: "a1", ContentType: rapid.SampledFrom([]string{"", "application/json"}).Draw(t, "type"),
			Extra: rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Header {
				return Header{
					rapid.SampledFrom([]string{"user-agent", "x-tenant", "AUTHORIZATION", "accept", "x_y", "z"}).Draw(t, "name"),
					rapid.SampledFrom([]string{"", " ", "\tv ", "Bearer a.b", "lab/1"}).Draw(t, "value"),
				}
			}), 0, 4, func(h Header) string { return h.Name }).Draw(t, "extra"),
		}
		var text []byte
		if method != http.MethodGet {
			text = []byte(rapid.SampledFrom([]string{"", "a=1"}).Draw(t, "text"))
		}
		o, err := to.outgoing(method, req, text)
		g.Expect(err).NotTo(HaveOccurred())
		want, err := asNetHTTP(to, method, to.fields(method, req, text), text)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(o.head) + string(o.body)).To(Equal(want))
	})
}

func TestALaterHeaderReplacesAnEarlierOne(t *testing.T) {
	g := NewWithT(t)
	to, err := parseTarget("http://u:p@h/")
	g.Expect(err).NotTo(HaveOccurred())
	req := post("")
	req.Extra = []Header{{"authorization", "Bearer a.b"}}
	g.Expect(to.fields("POST", req, nil)).To(Equal([]Header{
		{"Authorization", "Bearer a.b"}, {"Content-Type", req.ContentType}, {"X-Account-Id", "a1"}, {"X-Hook-Id", "h1"},
	}))
}

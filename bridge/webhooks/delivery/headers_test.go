package delivery

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestWhichHeadersCanBeAdded(t *testing.T) {
	many := make([]Header, MaxExtraHeaders+1)
	for i := range many {
		many[i] = Header{fmt.Sprintf("x-%d", i), ""}
	}
	for _, c := range []struct {
		headers []Header
		says    string
	}{
		{nil, ""},
		{[]Header{{"Authorization", "Bearer a.b.c"}, {"X-Tenant", ""}, {"x_y", "\t a"}, {"User-Agent", "lab/1"}}, ""},
		{many[1:], ""},
		{many, "at most 20 headers"},
		{[]Header{{"x-a", strings.Repeat("v", MaxExtraBytes)}}, "4096 bytes together"},
		{[]Header{{"x-a", strings.Repeat("v", MaxExtraBytes-3)}}, ""},
		{[]Header{{"", "v"}}, "a name has letters"},
		{[]Header{{"x a", "v"}}, "a name has letters"},
		{[]Header{{"x:a", "v"}}, "a name has letters"},
		{[]Header{{"x-a\r\nx-b", "v"}}, "a name has letters"},
		{[]Header{{"x\x00", "v"}}, "a name has letters"},
		{[]Header{{"Ümlaut", "v"}}, "a name has letters"},
		{[]Header{{"x-a", "v\r\nx-b: w"}}, "printable ASCII"},
		{[]Header{{"x-a", "v\nx-b: w"}}, "printable ASCII"},
		{[]Header{{"x-a", "v\x00"}}, "printable ASCII"},
		{[]Header{{"x-a", "v\x7f"}}, "printable ASCII"},
		{[]Header{{"x-a", "é"}}, "printable ASCII"},
		{[]Header{{"Host", "h"}}, "set by the sender"},
		{[]Header{{"content-LENGTH", "1"}}, "set by the sender"},
		{[]Header{{"Content-Type", "text/plain"}}, "set by the sender"},
		{[]Header{{"Transfer-Encoding", "chunked"}}, "set by the sender"},
		{[]Header{{"Connection", "close"}}, "set by the sender"},
		{[]Header{{"TE", "trailers"}}, "set by the sender"},
		{[]Header{{"Expect", "100-continue"}}, "set by the sender"},
		{[]Header{{"X-Hook-ID", "other"}}, "set by the sender"},
		{[]Header{{"x_account_id", "other"}}, "set by the sender"},
		{[]Header{{"webhook-signature", "v1,AAAA"}}, "set by the sender"},
		{[]Header{{"X-Kazoolab-Replay", "1"}}, "set by the sender"},
		{[]Header{{"x-a", "1"}, {"X-A", "2"}}, "is there twice"},
		{[]Header{{"x-a", "1"}, {"x_a", "2"}}, "is there twice"},
	} {
		g := NewWithT(t)
		err := CheckHeaders(c.headers)
		if c.says == "" {
			g.Expect(err).NotTo(HaveOccurred())
			continue
		}
		g.Expect(err).To(MatchError(ContainSubstring(c.says)), "%q", c.headers)
	}
}

// FuzzRequest looks at whole requests as they are on the wire: whatever a hook and
// an event hold, there are no other lines than those that are meant.
func FuzzRequest(f *testing.F) {
	f.Add("http://u:p@h:80/a?b=c", "h1", "x=1&y[z]=2", "X-Tenant", "acme")
	f.Add("http://h/\r\nX: y", "h\r\nX-Admin: 1", "a\r\nX: 1", "x-a\r\nx-b", "v\r\n\r\nGET / HTTP/1.1")
	f.Add("http://h%0d%0aX:y/%0d%0aX: y", "\x00", " HTTP/1.1\r\nHost: i", "host", "\t")
	f.Add("http://h\tx/ ", "h", "#", "X_Y", "é")
	f.Fuzz(func(t *testing.T, uri, hookID, text, name, value string) {
		if strings.HasPrefix(strings.ToLower(uri), "https:") {
			return // the same bytes, under a cipher
		}
		extra := []Header{{name, value}}
		if CheckHeaders(extra) != nil {
			extra = nil
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req := Request{
				HookID: hookID, AccountID: "a1", URI: uri, Method: method, ContentType: "application/json",
				Text: []byte(text), Extra: extra, Sign: func([]byte) []Header { return []Header{{"webhook-id", hookID}} },
			}
			if method == http.MethodGet {
				req.ContentType = ""
			}
			for _, line := range onTheWire(t, req) {
				if !meant(line, method, extra) {
					t.Fatalf("%q with hook %q, text %q and %q puts %q on the wire", uri, hookID, text, extra, line)
				}
			}
		}
	})
}

// onTheWire gives the lines of a request's head, none when nothing was sent.
func onTheWire(t *testing.T, req Request) []string {
	t.Helper()
	c := NewClient(Config{ConnectTimeout: time.Second, AnswerTimeout: time.Second, IdlePerHost: 1, KeepBody: 16})
	defer c.Close()
	head := make(chan []string, 1)
	c.connections.dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			var lines []string
			reader := bufio.NewReader(server)
			for {
				line, err := reader.ReadString('\n')
				if err != nil {
					head <- nil // nothing was asked
					return
				}
				if line == "\r\n" {
					break
				}
				lines = append(lines, strings.TrimSuffix(line, "\r\n"))
			}
			head <- lines
		}()
		return client, nil
	}
	c.Do(t.Context(), req)
	select {
	case lines := <-head:
		return lines
	default:
		return nil // refused before it dialled
	}
}

func meant(line, method string, extra []Header) bool {
	if strings.ContainsAny(line, "\r\n\x00") {
		return false
	}
	if target, ok := strings.CutPrefix(line, method+" "); ok {
		target, ok = strings.CutSuffix(target, " HTTP/1.1")
		return ok && !strings.ContainsAny(target, " \t")
	}
	name, _, ok := strings.Cut(line, ": ")
	if !ok {
		name = strings.TrimSuffix(line, ":")
	}
	switch name {
	case "Host", "Authorization", "Content-Length", "Content-Type", "X-Hook-Id", "X-Account-Id", "Webhook-Id":
		return true
	}
	return len(extra) == 1 && name == textproto.CanonicalMIMEHeaderKey(extra[0].Name)
}

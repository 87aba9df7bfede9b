package sockets

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// upgrade is about how a connection becomes a websocket, and which do not.
func upgrade() suite.Group {
	return suite.Group{
		Name: "sockets/upgrade", Title: "How a connection becomes a websocket", Needs: []string{suite.Sockets}, Do: doUpgrade,
		Requirements: []suite.Requirement{
			{
				ID: "WS-UP-001", Text: "A handshake of RFC 6455 MUST be answered with 101, Connection: Upgrade, Upgrade: websocket and the Sec-WebSocket-Accept of its key.",
				Source: "websockets.md 1.1; websockets.md 7.1; RFC 6455 4.2.2",
				Judge: func(j *suite.Judging) {
					if a, got, ok := answered(j, "handshake", 101); ok {
						j.Equal("connection", "upgrade", strings.ToLower(a.header.Get("Connection")), got)
						j.Equal("upgrade", "websocket", strings.ToLower(a.header.Get("Upgrade")), got)
						j.Equal("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", a.header.Get("Sec-WebSocket-Accept"), got)
					}
				},
			},
			{
				ID: "WS-UP-002", Text: "A handshake MUST be accepted on any path, with any query, Host, Origin and cookie.",
				Source: "websockets.md 0; websockets.md 1.1; blackhole_socket_handler:init/2",
				Judge: func(j *suite.Judging) {
					j.Count("sockets opened on a path of no meaning", 1, j.Named(capture.SocketOpen, "elsewhere"))
					refused(j, "elsewhere", "there", "authentication token required")
				},
			},
			{
				ID: "WS-UP-003", Text: "A request with the header Sec-WebSocket-Protocol, whatever its value, MUST be answered with 400 and an empty body.",
				Source: "websockets.md 1.1; blackhole_socket_handler:init/2",
				Judge:  func(j *suite.Judging) { emptyRefusal(j, "subprotocol", 400) },
			},
			{
				ID: "WS-UP-004", Text: "Sec-WebSocket-Protocol MUST be looked at before anything else, so that a plain GET with it is answered with 400 and an empty body as well.",
				Source: "websockets.md 1.1; blackhole_socket_handler:init/2",
				Judge:  func(j *suite.Judging) { emptyRefusal(j, "subprotocol-plain", 400) },
			},
			{
				ID: "WS-UP-005", Text: "A request that is no handshake SHOULD be answered with 426, Connection: upgrade and Upgrade: websocket.",
				Source: "websockets.md 1.1; websockets.md 14",
				Judge: func(j *suite.Judging) {
					if a, got, ok := answered(j, "plain", 426); ok {
						j.Equal("connection", "upgrade", strings.ToLower(a.header.Get("Connection")), got)
						j.Equal("upgrade", "websocket", strings.ToLower(a.header.Get("Upgrade")), got)
					}
				},
			},
			{
				ID: "WS-UP-006", Text: "A handshake without a key, with a malformed key, or of another version than 13 SHOULD be answered with 400.",
				Source: "websockets.md 1.1; RFC 6455 4.2.1",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"no-key", "bad-key", "bad-version"} {
						answered(j, name, 400)
					}
				},
			},
			{
				ID: "WS-UP-007", Text: "Compression of frames SHOULD NOT be agreed to, although the client offers it.",
				Source: "websockets.md 1",
				Judge: func(j *suite.Judging) {
					if a, got, ok := answered(j, "compression", 101); ok {
						j.Equal("sec-websocket-extensions", "", a.header.Get("Sec-WebSocket-Extensions"), got)
					}
				},
			},
			{
				ID: "WS-UP-008", Text: "After the upgrade nothing MUST be sent to the client until it has sent something.",
				Source: "websockets.md 0",
				Judge: func(j *suite.Judging) {
					sent := j.Named(capture.SocketSent, "silent")
					if len(sent) == 0 || len(j.Frames("silent")) == 0 {
						j.Fail("the socket was never answered, so that its silence says nothing")
						return
					}
					if first := j.Frames("silent")[0]; first.Seq < sent[0].Seq {
						j.Fail("a frame came before the client had said anything", first)
					}
				},
			},
		},
	}
}

// handshake is the one of websockets.md 7.1. A name with a value replaces or adds a field,
// without one it takes the field away.
func handshake(changes ...string) []byte {
	fields := []string{"Host: kazoo:5555", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, ": ")
		var kept []string
		for _, f := range fields {
			if !strings.HasPrefix(f, name+":") {
				kept = append(kept, f)
			}
		}
		fields = kept
		if value != "" {
			fields = append(fields, change)
		}
	}
	return []byte("GET / HTTP/1.1\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n")
}

func doUpgrade(ctx context.Context, p *probe.Probe) error {
	for _, try := range []struct {
		name string
		sent []byte
	}{
		{"handshake", handshake()},
		{"subprotocol", handshake("Sec-WebSocket-Protocol: kazoo")},
		{"subprotocol-plain", []byte("GET / HTTP/1.1\r\nHost: kazoo:5555\r\nSec-WebSocket-Protocol: kazoo\r\n\r\n")},
		{"plain", []byte("GET / HTTP/1.1\r\nHost: kazoo:5555\r\n\r\n")},
		{"no-key", handshake("Sec-WebSocket-Key")},
		{"bad-key", handshake("Sec-WebSocket-Key: too short")},
		{"bad-version", handshake("Sec-WebSocket-Version: 12")},
		{"compression", handshake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")},
	} {
		if err := p.Raw(ctx, try.name, probe.SocketDoor, try.sent, isWhole); err != nil {
			return err
		}
	}
	elsewhere, err := p.DialPath(ctx, "elsewhere", "/any/path?auth_token=nope&x=1", http.Header{
		"Host": {"elsewhere.example.com"}, "Origin": {"https://evil.example.com"}, "Cookie": {"session=1"},
	})
	if err != nil {
		return err
	}
	if elsewhere != nil {
		elsewhere.Command(ctx, "there", `{"action":"noop","request_id":"there"}`)
	}
	silent, err := p.MustDial(ctx, "silent")
	if err != nil {
		return err
	}
	p.Settle(ctx)
	silent.Command(ctx, "first", `{"action":"noop","request_id":"first"}`)
	return nil
}

// answer is one to a bare request, as HTTP.
type answer struct {
	status int
	header http.Header
	body   string
}

func readAnswer(raw []byte) (answer, error) {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, err
}

func isWhole(got []byte) bool {
	_, err := readAnswer(got)
	return err == nil
}

// answered wants the answer to a bare request to have a status.
func answered(j *suite.Judging, name string, status int) (a answer, got capture.Entry, ok bool) {
	all := j.Named(capture.RawGot, name)
	if len(all) == 0 {
		j.Failf("%s has no answer", name)
		return a, got, false
	}
	got = all[0]
	a, err := readAnswer(got.Body)
	if err != nil {
		j.Fail(fmt.Sprintf("the answer to %s is no HTTP: %v", name, err), got)
		return a, got, false
	}
	return a, got, j.Equal("status of "+name, fmt.Sprint(status), fmt.Sprint(a.status), got)
}

func emptyRefusal(j *suite.Judging, name string, status int) {
	if a, got, ok := answered(j, name, status); ok {
		j.Equal("body of the answer to "+name, "", a.body, got)
	}
}

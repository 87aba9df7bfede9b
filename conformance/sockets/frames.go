package sockets

import (
	"context"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// frames is about what becomes of the frames of a client, whatever is in them.
func frames() suite.Group {
	return suite.Group{
		Name: "sockets/frames", Title: "What becomes of frames", Needs: []string{suite.Sockets}, Do: doFrames,
		Requirements: []suite.Requirement{
			{
				ID: "WS-FRM-001", Text: "A ping frame MUST be answered with a pong frame of the same content.", Source: "websockets.md 1.2; RFC 6455 5.5.3",
				Judge: judgePong,
			},
			{
				ID: "WS-FRM-002", Text: "A binary frame MUST NOT be answered, even if it has a command in it.", Source: "websockets.md 1.2; blackhole_socket_handler:websocket_handle/2",
				Judge: func(j *suite.Judging) {
					refused(j, own, "after binary", "authentication token required")
					for _, f := range probe.Replies(j.View, own) {
						if gjson.GetBytes(f.Body, "request_id").Str == "binary" {
							j.Fail("the command in a binary frame was answered", f)
						}
					}
				},
			},
			{
				ID: "WS-FRM-003", Text: "A pong that nobody asked for MUST be passed over.", Source: "websockets.md 1.2",
				Judge: func(j *suite.Judging) {
					refused(j, own, "after pong", "authentication token required")
				},
			},
			{
				ID: "WS-FRM-004", Text: "A text that comes in several frames, with a ping between them, MUST be read as one.", Source: "websockets.md 1.2; RFC 6455 5.4",
				Judge: func(j *suite.Judging) { refused(j, "parts", "in parts", "authentication token required") },
			},
			{
				ID: "WS-FRM-005", Text: "Each frame of the server that is no control frame MUST be a text frame with one JSON object.", Source: "websockets.md 0",
				Judge: judgeText,
			},
			{
				ID: "WS-FRM-006", Text: "A close frame MUST be answered with a close frame.", Source: "websockets.md 1.2; RFC 6455 5.5.1",
				Judge: func(j *suite.Judging) { endedBy(j, "closes") },
			},
			{
				ID: "WS-FRM-007", Text: "A close frame SHOULD be answered with the code that it has.", Source: "websockets.md 1.2",
				Judge: func(j *suite.Judging) { code(j, "closes", "1000") },
			},
			{
				ID: "WS-FRM-008", Text: "A frame without a mask, one with a bit that is reserved, and one of a type that is reserved MUST end the connection.", Source: "websockets.md 1.2; RFC 6455 5.1; RFC 6455 5.2",
				Judge: func(j *suite.Judging) {
					for _, name := range unsound() {
						if _, ended := closed(j.View, name); !ended {
							j.Failf("socket %s has not ended", name)
						}
					}
				},
			},
			{
				ID: "WS-FRM-009", Text: "A frame that breaks the protocol SHOULD end the connection with the code 1002.", Source: "websockets.md 1.2",
				Judge: func(j *suite.Judging) {
					for _, name := range unsound() {
						code(j, name, "1002")
					}
				},
			},
			{
				ID: "WS-FRM-010", Text: "A text that is not UTF-8 SHOULD end the connection with the code 1007.", Source: "websockets.md 1.2; RFC 6455 8.1",
				Judge: func(j *suite.Judging) { code(j, "not UTF-8", "1007") },
			},
			{
				ID: "WS-FRM-011", Text: "A text that is no JSON, and an empty list, MUST be answered as an empty object would be.", Source: "websockets.md 1.2; kz_json:decode/2",
				Judge: func(j *suite.Judging) {
					replies := probe.Replies(j.View, "garbage")
					if !j.Count("replies to three texts", 3, replies) {
						return
					}
					for _, r := range replies {
						j.Equal("error of the reply", `["authentication token required"]`, gjson.GetBytes(r.Body, "data.errors").Raw, r)
					}
				},
			},
		},
	}
}

func unsound() []string { return []string{"no mask", "reserved bit", "reserved type"} }

// endedBy wants a connection to have ended by a close frame of the server, and returns it.
func endedBy(j *suite.Judging, socket string) (capture.Entry, bool) {
	end, ended := closed(j.View, socket)
	switch {
	case !ended:
		j.Failf("socket %s has not ended", socket)
	case end.Head == "" || end.Head == "1006": // the library's own, for a connection that is cut
		j.Fail("socket "+socket+" has ended without a close frame", end)
	default:
		return end, true
	}
	return end, false
}

func code(j *suite.Judging, socket, expected string) {
	if end, ok := endedBy(j, socket); ok {
		j.Equal("close code of socket "+socket, expected, end.Head, end)
	}
}

// frame is one of a client, whose mask is zero and so changes nothing; short ones only.
func frame(first byte, content string) []byte {
	return append([]byte{first, 0x80 | byte(len(content)), 0, 0, 0, 0}, content...) //nolint:gosec // it is short
}

// First bytes of frames (RFC 6455 5.2).
const (
	fin, reservedBit, reservedType = 0x80, 0x40, 0x03
	continuation, text, pingFrame  = 0x00, 0x01, 0x09
)

func doFrames(ctx context.Context, p *probe.Probe) error {
	s, err := p.MustDial(ctx, own)
	if err != nil {
		return err
	}
	s.SendFrame(websocket.PingMessage, []byte("hey"))
	s.SendFrame(websocket.BinaryMessage, []byte(`{"action":"noop","request_id":"binary"}`))
	s.Command(ctx, "after binary", `{"action":"noop","request_id":"after binary"}`)
	s.SendFrame(websocket.PongMessage, []byte("unasked"))
	s.Command(ctx, "after pong", `{"action":"noop","request_id":"after pong"}`)
	s.Command(ctx, "last", `{"action":"noop","request_id":"last"}`)

	parts, err := p.MustDial(ctx, "parts")
	if err != nil {
		return err
	}
	parts.SendBytes(frame(text, `{"action":"noop","requ`))
	parts.SendBytes(frame(fin|pingFrame, "between"))
	parts.SendBytes(frame(continuation, `est_id":"in`))
	parts.SendBytes(frame(fin|continuation, ` parts"}`))
	p.AwaitReplies(ctx, "parts", 1)

	garbage, err := p.MustDial(ctx, "garbage")
	if err != nil {
		return err
	}
	for i, content := range []string{"not json", "[]", "{}"} {
		garbage.Send(content)
		p.AwaitReplies(ctx, "garbage", i+1)
	}

	const noop = `{"action":"noop"}`
	for name, content := range map[string][]byte{
		"no mask":       append([]byte{fin | text, byte(len(noop))}, noop...),
		"reserved bit":  frame(fin|reservedBit|text, noop),
		"reserved type": frame(fin|reservedType, noop),
		"not UTF-8":     frame(fin|text, "{\"action\":\"\xff\xfe\"}"),
	} {
		bad, err := p.MustDial(ctx, name)
		if err != nil {
			return err
		}
		bad.SendBytes(content)
		bad.Ended(ctx)
	}
	closes, err := p.MustDial(ctx, "closes")
	if err != nil {
		return err
	}
	closes.Close(ctx)
	return nil
}

// judgePong wants one pong with the content of the ping.
func judgePong(j *suite.Judging) {
	var pongs []capture.Entry
	for _, f := range j.Frames(own) {
		if f.Head == "pong" {
			pongs = append(pongs, f)
		}
	}
	if pong, ok := j.One("pongs", pongs); ok {
		j.Equal("content of the pong", "hey", string(pong.Body), pong)
	}
}

// judgeText looks at all frames of a socket but the pong.
func judgeText(j *suite.Judging) {
	seen := 0
	for _, f := range j.Frames(own) {
		if f.Head == "pong" {
			continue
		}
		seen++
		if f.Head != "text" || !gjson.ValidBytes(f.Body) || !gjson.ParseBytes(f.Body).IsObject() {
			j.Differs("a frame of the server", []byte("text, a JSON object"), append([]byte(f.Head+", "), f.Body...), f)
		}
	}
	if seen < 3 {
		j.Failf("there are %d frames, fewer than the commands", seen)
	}
}

package probe

import (
	"context"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// DialDeaf opens a websocket, subscribes to a binding, and reads nothing from there on until
// Hear.
func (p *Probe) DialDeaf(ctx context.Context, name string, account Account, binding string) (*Socket, error) {
	return p.DialDeafWith(ctx, name, subscription(p.tokenOf(account), account, binding))
}

// DialDeafWith is DialDeaf with another command than a subscription.
func (p *Probe) DialDeafWith(ctx context.Context, name, command string) (*Socket, error) {
	dialer := websocket.Dialer{HandshakeTimeout: p.Target.Patience.Reply}
	conn, resp, err := dialer.DialContext(ctx, p.Target.Sockets+"/", nil)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", name, err)
	}
	_ = resp.Body.Close()
	p.add(capture.Entry{Kind: capture.SocketOpen, Name: name, Head: "101", Header: fields(resp.Header)})
	conn.SetReadLimit(maxFrame)
	s := &Socket{probe: p, name: name, conn: conn, done: make(chan struct{})}
	if !p.keepOpen(s) {
		_ = conn.Close()
		return nil, errCut
	}
	s.Send(command)
	late := p.Clock.AfterFunc(p.Target.Patience.Reply, func() { _ = conn.Close() })
	defer late.Stop()
	kind, body, err := conn.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("socket %s: no reply to its first command: %w", name, err)
	}
	s.add(capture.SocketGot, frameName(kind), body)
	return s, nil
}

// Hear reads all that there is for a socket that has read nothing so far.
func (s *Socket) Hear() { s.reading.Do(func() { go s.read() }) }

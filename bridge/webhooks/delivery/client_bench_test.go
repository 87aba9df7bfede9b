package delivery

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"
)

// BenchmarkDo is what a request costs beside the system's part: its receiver is in
// the same place, and answers at once.
func BenchmarkDo(b *testing.B) {
	c := NewClient(Config{ConnectTimeout: time.Minute, AnswerTimeout: time.Minute, IdlePerHost: 1, KeepBody: 64 << 10})
	defer c.Close()
	c.connections.dial = func(context.Context, string, string) (net.Conn, error) { return &prompt{}, nil }
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	req := post("http://hooks.example.com:8080/calls.php?tenant=7")
	req.Text = bytes.Repeat([]byte("call_id=34a60dcb-e0e2-841e%40203.0.113.20&"), 30)
	b.ReportAllocs()
	for b.Loop() {
		if out := c.Do(ctx, req); out.Status != 200 {
			b.Fatalf("%+v", out)
		}
	}
}

// prompt answers whatever it is sent.
type prompt struct{ net.Conn }

func (prompt) Write(p []byte) (int, error) { return len(p), nil }
func (prompt) Read(p []byte) (int, error) {
	return copy(p, "HTTP/1.1 200 OK\r\nDate: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"), nil
}
func (prompt) SetDeadline(time.Time) error { return nil }
func (prompt) Close() error                { return nil }

package bridge

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestARequestThatCannotBeReadIsRefusedWithoutABody(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "read") })}
	served := make(chan error, 1)
	go func() { served <- server.Serve(wordless{listener}) }()
	defer func() {
		g.Expect(server.Close()).To(Succeed())
		g.Expect(<-served).To(MatchError(http.ErrServerClosed))
	}()
	ask := func(path string) string {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", listener.Addr().String())
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = conn.Close() }()
		_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		g.Expect(err).NotTo(HaveOccurred())
		answer, err := io.ReadAll(conn)
		g.Expect(err).NotTo(HaveOccurred())
		return string(answer)
	}
	g.Expect(ask("/v2/%zz")).To(Equal("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
	g.Expect(ask("/v2/%20")).To(HaveSuffix("read"))
}

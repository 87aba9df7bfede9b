package probe_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// frame is one of AMQP 0-9-1.
func frame(kind byte, payload []byte) []byte {
	text := binary.BigEndian.AppendUint32([]byte{kind, 0, 0}, uint32(len(payload)))
	return append(append(text, payload...), 0xCE)
}

// beats lets a client connect, goes on to send heartbeats, and answers nothing.
func beats(conn net.Conn) {
	start := []byte{0, 10, 0, 10, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5}
	start = append(append(start, "PLAIN"...), 0, 0, 0, 5)
	start = append(start, "en_US"...)
	skip := func(n int64) bool { _, err := io.CopyN(io.Discard, conn, n); return err == nil }
	for _, say := range [][]byte{start, {0, 10, 0, 30, 7, 255, 0, 2, 0, 0, 0, 10}, nil, {0, 10, 0, 41, 0}} {
		head := make([]byte, 8) // of the protocol, or of a frame
		if len(say) > 0 && say[3] == 10 {
			if !skip(8) {
				return
			}
		} else {
			if _, err := io.ReadFull(conn, head[:7]); err != nil || !skip(int64(binary.BigEndian.Uint32(head[3:7]))+1) {
				return
			}
		}
		if say != nil {
			if _, err := conn.Write(frame(1, say)); err != nil {
				return
			}
		}
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	for clock.Sleep(context.Background(), clock.System(), time.Second) == nil {
		if _, err := conn.Write(frame(8, nil)); err != nil {
			return
		}
	}
}

func TestABrokerThatLivesAndAnswersNothingIsCutOff(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := probe.New(&probe.Harness{
		Target: probe.Target{AMQP: "amqp://" + hostile.Listen(t, beats) + "/", Patience: probe.NewPatience(0)},
		Log:    capture.NewLog(clock.System()), Clock: clock.System(), IDs: ids.Seeded(t.Name()), HTTP: &http.Client{},
	}, "group")
	listened := make(chan error, 1)
	go func() {
		_, err := p.Listen(t.Context(), "queue", "targeted", "")
		listened <- err
	}()
	g.Consistently(t.Context(), listened).WithTimeout(time.Second).ShouldNot(Receive())
	cut := make(chan struct{})
	go func() {
		p.Cut()
		close(cut)
	}()
	g.Eventually(t.Context(), listened).WithTimeout(8 * time.Second).Should(Receive(HaveOccurred()))
	g.Eventually(t.Context(), cut).WithTimeout(8 * time.Second).Should(BeClosed())
}

func TestALineWithoutAnEndIsNotKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	ctx, end := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- probe.NewReceivers(clock.System(), capture.NewLog(clock.System())).Serve(ctx, listener)
	}()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close() }()
	g.Eventually(t.Context(), func() error {
		_, err := conn.Write(make([]byte, 1<<20))
		return err
	}).WithTimeout(10 * time.Second).Should(HaveOccurred())
	end()
	g.Expect(<-served).To(Succeed())
}

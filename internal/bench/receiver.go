package main

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// receiver counts what arrives and answers 200, but for one in failing, which it
// answers 500.
type receiver struct {
	listener net.Listener
	server   *http.Server
	arrived  atomic.Int64
	last     chan struct{}
	want     int64
	failing  int64 // 0 is none
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{listener: listener}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listener.Addr().String() + "/hook" }

func (r *receiver) close() { _ = r.server.Close() }

// expect prepares for a run; no request may be under way.
func (r *receiver) expect(n, failing int) {
	r.arrived.Store(0)
	r.want, r.failing = int64(n), int64(failing)
	r.last = make(chan struct{})
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	n := r.arrived.Add(1)
	if r.failing > 0 && n%r.failing == 0 {
		w.WriteHeader(http.StatusInternalServerError)
	}
	if n == r.want {
		close(r.last)
	}
}

// Package receiver is a webhook receiver whose answers can be chosen: it takes
// requests, answers as its script says and reports each. It never decides how a
// report looks.
package receiver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// maxBody bounds what is read of one request, in bytes.
const maxBody = 16 << 20

// Outcomes that are no HTTP status.
const (
	OutcomeDropped = "drop" // closed without an answer, as the script said
	OutcomeGone    = "gone" // the sender closed the connection before the answer
)

// Config is what a receiver needs. All fields but Arrived are required.
type Config struct {
	Clock  clock.Clock
	Script *Script
	// Arrived is called once for each request, when it has been read and is about to be
	// answered: Took and Outcome are not known yet. It may be nil.
	Arrived func(Request)
	// Report is called once for each request, when it has been answered. It and Arrived
	// are never called by two goroutines at a time.
	Report func(Request)
}

// Receiver is an http.Handler for every path and method.
type Receiver struct {
	config Config
	mu     sync.Mutex // held while reporting
}

// New returns a receiver.
func New(config Config) *Receiver { return &Receiver{config: config} }

// BrokenOff tells whether the request got no answer.
func (r Request) BrokenOff() bool { return r.Outcome == OutcomeDropped || r.Outcome == OutcomeGone }

// Request is one request and how it was answered.
type Request struct {
	Received time.Time
	Took     time.Duration // until it was answered
	Method   string
	Target   string // path and query
	Header   http.Header
	Body     []byte
	// Outcome is the status that was answered, OutcomeDropped or OutcomeGone.
	Outcome string
}

// ServeHTTP answers the next answer of the script.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	done := Request{
		Received: r.config.Clock.Now(),
		Method:   req.Method,
		Target:   req.RequestURI,
		Header:   req.Header,
	}
	done.Body, done.Outcome = readBody(w, req)
	r.arrived(done)
	if done.Outcome == "" {
		done.Outcome = r.answer(w, req)
	}
	done.Took = r.config.Clock.Since(done.Received)
	r.report(done)
	if done.Outcome == OutcomeDropped {
		drop(w)
	}
}

// drop closes the connection without a word.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError) // not a connection of its own, as with HTTP/2
		return
	}
	_ = conn.Close()
}

func readBody(w http.ResponseWriter, req *http.Request) (body []byte, outcome string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return body, strconv.Itoa(http.StatusRequestEntityTooLarge)
	case err != nil:
		return body, OutcomeGone
	}
	return body, ""
}

func (r *Receiver) answer(w http.ResponseWriter, req *http.Request) string {
	next := r.config.Script.next()
	if next.delay > 0 {
		if err := clock.Sleep(req.Context(), r.config.Clock, next.delay); errors.Is(err, context.Canceled) {
			return OutcomeGone
		}
	}
	if next.drop {
		return OutcomeDropped
	}
	if next.location != "" {
		w.Header().Set("Location", next.location)
	}
	w.WriteHeader(next.status)
	return strconv.Itoa(next.status)
}

func (r *Receiver) arrived(req Request) {
	if r.config.Arrived == nil {
		return
	}
	req.Outcome = "" // a body that is too large or broken off is told when it has been answered
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config.Arrived(req)
}

func (r *Receiver) report(done Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config.Report(done)
}

package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Answer is what a receiver does with a request.
type Answer struct {
	Status int // 0 is 200
	Header []capture.Field
	Body   string
	After  time.Duration // before it answers
	Drop   bool          // closes the connection without a word
	// Keep leaves the connection open for the next request. Others are closed behind the answer:
	// on a kept one a sender may take a close for staleness and repeat the request at once, and
	// what is seen would not be what the hook's retries are about.
	Keep bool
	// Hold, when not nil, has the receiver wait until it is closed, before all else.
	Hold <-chan struct{}
}

// Receivers is one listener for the receivers of all groups. A receiver is a path below
// /<number>/; what it gets is kept with the bytes of its head as they came.
type Receivers struct {
	clock clock.Clock
	log   *capture.Log

	mu     sync.Mutex
	known  map[string]*receiver // by first segment of the path
	hellos map[string]chan struct{}
	conns  map[net.Conn]string // the group that had one kept
	closed bool
}

type receiver struct {
	group, name string
	answers     []Answer // the last one stays
	answered    int
}

// NewReceivers returns receivers that write into a log.
func NewReceivers(c clock.Clock, log *capture.Log) *Receivers {
	return &Receivers{clock: c, log: log, known: map[string]*receiver{}, hellos: map[string]chan struct{}{}, conns: map[net.Conn]string{}}
}

// Serve takes connections until the listener is closed or ctx ends.
func (r *Receivers) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close(); r.closeAll() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	defer r.closeAll()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: receiver: %w", ErrHarness, err)
		}
		if !r.keep(conn) {
			continue
		}
		running.Go(func() {
			defer r.forget(conn)
			r.converse(ctx, conn)
		})
	}
}

func (r *Receivers) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = conn.Close()
		return false
	}
	r.conns[conn] = ""
	return true
}

func (r *Receivers) forget(conn net.Conn) {
	r.mu.Lock()
	delete(r.conns, conn)
	r.mu.Unlock()
	_ = conn.Close()
}

// release closes the connections that a group has kept open, so that no other's requests
// come by them.
func (r *Receivers) release(group string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn, keeper := range r.conns {
		if keeper == group {
			_ = conn.Close()
		}
	}
}

func (r *Receivers) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for conn := range r.conns {
		_ = conn.Close()
	}
}

// maxHookBody bounds what a target can make the harness keep of one request, in bytes.
const maxHookBody = 8 << 20

// converse reads requests from one connection and answers them.
func (r *Receivers) converse(ctx context.Context, conn net.Conn) {
	var raw bytes.Buffer
	reader := bufio.NewReader(&io.LimitedReader{R: conn, N: 1 << 30})
	for {
		raw.Reset()
		head, err := readHead(reader, &raw)
		if err != nil {
			return
		}
		req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(raw.Bytes()), reader)))
		if err != nil {
			r.unreadable(head, raw.Bytes())
			return
		}
		body, err := io.ReadAll(io.LimitReader(req.Body, maxHookBody))
		if err != nil {
			return
		}
		if !r.answer(ctx, conn, req, head, body) || req.Close {
			return
		}
	}
}

// unreadable writes down what is no request, for the receiver that it is meant for as far as
// its first line shows that.
func (r *Receivers) unreadable(h head, raw []byte) {
	_, target, _ := strings.Cut(h.line, " ")
	key, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
	entry := capture.Entry{Kind: capture.HookRequest, Name: "unreadable", Head: h.line, Header: h.fields, Body: raw}
	r.mu.Lock()
	if to := r.known[key]; to != nil {
		entry.Group, entry.Name = to.group, to.name
	}
	r.mu.Unlock()
	r.log.Add(entry)
}

// head is the first line and the header of a request, as they were on the wire.
type head struct {
	line   string
	fields []capture.Field
}

// maxHead bounds the head of a request, in bytes. A GET has the whole payload in its first line.
const maxHead = 1 << 20

func readHead(reader *bufio.Reader, raw *bytes.Buffer) (head, error) {
	var h head
	for {
		begin := raw.Len()
		for {
			part, err := reader.ReadSlice('\n')
			raw.Write(part)
			if raw.Len() > maxHead {
				return h, errors.New("the head is too long")
			}
			if err == nil {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return h, err
			}
		}
		text := strings.TrimRight(string(raw.Bytes()[begin:]), "\r\n")
		switch {
		case text == "" && h.line == "":
			raw.Reset() // an empty line before a request is allowed
		case text == "":
			return h, nil
		case h.line == "":
			h.line = text
		default:
			name, value, _ := strings.Cut(text, ":")
			h.fields = append(h.fields, capture.Field{Name: name, Value: strings.TrimPrefix(value, " ")})
		}
	}
}

// answer writes down a request and answers it. It returns whether the connection goes on.
func (r *Receivers) answer(ctx context.Context, conn net.Conn, req *http.Request, h head, body []byte) bool {
	key, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	r.mu.Lock()
	to := r.known[key]
	hello, greeted := r.hellos[key]
	delete(r.hellos, key)
	answer := Answer{Status: http.StatusNotFound}
	if to != nil {
		answer = to.next()
	}
	if answer.Keep {
		r.conns[conn] = to.group
	}
	r.mu.Unlock()
	if greeted {
		close(hello)
		answer = Answer{}
	}
	seq := 0
	if to != nil {
		seq = r.log.Add(capture.Entry{Group: to.group, Kind: capture.HookRequest, Name: to.name, Head: h.line, Header: h.fields, Body: body})
	}
	said := r.say(ctx, conn, answer)
	if to != nil {
		r.log.Add(capture.Entry{
			Group: to.group, Kind: capture.HookAnswer, Name: to.name, Head: said, Ref: seq,
			Header: []capture.Field{{Name: "from", Value: conn.RemoteAddr().String()}},
		})
	}
	return answer.Keep && said != dropped
}

func (r *receiver) next() Answer {
	answer := r.answers[min(r.answered, len(r.answers)-1)]
	r.answered++
	return answer
}

const dropped = "drop"

// say gives an answer and returns its status, or that the connection was closed.
func (r *Receivers) say(ctx context.Context, conn net.Conn, a Answer) string {
	if a.Hold != nil {
		select {
		case <-a.Hold:
		case <-ctx.Done():
			return dropped
		}
	}
	if a.After > 0 && clock.Sleep(ctx, r.clock, a.After) != nil {
		return dropped
	}
	if a.Drop {
		_ = conn.Close()
		return dropped
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	for _, f := range a.Header {
		fmt.Fprintf(&out, "%s: %s\r\n", f.Name, f.Value)
	}
	if a.Status != http.StatusNoContent {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(a.Body))
	}
	if !a.Keep {
		out.WriteString("Connection: close\r\n")
	}
	out.WriteString("\r\n" + a.Body)
	if _, err := conn.Write(out.Bytes()); err != nil {
		return dropped
	}
	return strconv.Itoa(a.Status)
}

// add makes a receiver known and returns the first segment of its path.
func (r *Receivers) add(to *receiver) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := "r" + strconv.Itoa(len(r.known)+1)
	r.known[key] = to
	return key
}

// set gives a receiver other answers from now on.
func (r *Receivers) set(group, name string, answers []Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, to := range r.known {
		if to.group == group && to.name == name {
			to.answers, to.answered = answers, 0
		}
	}
}

// Hello returns a path, and a channel that is closed when it is asked for: whether an address
// can be reached at all.
func (r *Receivers) Hello(word string) (path string, reached <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	heard := make(chan struct{})
	r.hellos[word] = heard
	return "/" + word, heard
}

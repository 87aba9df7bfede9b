package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// ready is the first line of a process: what it says when it can be used.
type ready struct {
	URL        string  `json:"url"`
	Heap       float64 `json:"heap"` // bytes in use, after a collection
	Goroutines int     `json:"goroutines"`
}

func (o options) say(r ready) error { return json.NewEncoder(o.out).Encode(r) }

// serveHTTP is the application, until ctx ends.
func serveHTTP(ctx context.Context, o options) error {
	l := newLedger(clock.System(), o.requests)
	return o.serve(ctx, menu(l, o.requests))
}

// serve serves somewhere, and says where.
func (o options) serve(ctx context.Context, handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	if err := o.say(ready{URL: "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		_ = server.Close()
		return nil
	}
}

// menu answers calls.
func menu(l *ledger, requests int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		slot, request, found := place(r.URL.Path)
		switch {
		case r.URL.Path == holding:
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, held)
			return
		case !found:
			l.control(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the connection is gone
		}
		l.arrived(slot, request, body)
		w.Header().Set("Content-Type", "text/xml")
		text := answer(request, requests)
		l.gave(slot)                   // what is written goes out when this returns
		_, _ = io.WriteString(w, text) //nolint:gosec // two numbers of the path are all that comes from outside
	}
}

// appName is that of the application at a websocket.
const appName = "ivr"

// appHost is where its calls ask it.
const appHost = appName + request.SocketHost

// serveSocket is the application at a websocket, until ctx ends. Where it serves is only
// for its ledger.
func serveSocket(ctx context.Context, o options) error {
	l := newLedger(clock.System(), o.requests)
	conn, upgrade, err := websocket.DefaultDialer.DialContext(ctx, o.url, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := errors.Join(upgrade.Body.Close(), register(conn, o)); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(failed{answerAll(conn, l, o.requests)}) }()
	return errors.Join(o.serve(ctx, http.HandlerFunc(l.control)), reason(ctx))
}

// failed is why a process ends by itself.
type failed struct{ error }

// reason is that of ctx's end; nil where the process was to end.
func reason(ctx context.Context) error {
	if f, is := errors.AsType[failed](context.Cause(ctx)); is {
		return f.error
	}
	return nil
}

func register(conn *websocket.Conn, o options) error {
	text := fmt.Appendf(nil, `{"action":"pivot_register","auth_token":%q,"request_id":"r","data":{"account_id":%q,"app":%q,"max_calls":%d}}`,
		o.token, o.account, appName, mostCalls)
	if err := conn.WriteMessage(websocket.TextMessage, text); err != nil {
		return err
	}
	_, reply, err := conn.ReadMessage()
	if err == nil && gjson.GetBytes(reply, "status").Str != "success" {
		err = fmt.Errorf("the application is not registered: %s", reply)
	}
	return err
}

// answerAll answers each request as it comes. Only one that is answered is looked at any
// further.
func answerAll(conn *websocket.Conn, l *ledger, requests int) error {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		frame := gjson.ParseBytes(text)
		if status := frame.Get("status").Str; status == "error" {
			return fmt.Errorf("refused: %s", text)
		}
		if frame.Get("name").Str != "request" {
			continue
		}
		body := held
		asked := pathOf(frame.Get("data.url").Str)
		slot, request, found := place(asked)
		switch {
		case found:
			l.arrived(slot, request, text)
			body = answer(request, requests)
			l.gave(slot)
		case asked != holding:
			return fmt.Errorf("the application knows no %q", asked)
		}
		err = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"action":"pivot_answer","data":{"pivot_id":%q,"body":%q}}`,
			frame.Get("request_id").Str, body))
		if err != nil {
			return err
		}
	}
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

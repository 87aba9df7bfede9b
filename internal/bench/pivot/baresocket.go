package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"
)

// bareSocket is the least that an engine and its node could be: it sends an application
// at a websocket the frames of requests, and the next of a call when the last is answered.
type bareSocket struct {
	options

	frames []frame
	conns  chan *websocket.Conn // takes the application's
}

// frame is that of a turn. Between its parts stands what differs from call to call.
type frame struct{ parts []string }

// What stands for the id of a request, and for the place of a call.
const (
	idMark   = "\x00id\x00"
	slotMark = "\x00slot\x00"
)

// frameOf takes out of a recorded frame what differs.
func frameOf(text string) (frame, error) {
	id, address := gjson.Get(text, "request_id").Str, gjson.Get(text, "data.url").Str
	slot, n, found := place(pathOf(address))
	if id == "" || !found {
		return frame{}, fmt.Errorf("no request of a call: %s", text)
	}
	text = strings.ReplaceAll(text, id, idMark)
	text = strings.ReplaceAll(text, address, strings.Replace(address, path(slot, n), "/"+slotMark+"/"+page(n), 1))
	return frame{strings.Split(text, "\x00")}, nil
}

// of is the frame of a call's turn. Its id says which it is.
func (f frame) of(slot, n int) []byte {
	var out []byte
	for _, part := range f.parts {
		switch part {
		case "id":
			out = fmt.Appendf(out, "%032d", slot*mostRequests+n)
		case "slot":
			out = strconv.AppendInt(out, int64(slot), 10)
		default:
			out = append(out, part...)
		}
	}
	return out
}

// runBareSocket waits for the application, and then keeps it busy until ctx ends.
func runBareSocket(ctx context.Context, o options) error {
	collectLess()
	texts, err := recorded(o)
	if err != nil {
		return err
	}
	b := &bareSocket{options: o, conns: make(chan *websocket.Conn)}
	for _, text := range texts {
		f, err := frameOf(text)
		if err != nil {
			return err
		}
		b.frames = append(b.frames, f)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	defer func() { _ = server.Close() }()
	go func() { _ = server.Serve(listener) }()
	m := measured()
	m.URL = "ws://" + listener.Addr().String()
	if err := o.say(m); err != nil {
		return err
	}
	select {
	case conn := <-b.conns:
		defer func() { _ = conn.Close() }()
		return b.play(ctx, conn)
	case <-ctx.Done():
		return nil
	}
}

// ServeHTTP takes the application's connection, and whatever it registers.
func (b *bareSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return // it is answered
	}
	if _, _, err = conn.ReadMessage(); err == nil {
		err = conn.WriteMessage(websocket.TextMessage, []byte(`{"action":"reply","status":"success","data":{}}`))
	}
	if err != nil {
		_ = conn.Close()
		return
	}
	select {
	case b.conns <- conn:
	case <-r.Context().Done():
		_ = conn.Close()
	}
}

// play sends and reads until ctx ends, or the application is gone: whoever has started both
// knows whether it was to. Reading never waits for writing.
func (b *bareSocket) play(ctx context.Context, conn *websocket.Conn) error {
	out := make(chan []byte, slots)
	ended := make(chan error, 2)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for {
			select {
			case text := <-out:
				if conn.WriteMessage(websocket.TextMessage, text) != nil {
					ended <- nil
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { ended <- b.read(conn, out) }()
	if b.rate > 0 {
		go offer(ctx, b.rate, func(n int) { out <- b.frames[0].of(n%slots, 0) })
	} else {
		for slot := range b.calls {
			out <- b.frames[0].of(slot, 0)
		}
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

// read reads answers while the application is there. The error is of one that is none.
func (b *bareSocket) read(conn *websocket.Conn, out chan<- []byte) error {
	for {
		_, text, gone := conn.ReadMessage()
		if gone != nil {
			return nil //nolint:nilerr // see play
		}
		id, err := strconv.Atoi(gjson.GetBytes(text, "data.pivot_id").Str)
		if err != nil {
			return errors.New("no answer: " + string(text))
		}
		slot, n := id/mostRequests, id%mostRequests+1
		switch {
		case n < len(b.frames):
		case b.rate > 0:
			continue
		default:
			n = 0
		}
		out <- b.frames[n].of(slot, n)
	}
}

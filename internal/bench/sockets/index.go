package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// measureIndex finds what an event costs that one socket gets, among 10, 100, … other
// subscriptions. Those are of a second account's calls, each by its name, 10,000 of a
// socket: a table of keys like those of the sockets of as many accounts.
func measureIndex(ctx context.Context, o options) error {
	return on(ctx, o, 2, func(ctx context.Context, st *stage) error {
		sizes := []int{}
		for n := 10; n < o.most; n *= 10 {
			sizes = append(sizes, n)
		}
		sizes = append(sizes, o.most)
		results := map[int][]result{}
		for range o.runs {
			if err := st.among(ctx, sizes, results); err != nil {
				return err
			}
		}
		first := medianResult(results[sizes[0]], func(r result) result { return r })
		for _, n := range sizes {
			r := medianResult(results[n], func(r result) result { return r })
			st.say("median of %d  %6d subscriptions  %s  CPU %.2f of that with %d", o.runs, n, r, r.cpu/first.cpu, sizes[0])
		}
		return nil
	})
}

// settling is how long events are sent before they are measured.
const settling = 3 * time.Second

// among measures one node with more and more subscriptions.
func (st *stage) among(ctx context.Context, sizes []int, results map[int][]result) (err error) {
	s, err := st.startAlone(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	const window = 256
	book := bookFor(time.Duration(len(sizes)+1)*(settling+st.lasts), 1)
	crowd, err := newCrowd(ctx, s, st.tree.Accounts[:1], book, 1, nil)
	if err != nil {
		return err
	}
	defer crowd.close()
	t := &trial{stage: st, server: s, crowd: crowd}
	others := &others{server: s, account: st.tree.Accounts[1]}
	defer others.close()
	for _, n := range sizes {
		if err := others.grow(ctx, n-1); err != nil { // with the one that gets the events
			return err
		}
		// What it took to subscribe is garbage, of which nothing should be left.
		if _, err := t.flood(ctx, window, settling); err != nil {
			return err
		}
		r, err := t.flood(ctx, window, st.lasts)
		if err != nil {
			return err
		}
		st.say("%6d subscriptions  %s  %.0f MB", n, r, s.used().Resident)
		results[n] = append(results[n], r)
	}
	return nil
}

// others are sockets that get nothing.
type others struct {
	*server

	account string
	held    int
	conns   []*websocket.Conn
}

// grow brings their subscriptions to n.
func (o *others) grow(ctx context.Context, n int) error {
	const each = 10_000 // what a socket may have (websockets.max-bindings), and a command name
	for o.held < n {
		conn, err := dial(ctx, o.at(o.account), false)
		if err != nil {
			return err
		}
		o.conns = append(o.conns, conn)
		upTo := min(n, o.held+each)
		if err := greet(conn, o.subscribe(o.held, upTo)); err != nil {
			return err
		}
		o.held = upTo
		go func() { _, _ = io.Copy(io.Discard, conn.NetConn()) }() // pings, until it is closed
	}
	return nil
}

// subscribe names the calls from, …, to-1.
func (o *others) subscribe(from, to int) []byte {
	var names strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&names, `,"call.CHANNEL_CREATE.another-%d"`, i)
	}
	return fmt.Appendf(nil, `{"action":"subscribe","auth_token":%q,"request_id":"1","data":{"account_id":%q,"bindings":[%s]}}`,
		o.token, o.account, names.String()[1:])
}

func (o *others) close() {
	for _, conn := range slices.Backward(o.conns) {
		_ = conn.Close()
	}
}

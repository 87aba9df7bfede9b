package pivot_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// recordedAddress is where the reference's app was; every text of a record names it so.
const recordedAddress = "127.0.0.1:18080"

// app is the recorded server: it answers in turn, and keeps what it was asked as it was on the wire.
type app struct {
	listener net.Listener

	mu      sync.Mutex
	answers []jobj.Object
	asked   []any // as the http entries of a record
	delay   time.Duration
}

func newApp(t *testing.T, answers []any) *app {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{listener: listener}
	for _, one := range answers {
		answer, _ := one.(jobj.Object)
		a.answers = append(a.answers, answer)
	}
	var open sync.WaitGroup
	accept := func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				a.serve(conn)
			})
		}
	}
	listeners := []net.Listener{listener}
	_, port, _ := net.SplitHostPort(a.address())
	// Some records ask by IPv6; a machine may have none.
	if six, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("::1", port)); err == nil {
		listeners = append(listeners, six)
	}
	for _, l := range listeners {
		open.Go(func() { accept(l) })
	}
	t.Cleanup(func() {
		for _, l := range listeners {
			_ = l.Close()
		}
		open.Wait()
	})
	return a
}

func (a *app) address() string { return a.listener.Addr().String() }

// here has a text name the server where it really is.
func (a *app) here(text string) string { return renamed(text, recordedAddress, a.address()) }

// recorded is the other way round.
func (a *app) recorded(text string) string { return renamed(text, a.address(), recordedAddress) }

func renamed(text, from, to string) string {
	_, fromPort, _ := net.SplitHostPort(from)
	_, toPort, _ := net.SplitHostPort(to)
	return strings.NewReplacer(":"+fromPort, ":"+toPort, "%3A"+fromPort, "%3A"+toPort).Replace(text)
}

func (a *app) serve(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) //nolint:forbidigo // a guard of the test on the wall
	reader := textproto.NewReader(bufio.NewReader(conn))
	line, err := reader.ReadLine()
	if err != nil {
		return
	}
	parts := strings.SplitN(line, " ", 3)
	if len(parts) != 3 {
		return
	}
	headers, length := []any{}, 0
	for {
		field, err := reader.ReadLine()
		if err != nil || field == "" {
			break
		}
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		if strings.EqualFold(name, "content-length") {
			length, _ = strconv.Atoi(value)
		}
		headers = append(headers, []any{name, value})
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(reader.R, body); err != nil {
		return
	}
	_, _ = io.WriteString(conn, a.next(jobj.Object{
		{Key: "method", Value: parts[0]}, {Key: "target", Value: parts[1]}, {Key: "version", Value: parts[2]},
		{Key: "headers", Value: headers}, {Key: "body", Value: string(body)},
	}))
}

// next notes what was asked, and is the text of the next answer; "" drops the connection.
func (a *app) next(asked jobj.Object) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, asked)
	answer := jobj.Object{}
	if len(a.answers) > 0 {
		answer, a.answers = a.answers[0], a.answers[1:]
	}
	if answer.Bool(false, "drop") {
		return ""
	}
	a.delay = time.Duration(answer.Int("delay_ms")) * time.Millisecond
	body := a.here(answer.String("body"))
	if encoded := answer.String("body_base64"); encoded != "" {
		raw, _ := base64.StdEncoding.DecodeString(encoded)
		body = string(raw)
	}
	var b strings.Builder
	status := answer.Int("status")
	if status == 0 {
		status = 200
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d X\r\n", status)
	list, _ := answer.Get("headers")
	fields, _ := list.([]any)
	for _, field := range fields {
		pair, _ := field.([]any)
		fmt.Fprintf(&b, "%s: %s\r\n", pair[0], a.here(fmt.Sprint(pair[1])))
	}
	if !answer.Bool(false, "no_length") {
		fmt.Fprintf(&b, "content-length: %d\r\n", len(body))
	}
	b.WriteString("connection: close\r\n\r\n" + body)
	return b.String()
}

// wait is how long the last answer is to take, in the time of the simulation.
func (a *app) wait() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.delay
	a.delay = 0
	return d
}

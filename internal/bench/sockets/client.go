package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// client is one of a crowd. A goroutine of its own reads until the connection ends.
type client struct {
	crowd  *crowd
	place  int
	manner *manner
	seen   *lab.Bits // the account's events, in their turn

	mu      sync.Mutex
	conn    *websocket.Conn // nil when it has ended
	samples []lab.Sample
}

// Sizes of a client's buffers: frames of calls fit into the first, and little is kept in
// the kernel for who stops reading.
const (
	readSize  = 4 << 10
	smallSize = 16 << 10
)

// connect connects and subscribes.
func (c *client) connect(ctx context.Context) error {
	account := c.crowd.account(c.place)
	conn, err := dial(ctx, c.crowd.server.at(account), c.manner != nil)
	if err != nil {
		return err
	}
	if err := greet(conn, c.crowd.server.first(account)); err != nil {
		_ = conn.Close()
		return err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	c.crowd.reading.Go(func() { c.read(conn) })
	return nil
}

func dial(ctx context.Context, url string, small bool) (*websocket.Conn, error) {
	const limit, writeSize = 20 * time.Second, 512
	line := &net.Dialer{}
	if small {
		line.Control = smallBuffer
	}
	dialer := websocket.Dialer{
		HandshakeTimeout: limit, ReadBufferSize: readSize, WriteBufferSize: writeSize, NetDialContext: line.DialContext,
	}
	conn, _, err := dialer.DialContext(ctx, url, nil) //nolint:bodyclose // it is the connection, or in memory
	return conn, err
}

// greet says what is first, if anything, and reads that it succeeded.
func greet(conn *websocket.Conn, first []byte) error {
	if first != nil {
		if err := conn.WriteMessage(websocket.TextMessage, first); err != nil {
			return err
		}
	}
	_, answer, err := conn.ReadMessage()
	if err == nil && !strings.Contains(string(answer), "success") {
		err = fmt.Errorf("refused: %s", answer)
	}
	return err
}

func (c *client) read(conn *websocket.Conn) {
	room := make([]byte, readSize)
	for {
		if c.manner != nil {
			c.manner.hold()
		}
		n, err := next(conn, room)
		if err != nil {
			c.over(conn, err)
			return
		}
		c.take(room[:n])
	}
}

// over notes how the connection ended.
func (c *client) over(conn *websocket.Conn, err error) {
	c.crowd.end(c.manner, ending(err))
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = conn.Close()
	c.conn = nil
}

// next reads a frame, of a large one its beginning.
func next(conn *websocket.Conn, room []byte) (int, error) {
	_, frame, err := conn.NextReader()
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(frame, room)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // of the frame, not the connection
		err = nil
	}
	return n, err
}

// ending is the code that a connection was closed with.
func ending(err error) string {
	if closed, is := errors.AsType[*websocket.CloseError](err); is && closed.Code != websocket.CloseAbnormalClosure {
		return "closed with " + strconv.Itoa(closed.Code)
	}
	return "cut"
}

func (c *client) take(frame []byte) {
	crowd := c.crowd
	n, numbered := lab.Number(frame)
	accounts := len(crowd.accounts)
	if !numbered || n >= crowd.book.Events || n%accounts != c.place%accounts {
		crowd.stray.Add(1)
		return
	}
	if !c.seen.Add(n / accounts) {
		crowd.twice.Add(1)
		return
	}
	if crowd.sampling.Load() {
		c.sample(n)
	}
	if c.manner == nil {
		crowd.got.add()
	}
	crowd.size.Store(int64(len(frame)))
}

func (c *client) sample(event int) {
	age, _ := c.crowd.book.Age(event)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples = append(c.samples, lab.Sample{Event: uint32(event), Took: uint32(age.Microseconds())}) //nolint:gosec // bounded by the book, and by 71 minutes
}

// taken are the samples since the last call.
func (c *client) taken() []lab.Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	samples := c.samples
	c.samples = nil
	return samples
}

// gone tells that the connection has ended.
func (c *client) gone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn == nil
}

func (c *client) close() {
	if c.manner != nil {
		c.manner.release()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

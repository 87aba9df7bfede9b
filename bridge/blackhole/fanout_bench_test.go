package blackhole_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// burst is how many events are given out before all have to be delivered.
const burst = 20

// crowd are clients that count bytes, as cheap as they can be.
type crowd struct {
	b     *testing.B
	got   atomic.Int64
	conns []net.Conn
}

func (c *crowd) dial(address, first string) {
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+address+"/", nil)
	if err != nil {
		c.b.Fatal(err)
	}
	_ = answer.Body.Close()
	c.b.Cleanup(func() { _ = conn.Close() })
	if first != "" {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(first)); err != nil {
			c.b.Fatal(err)
		}
		if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), "success") {
			c.b.Fatal(string(text), err)
		}
	}
	c.conns = append(c.conns, conn.NetConn())
}

func (c *crowd) read() {
	for _, conn := range c.conns {
		go func() {
			room := make([]byte, 16<<10)
			for {
				n, err := conn.Read(room)
				c.got.Add(int64(n))
				if err != nil {
					return
				}
			}
		}()
	}
}

func (c *crowd) await(bytes int64) {
	for c.got.Load() < bytes {
		clock.System().Sleep(200 * time.Microsecond)
	}
}

// event is a call event of about 1,200 bytes as a frame.
func event(accountID string) blackhole.Message {
	m := call(kapi.ChannelCreate, "7d1f03aa-2c1b-4a53@203.0.113.20", accountID)
	m.Body = []byte(strings.Replace(string(m.Body), `"App-Name"`, `"Filler":"`+strings.Repeat("x", 700)+`","App-Name"`, 1))
	return m
}

func BenchmarkFanOut(b *testing.B) {
	for _, sockets := range []int{100, 1000, 4000} {
		b.Run(fmt.Sprintf("hub/%d", sockets), func(b *testing.B) { benchmarkHub(b, sockets) })
		b.Run(fmt.Sprintf("bare/%d", sockets), func(b *testing.B) { benchmarkBare(b, sockets) })
	}
}

func benchmarkHub(b *testing.B, sockets int) {
	b.Helper()
	r := newRig(b)
	c := &crowd{b: b}
	for range sockets {
		c.dial(r.address, subscribe(acme, acme, "call.CHANNEL_CREATE.*", ""))
	}
	c.read()
	m := event(acme)
	r.Handle(m)
	c.await(int64(sockets) * 1000) // one frame each, of more than that
	clock.System().Sleep(100 * time.Millisecond)
	size := c.got.Load() / int64(sockets)
	b.ResetTimer()
	for range b.N {
		at := c.got.Load()
		for range burst {
			r.Handle(m)
		}
		c.await(at + size*burst*int64(sockets))
	}
	b.ReportMetric(float64(b.N*burst*sockets)/b.Elapsed().Seconds(), "deliveries/s")
}

// benchmarkBare is the loop that any server would have.
func benchmarkBare(b *testing.B, sockets int) {
	b.Helper()
	var mu sync.Mutex
	var queues []chan *websocket.PreparedMessage
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		conn, err := upgrader.Upgrade(w, req, nil)
		if err != nil {
			return
		}
		queue := make(chan *websocket.PreparedMessage, 256)
		mu.Lock()
		queues = append(queues, queue)
		mu.Unlock()
		go func() {
			for m := range queue {
				if conn.WritePreparedMessage(m) != nil {
					return
				}
			}
		}()
		_, _ = io.Copy(io.Discard, conn.NetConn())
	}))
	b.Cleanup(server.Close)
	c := &crowd{b: b}
	for range sockets {
		c.dial(server.Listener.Addr().String(), "")
	}
	c.read()
	for entered := 0; entered < sockets; { // the last are answered before they are entered
		mu.Lock()
		entered = len(queues)
		mu.Unlock()
	}
	text := []byte(strings.Repeat("x", 1198))
	b.ResetTimer()
	for range b.N {
		at := c.got.Load()
		for range burst {
			m, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
			if err != nil {
				b.Fatal(err)
			}
			mu.Lock()
			for _, queue := range queues {
				queue <- m
			}
			mu.Unlock()
		}
		c.await(at + int64(len(text)+4)*burst*int64(sockets))
	}
	b.ReportMetric(float64(b.N*burst*sockets)/b.Elapsed().Seconds(), "deliveries/s")
	b.StopTimer()
	for _, queue := range queues {
		close(queue)
	}
}

// What an event costs that one socket gets, beside how many subscriptions.
func BenchmarkOneSubscriber(b *testing.B) {
	for _, others := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(others), func(b *testing.B) {
			r := newRig(b)
			c := &crowd{b: b}
			for at := 0; at < others; {
				s := r.dial(b)
				for range 90 {
					id := fmt.Sprintf("%032d", at+100)
					r.accounts.Put(account.Account{ID: id, Tree: []string{master}})
					s.send(subscribe(master, id, "call.CHANNEL_CREATE.*", ""))
					s.next()
					if at++; at == others {
						break
					}
				}
			}
			c.dial(r.address, subscribe(acme, acme, "call.CHANNEL_CREATE.*", ""))
			c.read()
			m := event(acme)
			r.Handle(m)
			clock.System().Sleep(50 * time.Millisecond)
			size := c.got.Load()
			b.ResetTimer()
			for range b.N {
				at := c.got.Load()
				r.Handle(m)
				c.await(at + size)
			}
		})
	}
}

package blackhole_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Sockets that come and go, in order or not, leave nothing behind.
func TestTenThousandSocketsLeaveNothing(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	before := runtime.NumGoroutine()
	const workers, each = 20, 500
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range each {
				conn, answer, err := websocket.DefaultDialer.Dial("ws://"+r.address, nil)
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				_ = answer.Body.Close()
				switch i % 4 {
				case 0: // without a word
				case 1: // while it is answered
					_ = conn.WriteMessage(websocket.TextMessage, []byte(subscribe(acme, acme, "call.*.*", resume)))
				case 2: // in order
					_ = conn.WriteMessage(websocket.TextMessage, []byte(subscribe(acme, acme, fmt.Sprintf("call.CHANNEL_CREATE.w%d", w), "")))
					_, _, _ = conn.ReadMessage()
					_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
				case 3: // in the middle of events
					_ = conn.WriteMessage(websocket.TextMessage, []byte(subscribe(acme, acme, "call.CHANNEL_CREATE.*", "")))
					r.Handle(call(kapi.ChannelCreate, "c", acme))
				}
				_ = conn.Close()
			}
		})
	}
	group.Wait()
	r.open(t, 0)
	g.Eventually(runtime.NumGoroutine).WithTimeout(patience).Should(BeNumerically("<=", before+2))
	g.Expect(len(r.broker.keys())).To(BeNumerically("<=", 9), "but what is kept for those who resume")
}

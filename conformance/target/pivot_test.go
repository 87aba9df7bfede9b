package target_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/hostile"
)

// replying serves websockets that answer every frame with the same text, or with nothing, and returns
// its URL.
func replying(t *testing.T, text string) string {
	t.Helper()
	return replyingFrom(t, 1, text)
}

// replyingFrom is replying from the n-th frame on.
func replyingFrom(t *testing.T, n int, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for frame := 1; ; frame++ {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
			if frame >= n && text != "" && conn.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func TestSocketsThatKnowAppsAreFound(t *testing.T) {
	t.Parallel()
	const (
		refused = `{"action":"reply","request_id":"register","status":"error","data":{"errors":["missing required keys in data object"]}}`
		passed  = `{"action":"reply","request_id":"register","status":"success","data":{}}`
	)
	for name, c := range map[string]struct {
		reply, said, lab string
		has              bool
		why              string
	}{
		"kazoolab":               {reply: refused, has: true},
		"a Kazoo of 4.3":         {reply: passed, why: "no app of Pivot can register at a websocket (pivot_register)"},
		"a Kazoo of 5.0":         {why: "no app of Pivot can register at a websocket (pivot_register)"},
		"one that is said to":    {reply: passed, said: "on", has: true},
		"one that is said not":   {reply: refused, said: "off", why: "(features.pivot-sockets: off)"},
		"without extensions":     {reply: refused, lab: "off", why: "(features.lab: off)"},
		"said to, and no others": {reply: refused, said: "on", lab: "off", has: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			p := profileOf(t, (&hostile.Crossbar{Dialect: "5.0"}).Serve(t).URL)
			p.Sockets.URL, p.Features.PivotSockets = replying(t, c.reply), c.said
			if c.lab != "" {
				p.Features.Lab = c.lab
			}
			ready, err := look(t, p, 30*time.Second)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ready.Target.Has(suite.Sockets)).To(BeTrue())
			g.Expect(ready.Target.Has(suite.PivotSockets)).To(Equal(c.has))
			g.Expect(lackOf(ready, suite.PivotSockets)).To(ContainSubstring(c.why))
		})
	}
}

func TestATargetThatStoodStillOnceIsAskedAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := profileOf(t, (&hostile.Crossbar{Dialect: "5.0"}).Serve(t).URL)
	p.Sockets.URL = replyingFrom(t, 2, `{"action":"reply","request_id":"register","status":"error","data":{"errors":["missing required keys in data object"]}}`)
	ready, err := look(t, p, 30*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ready.Target.Has(suite.PivotSockets)).To(BeTrue())
}

// lackOf is why a target is told to have a feature not, which denies it nothing.
func lackOf(ready *target.Ready, feature string) string {
	for _, l := range ready.Facts.Absent {
		if l.Feature == feature && !l.Offered {
			return l.Why
		}
	}
	return ""
}

// playPivot answers each pivot_req at a broker: where it knows apps at websockets, it asks the node that
// has announced the one of the call, and says failed of all others. A call at such an address that it does
// not know stays with it, as a Kazoo's, until it has ended. left tells how many calls of apps came, and stay.
func playPivot(t *testing.T, broker string, knowsApps bool) (left func() (came, stay int)) {
	t.Helper()
	g := NewWithT(t)
	channel := brokertest.Channel(t, broker)
	for exchange, kind := range map[string]string{"callmgr": "topic", "callevt": "topic", "kapps": "topic", "targeted": "direct"} {
		g.Expect(channel.ExchangeDeclare(exchange, kind, false, false, false, false, nil)).To(Succeed())
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(channel.QueueBind(queue.Name, "pivot.req.#", "callmgr", false, nil)).To(Succeed())
	g.Expect(channel.QueueBind(queue.Name, "kazoolab.pivot.apps", "kapps", false, nil)).To(Succeed())
	g.Expect(channel.QueueBind(queue.Name, "call.CHANNEL_DESTROY.#", "callevt", false, nil)).To(Succeed())
	messages, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	var mu sync.Mutex
	workers, all := map[string]bool{}, 0
	go func() {
		node := ""
		for m := range messages {
			body := gjson.ParseBytes(m.Body)
			to, answer := body.Get("Call.Controller-Queue").Str, `{"Event-Category":"pivot","Event-Name":"failed"}`
			ofApp := strings.Contains(body.Get("Voice-URI").Str, ".pivot.invalid")
			mu.Lock()
			if ofApp {
				all++
				workers[body.Get("Call.Call-ID").Str] = true
			}
			if m.Exchange == "callevt" && m.RoutingKey == "call.CHANNEL_DESTROY."+body.Get("Call-ID").Str {
				delete(workers, body.Get("Call-ID").Str)
			}
			mu.Unlock()
			switch {
			case m.Exchange == "kapps":
				node = body.Get("Server-ID").Str
				continue
			case m.Exchange == "callevt", ofApp && !knowsApps:
				continue
			case knowsApps && node != "" && ofApp:
				to, answer = node, `{"Event-Category":"kazoolab_pivot_apps","Event-Name":"request","Pivot-ID":"1","Server-ID":"engine"}`
			}
			if channel.Publish("targeted", to, false, false, amqp.Publishing{Body: []byte(answer)}) != nil {
				return
			}
		}
	}()
	return func() (came, stay int) {
		mu.Lock()
		defer mu.Unlock()
		return all, len(workers)
	}
}

func TestPivotThatAsksAppsAtSocketsIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plays, knows bool
		change       func(*target.Features)
		pivot, has   bool
		asked        bool // for an app, whose calls have ended then
		why          string
	}{
		"kazoolab":             {plays: true, knows: true, pivot: true, has: true, asked: true},
		"a Kazoo":              {plays: true, pivot: true, asked: true, why: "Pivot asks no apps at websockets"},
		"nobody":               {why: "no Pivot answers on the bus"},
		"one that is said to":  {plays: true, pivot: true, has: true, change: func(f *target.Features) { f.PivotApps = "on" }},
		"one that is said not": {plays: true, knows: true, pivot: true, why: "(features.pivot-apps: off)", change: func(f *target.Features) { f.PivotApps = "off" }},
		"no Pivot at all":      {plays: true, knows: true, why: "(features.pivot: off)", change: func(f *target.Features) { f.Pivot = "off" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			broker := brokertest.New(t)
			left := func() (came, stay int) { return 0, 0 }
			if c.plays {
				left = playPivot(t, broker.URL, c.knows)
			}
			p := profileOf(t, (&hostile.Crossbar{Dialect: "5.0"}).Serve(t).URL)
			p.AMQP.URL, p.Features.Switch = broker.URL, "off"
			if c.change != nil {
				c.change(&p.Features)
			}
			ready, err := look(t, p, 30*time.Second)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ready.Target.Has(suite.Pivot)).To(Equal(c.pivot))
			g.Expect(ready.Target.Has(suite.PivotApps)).To(Equal(c.has))
			g.Expect(lackOf(ready, suite.PivotApps)).To(ContainSubstring(c.why))
			g.Eventually(t.Context(), func() int { _, stay := left(); return stay }).WithTimeout(10 * time.Second).Should(BeZero())
			came, _ := left()
			if c.asked {
				g.Expect(came).To(BeNumerically(">", 0))
			} else {
				g.Expect(came).To(BeZero())
			}
		})
	}
}

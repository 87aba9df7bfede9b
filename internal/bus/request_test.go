package bus_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// respond answers each request with the bodies that answer makes of it.
func respond(t *testing.T, broker *brokertest.Broker, requests <-chan amqp.Delivery, answer func(request map[string]any) []map[string]any) {
	t.Helper()
	channel := broker.Channel(t)
	go func() {
		for d := range requests {
			var request map[string]any
			if json.Unmarshal(d.Body, &request) != nil {
				return
			}
			for _, body := range answer(request) {
				body["Msg-ID"] = request["Msg-ID"]
				text, _ := json.Marshal(body)
				err := channel.PublishWithContext(t.Context(), "targeted", request["Server-ID"].(string), true, false, amqp.Publishing{Body: text})
				if err != nil {
					return
				}
			}
		}
	}()
}

func TestRequestCarriesTheReferencesHeadersAndGetsItsReply(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	seen := make(chan map[string]any, 10)
	respond(t, broker, rawQueue(t, broker.Channel(t), "call.status_req.*"), func(request map[string]any) []map[string]any {
		seen <- request
		return []map[string]any{{"Defer-Response": true, "Status": "deferred"}, {"Status": "active"}}
	})
	reply, err := b.Request(within(t, soon), bus.Request{
		Exchange: "callevt", Key: "call.status_req.abc",
		Fields: jobj.Object{{Key: "Call-ID", Value: "abc"}, {Key: "Server-ID", Value: "asker"}},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(reply.Body)).To(ContainSubstring(`"active"`), "the better answer, though the deferred came first")
	request := <-seen
	g.Expect(request).To(And(
		HaveKeyWithValue("System-Log-ID", "abc"),
		HaveKeyWithValue("Server-Queue-ID", "asker"),
		HaveKeyWithValue("Server-ID", MatchRegexp(`^kazoolab@test-replies-[0-9a-f]{8}$`)),
		HaveKeyWithValue("Msg-ID", MatchRegexp(`^[0-9a-f]{16}$`)),
	))
}

func TestDeferredReplyCountsWhenThereIsNoOther(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	respond(t, broker, rawQueue(t, broker.Channel(t), "#"), func(map[string]any) []map[string]any {
		return []map[string]any{{"Defer-Response": true}}
	})
	reply, err := b.Request(within(t, 5*time.Second), bus.Request{
		Exchange: "callevt", Key: "k", Fields: jobj.Object{{Key: "Msg-ID", Value: "mine"}},
		Encode: func(o jobj.Object) ([]byte, error) { return jobj.Append(nil, o), nil },
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(reply.Body)).To(ContainSubstring(`"Msg-ID":"mine"`))
}

func TestRequestThatNobodyHearsFailsAtOnceAndUnansweredEndsWithItsContext(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	var returned *bus.ReturnedError
	_, err := b.Request(within(t, soon), bus.Request{Exchange: "callevt", Key: "k"})
	g.Expect(err).To(BeAssignableToTypeOf(returned))

	rawQueue(t, broker.Channel(t), "#")
	_, err = b.Request(within(t, 100*time.Millisecond), bus.Request{Exchange: "callevt", Key: "k"})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
}

func TestCollectGathersWhatEveryoneAnswers(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	for _, node := range []string{"a", "b"} {
		respond(t, broker, rawQueue(t, broker.Channel(t), "call.status_req.*"), func(map[string]any) []map[string]any {
			return []map[string]any{{"Node": node}}
		})
	}
	request := bus.Request{Exchange: "callevt", Key: "call.status_req.x", Fields: jobj.Object{{Key: "Msg-ID", Value: "m"}}}

	enough := func(replies []bus.Delivery) bool { return len(replies) == 2 }
	replies, err := b.Collect(within(t, soon), request, bus.Gathering{Enough: enough})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(replies).To(HaveLen(2))

	// Nobody says how many there are: it ends when no more follow.
	replies, err = b.Collect(within(t, soon), request, bus.Gathering{Quiet: 3 * time.Second})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(replies).To(HaveLen(2))

	// Which is not asked before as many have answered as must.
	replies, err = b.Collect(within(t, soon), request, bus.Gathering{Quiet: time.Millisecond, AtLeast: 2})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(replies).To(HaveLen(2))

	// Or with its time, which is no error: these have answered.
	replies, err = b.Collect(within(t, 5*time.Second), request, bus.Gathering{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(replies).To(HaveLen(2))
}

func TestCollectWithoutAnyoneToAsk(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	var returned *bus.ReturnedError
	_, err := b.Collect(within(t, soon), bus.Request{Exchange: "callevt", Key: "k"}, bus.Gathering{})
	g.Expect(err).To(BeAssignableToTypeOf(returned))

	rawQueue(t, broker.Channel(t), "#") // hears, and does not answer
	replies, err := b.Collect(within(t, 100*time.Millisecond), bus.Request{Exchange: "callevt", Key: "k"}, bus.Gathering{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(replies).To(BeEmpty())
}

// The Msg-ID of a request is the client's where the client chose one: two that chose
// the same must not read each other's answers.
func TestTwoRequestsOfOneMsgIDGetTheirOwnAnswers(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	both := make(chan map[string]any, 2)
	channel := broker.Channel(t)
	requests := rawQueue(t, channel, "#")
	for _, who := range []string{"one", "two"} {
		go func() {
			reply, err := b.Request(within(t, soon), bus.Request{
				Exchange: "callevt", Key: "k", Fields: jobj.Object{{Key: "Msg-ID", Value: "same"}, {Key: "Call-ID", Value: who}},
			})
			var answer map[string]any
			if err == nil {
				_ = json.Unmarshal(reply.Body, &answer)
			}
			both <- map[string]any{"asked": who, "got": answer["For"]}
		}()
	}
	var asked []map[string]any
	for len(asked) < 2 { // both wait before either is answered
		var request map[string]any
		g.Expect(json.Unmarshal((<-requests).Body, &request)).To(Succeed())
		asked = append(asked, request)
	}
	for _, request := range asked {
		body, _ := json.Marshal(map[string]any{"Msg-ID": request["Msg-ID"], "For": request["Call-ID"]})
		g.Expect(channel.PublishWithContext(t.Context(), "targeted", request["Server-ID"].(string), true, false, amqp.Publishing{Body: body})).To(Succeed())
	}
	for range 2 {
		one := <-both
		g.Expect(one["got"]).To(Equal(one["asked"]))
	}
}

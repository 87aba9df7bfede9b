package management_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

// patience is more than RabbitMQ needs, which counts once in five seconds.
const patience = 20 * time.Second

// lab is a broker and its management API: ours, or RabbitMQ's with the same
// verdict.
type lab struct {
	t     *testing.T
	base  string
	vhost string // as it stands in a path
	*amqp.Channel
}

func newLab(t *testing.T) lab {
	t.Helper()
	broker := brokertest.New(t)
	return lab{
		t: t, base: broker.ManagementURL(t), vhost: url.PathEscape(broker.URL[strings.LastIndexByte(broker.URL, '/')+1:]),
		Channel: broker.Channel(t),
	}
}

// request returns the status and the answer, an object or a list.
func (l lab) request(method, path string) (status int, answer any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, http.NoBody)
	if err != nil {
		l.t.Fatal(err)
	}
	resp, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			l.t.Fatalf("%s %s: %v: %s", method, path, err, body)
		}
	}
	return resp.StatusCode, answer
}

// shows waits until the answer has these members.
func (l lab) shows(path string, members map[string]any) {
	l.t.Helper()
	NewWithT(l.t).Eventually(l.t.Context(), func() any {
		_, answer := l.request(http.MethodGet, path)
		return answer
	}).WithTimeout(patience).WithPolling(200 * time.Millisecond).Should(haveMembers(members))
}

// lists waits until one of the list has these members.
func (l lab) lists(path string, members map[string]any) {
	l.t.Helper()
	NewWithT(l.t).Eventually(l.t.Context(), func() any {
		_, answer := l.request(http.MethodGet, path)
		return answer
	}).WithTimeout(patience).WithPolling(200 * time.Millisecond).Should(ContainElement(haveMembers(members)))
}

func haveMembers(members map[string]any) OmegaMatcher {
	var all []OmegaMatcher
	for name, value := range members {
		all = append(all, HaveKeyWithValue(name, Equal(value)))
	}
	return And(all...)
}

func (l lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func TestQueuesAreShownWithTheirCounts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.QueueDeclare("a/b", true, false, false, false, amqp.Table{"x-max-length": 9, "x-dead-letter-exchange": "dlx"})
	l.must(err)
	for range 3 {
		l.must(l.PublishWithContext(t.Context(), "", "a/b", false, false, amqp.Publishing{Body: []byte("x")}))
	}
	_, _, err = l.Get("a/b", false)
	l.must(err)
	members := map[string]any{
		"name": "a/b", "type": "classic", "state": "running", "durable": true, "auto_delete": false, "exclusive": false,
		"messages": 3.0, "messages_ready": 2.0, "messages_unacknowledged": 1.0, "consumers": 0.0, "message_bytes_ready": 2.0,
		"arguments": map[string]any{"x-max-length": 9.0, "x-dead-letter-exchange": "dlx"},
	}
	l.shows("/api/queues/"+l.vhost+"/a%2Fb", members)
	l.lists("/api/queues/"+l.vhost, members)
	l.lists("/api/queues", members)
	l.lists("/api/vhosts", map[string]any{"name": l.vhost, "messages": 3.0, "messages_ready": 2.0})
}

func TestBindingsAndExchangesAreShown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(l.ExchangeDeclare("callevt", "topic", false, true, false, false, amqp.Table{"alternate-exchange": "other"}))
	_, err := l.QueueDeclare("q", false, false, false, false, nil)
	l.must(err)
	l.must(l.QueueBind("q", "call.#", "callevt", false, nil))
	l.must(l.ExchangeBind("amq.fanout", "k", "callevt", false, amqp.Table{"n": 1}))
	l.lists("/api/exchanges/"+l.vhost, map[string]any{
		"name": "callevt", "type": "topic", "durable": false, "auto_delete": true, "internal": false,
		"arguments": map[string]any{"alternate-exchange": "other"},
	})
	l.lists("/api/exchanges/"+l.vhost, map[string]any{"name": "", "type": "direct", "durable": true})
	for _, path := range []string{"/api/bindings/" + l.vhost, "/api/queues/" + l.vhost + "/q/bindings"} {
		l.lists(path, map[string]any{
			"source": "callevt", "destination": "q", "destination_type": "queue", "routing_key": "call.#",
			"arguments": map[string]any{}, "properties_key": "call.%23",
		})
		l.lists(path, map[string]any{"source": "", "destination": "q", "destination_type": "queue", "routing_key": "q"})
	}
	l.lists("/api/bindings/"+l.vhost, map[string]any{
		"source": "callevt", "destination": "amq.fanout", "destination_type": "exchange", "routing_key": "k",
		"arguments": map[string]any{"n": 1.0},
	})
}

func TestConsumersAreShown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	_, err := l.QueueDeclare("q", false, false, false, false, nil)
	l.must(err)
	l.must(l.Qos(7, 0, false))
	_, err = l.Consume("q", "tag", false, true, false, false, nil)
	l.must(err)
	l.lists("/api/consumers/"+l.vhost, map[string]any{
		"consumer_tag": "tag", "ack_required": true, "active": true, "exclusive": true, "prefetch_count": 7.0,
	})
	l.lists("/api/queues/"+l.vhost, map[string]any{"name": "q", "consumers": 1.0})
}

func TestConnectionsAreShownAndClosed(t *testing.T) {
	t.Parallel()
	l, g := newLab(t), NewWithT(t)
	closed := l.NotifyClose(make(chan *amqp.Error, 1))
	path := "/api/vhosts/" + l.vhost + "/connections"
	l.lists(path, map[string]any{
		"user": "guest", "vhost": l.vhost, "state": "running", "protocol": "AMQP 0-9-1", "channels": 1.0,
		"channel_max": 2047.0, "frame_max": 131072.0, "timeout": 10.0, "peer_host": "127.0.0.1", "type": "network",
	})
	_, answer := l.request(http.MethodGet, path)
	name, _ := answer.([]any)[0].(map[string]any)["name"].(string)
	g.Expect(name).To(MatchRegexp(`^127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+$`))
	l.shows("/api/connections/"+url.PathEscape(name), map[string]any{"name": name, "user": "guest"})
	status, _ := l.request(http.MethodDelete, "/api/connections/"+url.PathEscape(name))
	g.Expect(status).To(Equal(http.StatusNoContent))
	g.Eventually(closed).WithTimeout(patience).Should(Receive(HaveField("Reason", "CONNECTION_FORCED - Closed via management plugin")))
}

func TestOverviewCounts(t *testing.T) {
	t.Parallel()
	l, g := newLab(t), NewWithT(t)
	_, err := l.QueueDeclare("q", false, false, false, false, nil)
	l.must(err)
	l.must(l.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{}))
	at := func(path ...string) float64 {
		_, answer := l.request(http.MethodGet, "/api/overview")
		for _, name := range path {
			object, _ := answer.(map[string]any)
			answer = object[name]
		}
		number, _ := answer.(float64)
		return number
	}
	for _, path := range [][]string{
		{"object_totals", "connections"}, {"object_totals", "channels"}, {"object_totals", "queues"}, {"object_totals", "exchanges"},
		{"queue_totals", "messages"}, {"queue_totals", "messages_ready"}, {"message_stats", "publish"},
	} {
		g.Eventually(func() float64 { return at(path...) }).WithTimeout(patience).Should(BeNumerically(">", 0), "%v", path)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l, g := newLab(t), NewWithT(t)
	for path, status := range map[string]int{
		"/api/queues/" + l.vhost + "/none": http.StatusNotFound,
		"/api/vhosts/none":                 http.StatusNotFound,
		"/api/connections/none":            http.StatusNotFound,
		"/api/nothing":                     http.StatusNotFound,
	} {
		got, _ := l.request(http.MethodGet, path)
		g.Expect(got).To(Equal(status), path)
	}
	_, answer := l.request(http.MethodGet, "/api/vhosts/none")
	g.Expect(answer).To(Equal(map[string]any{"error": "Object Not Found", "reason": "Not Found"}))
	l.base = strings.Replace(l.base, "guest:guest", "guest:wrong", 1)
	status, _ := l.request(http.MethodGet, "/api/overview")
	g.Expect(status).To(Equal(http.StatusUnauthorized))
}

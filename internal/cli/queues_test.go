package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// office is a broker with the queues of bridges, none of which runs.
type office struct {
	*testing.T
	g      *gomega.WithT
	broker *brokertest.Broker
}

func newOffice(t *testing.T, letters ...deadletter.Letter) *office {
	t.Helper()
	o := &office{t, gomega.NewWithT(t), brokertest.New(t)}
	b := bus.New(bus.Config{URL: o.broker.URL, Clock: clock.System(), IDs: ids.New()})
	b.DeclareQueue(bus.Queue{Name: bridge.WorkQueue, Durable: true, Args: bridge.WorkQueueArguments()})
	b.DeclareQueue(bus.Queue{Name: bridge.DeadQueue, Durable: true, Args: deadletter.Arguments()})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	for _, l := range letters {
		o.g.Expect(b.Publish(ctx, l.Message())).To(gomega.Succeed())
	}
	_, err := b.Inspect(ctx, bridge.DeadQueue) // which is declared last
	o.g.Expect(err).NotTo(gomega.HaveOccurred())
	stop()
	o.g.Expect(<-ended).To(gomega.Succeed())
	return o
}

// queues runs a command of queues at the broker.
func (o *office) queues(args ...string) *program {
	o.Helper()
	return o.prepared(args...).start()
}

func (o *office) prepared(args ...string) *program {
	o.Helper()
	return prepare(o.T, append(append([]string{"queues"}, args...), "--amqp-url", o.broker.URL)...)
}

// ids lists the dead letters.
func (o *office) ids() []string {
	o.Helper()
	var rows []struct{ ID string }
	o.g.Expect(json.Unmarshal([]byte(o.queues("show", "-o", "json").expect(cli.ExitOK).stdout.String()), &rows)).To(gomega.Succeed())
	found := []string{}
	for _, row := range rows {
		found = append(found, row.ID)
	}
	return found
}

// work takes what is in the work queue.
func (o *office) work() []string {
	o.Helper()
	ch, found := o.broker.Channel(o.T), []string{}
	for {
		d, ok, err := ch.Get(bridge.WorkQueue, true)
		o.g.Expect(err).NotTo(gomega.HaveOccurred())
		if !ok {
			return found
		}
		found = append(found, string(d.Body))
	}
}

func someLetters() []deadletter.Letter {
	at := time.Date(2024, 3, 12, 14, 24, 34, 0, time.UTC)
	return []deadletter.Letter{
		{ID: "aaaa1111", Time: at, Node: "kazoolab@one", Reason: "not_json", Problem: "no \x1b[31mJSON", Exchange: "callevt", RoutingKey: "call.CHANNEL_CREATE.x", Body: []byte("{\"a\":\x1b[2J\nsecond line")},
		{ID: "aabb2222", Time: at, Node: "kazoolab@one", Reason: "panic", Problem: "panic: oh", RoutingKey: "call.CHANNEL_CREATE.y", Body: []byte("\xff\x00")},
		{ID: "cccc3333", Time: at, Node: "kazoolab@two", Reason: "not_json", Problem: "no JSON", RoutingKey: "call.CHANNEL_CREATE.z", Body: []byte("third")},
	}
}

func TestDeadLettersAreListedAndShown(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	list := o.queues("list").expect(cli.ExitOK, "told by a bridge's REST API").stdout.String()
	o.g.Expect(list).To(gomega.MatchRegexp(`kazoolab\.webhooks +0 +0 +no bridge takes events`))
	o.g.Expect(list).To(gomega.MatchRegexp(`kazoolab\.webhooks\.dead +3 +0 +2 not_json, 1 panic`))
	o.g.Expect(o.queues("list", "-o", "json").expect(cli.ExitOK).stdout.String()).To(gomega.MatchJSON(`{
		"queues":[{"queue":"kazoolab.webhooks","there":true,"messages":0,"consumers":0},
			{"queue":"kazoolab.webhooks.dead","there":true,"messages":3,"consumers":0}],
		"reasons":{"not_json":2,"panic":1},"backlogs":null}`))

	show := o.queues("show").expect(cli.ExitOK).stdout.String()
	o.g.Expect(strings.Count(show, "\n")).To(gomega.Equal(4))
	o.g.Expect(show).To(gomega.MatchRegexp(`aaaa1111 +2024-03-1\d \d\d:\d\d:34 +not_json +21 +call\.CHANNEL_CREATE\.x +no  \[31mJSON\n`))
	o.g.Expect(o.queues("show", "--reason", "panic").expect(cli.ExitOK).stdout.String()).To(gomega.And(
		gomega.ContainSubstring("aabb2222"), gomega.Not(gomega.ContainSubstring("aaaa1111"))))

	one := o.queues("show", "aaaa").expect(cli.ExitOK).stdout.String()
	o.g.Expect(one).To(gomega.And(gomega.ContainSubstring("routing key       call.CHANNEL_CREATE.x\n"),
		gomega.ContainSubstring("node              kazoolab@one\n"), gomega.HaveSuffix("\n\n"+`{\"a\":\x1b[2J`+"\nsecond line\n")))
	o.g.Expect(o.queues("show", "cccc3333", "-o", "json").expect(cli.ExitOK).stdout.String()).To(gomega.MatchJSON(
		`{"id":"cccc3333","time":"2024-03-12T14:24:34.000Z","reason":"not_json","problem":"no JSON","routing_key":"call.CHANNEL_CREATE.z",
		"node":"kazoolab@two","content_type":"application/json","bytes":5,"body":"third"}`))
	o.g.Expect(o.queues("show", "aabb", "-o", "json").expect(cli.ExitOK).stdout.String()).To(gomega.ContainSubstring(`"body_base64": "/wA="`))
	o.g.Expect(o.ids()).To(gomega.Equal([]string{"aaaa1111", "aabb2222", "cccc3333"}), "looking changes nothing")
}

func TestDeadLettersAreReplayed(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	out := o.queues("replay", "cccc", "aaaa1111").expect(cli.ExitOK).stdout.String()
	o.g.Expect(out).To(gomega.Equal("replayed  aaaa1111  not_json  call.CHANNEL_CREATE.x\nreplayed  cccc3333  not_json  call.CHANNEL_CREATE.z\n"))
	o.g.Expect(o.work()).To(gomega.Equal([]string{string(someLetters()[0].Body), "third"}))
	o.g.Expect(o.ids()).To(gomega.Equal([]string{"aabb2222"}))
	o.g.Expect(o.queues("replay", "--all", "-o", "json").expect(cli.ExitOK).stdout.String()).
		To(gomega.Equal(`{"done":"replayed","id":"aabb2222","reason":"panic"}` + "\n"))
	o.g.Expect(o.work()).To(gomega.Equal([]string{"\xff\x00"}))
	o.queues("replay", "--all").expect(cli.ExitOK, "there are no dead letters")
	o.queues("show").expect(cli.ExitOK, "there are no dead letters")
	o.g.Expect(o.queues("show", "-o", "json").expect(cli.ExitOK).stdout.String()).To(gomega.Equal("[]\n"))
}

func TestDeadLettersAreDroppedWhenThatIsMeant(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	answered := func(answer string, args ...string) *program {
		p := o.prepared(append([]string{"drop"}, args...)...)
		p.state.Stdin = strings.NewReader(answer)
		return p.start()
	}
	answered("", "--all").expect(cli.ExitUsage, "Drop 3 of 3 dead letters for good? [y/N]", "nothing was dropped", "--yes")
	answered("n\n", "--all").expect(cli.ExitFailed, "nothing was dropped")
	answered("\n", "aaaa").expect(cli.ExitFailed, "Drop 1 of 3", "nothing was dropped")
	o.g.Expect(o.ids()).To(gomega.HaveLen(3))
	answered("y\n", "aabb").expect(cli.ExitOK)
	o.g.Expect(o.ids()).To(gomega.Equal([]string{"aaaa1111", "cccc3333"}))
	out := o.queues("drop", "--all", "--reason", "not_json", "--yes").expect(cli.ExitOK).stdout.String()
	o.g.Expect(out).To(gomega.Equal("dropped  aaaa1111  not_json  call.CHANNEL_CREATE.x\ndropped  cccc3333  not_json  call.CHANNEL_CREATE.z\n"))
	o.g.Expect(o.ids()).To(gomega.BeEmpty())
	o.g.Expect(o.work()).To(gomega.BeEmpty())
}

func TestLettersThatAreNotMeant(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	for args, says := range map[string]string{
		"show aaaa1112":                  "did you mean aaaa1111?",
		"show zz":                        `there is no dead letter "zz"; kazoolab queues show lists them`,
		"replay aaaa aa":                 `"aa" means 2 dead letters: aaaa1111, aabb2222; write more of the id`,
		"drop aaaa nothing --yes":        `there is no dead letter "nothing"`,
		"replay --all --reason not_jsn":  "did you mean not_json?",
		"drop --all --reason x --yes":    "there are 2 not_json, 1 panic",
		"replay":                         "which dead letters?",
		"drop":                           "which dead letters?",
		"replay a --all":                 `leave "a" or the flag out`,
		"replay --reason panic":          "add that",
		"replay a --hook h":              "--hook is for what waits for a hook",
		"replay --hook h --all":          "--hook is for what waits for a hook",
		"show a b":                       `"b" is too much`,
		"show a --reason panic":          "--reason is for the list",
		"list a":                         `takes no argument`,
		"replay --hook h":                "told by a bridge's REST API, not by the broker: name it by --url, --token and --account",
		"drop --hook h --yes":            "name it by --url, --token and --account",
		"list --account acc":             "name it by --url, --token and --account",
		"replay --hook h --url http://x": "--account",
	} {
		o.queues(strings.Fields(args)...).expect(cli.ExitUsage, says)
	}
	o.g.Expect(o.ids()).To(gomega.HaveLen(3), "nothing of a bad list is done")
	o.g.Expect(o.work()).To(gomega.BeEmpty())
}

// A bridge whose store is away cannot tell what waits: that is not nothing.
func TestWhatWaitsIsNotKnownWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	server := kazooAnswering(t, func(mux *http.ServeMux, _ func(http.ResponseWriter, *http.Request, string)) {
		mux.HandleFunc("GET /v2/accounts/acc/kazoolab/backlogs", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message":"datastore_fault","status":"error"}`)
		})
	})
	for format, shows := range map[string]string{"text": "2 not_json, 1 panic", "json": `"backlogs": null`} {
		p := o.queues("list", "-o", format, "--url", server.URL, "--account", "acc", "--token", "tok.en")
		p.expect(cli.ExitFailed, "what waits for receivers is not known: ", "500", "datastore_fault")
		o.g.Expect(p.stdout.String()).To(gomega.And(gomega.ContainSubstring(shows), gomega.Not(gomega.ContainSubstring("Nothing waits"))))
	}
}

// The running up is at another broker than the one that is meant: it is not asked.
func TestWhatWaitsAtAnotherBrokerIsNotAskedOfTheRunningUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for args, code := range map[string]int{"list": cli.ExitOK, "replay --hook h": cli.ExitUsage, "drop --hook h --yes": cli.ExitUsage} {
		p := o.prepared(strings.Fields(args)...).withRunFile("http://127.0.0.1:1")
		p.start().expect(code, "name it by --url, --token and --account")
	}
	run(t, "queues", "replay", "--hook", "h").expect(cli.ExitUnreachable, "not running", "name it by --url, --token and --account")
}

func TestQueuesThatAreNotThere(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	broker := brokertest.New(t)
	for _, command := range []string{"list", "show", "replay --all", "drop --all --yes"} {
		args := append([]string{"queues"}, strings.Fields(command)...)
		run(t, append(args, "--amqp-url", broker.URL)...).expect(cli.ExitFailed, "has no queue kazoolab.webhooks.dead: a bridge makes it", "--amqp-url")
		p := run(t, append(args, "--amqp-url", "amqp://guest:secret@127.0.0.1:1/")...)
		p.expect(cli.ExitUnreachable, "no broker at amqp://guest:***@127.0.0.1:1/")
		g.Expect(p.stderr.String()).NotTo(gomega.ContainSubstring("secret"))
	}
	// Of an older bridge there is the work queue alone.
	_, err := broker.Channel(t).QueueDeclare(bridge.WorkQueue, true, false, false, false, bridge.WorkQueueArguments())
	g.Expect(err).NotTo(gomega.HaveOccurred())
	p := run(t, "queues", "list", "--amqp-url", broker.URL).expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(gomega.MatchRegexp(`kazoolab\.webhooks\.dead +0 +0 +there is no such queue`))

	o := newOffice(t, someLetters()...)
	_, err = o.broker.Channel(t).QueueDelete(bridge.WorkQueue, false, false, false)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	o.queues("replay", "--all").expect(cli.ExitFailed, "has no queue kazoolab.webhooks: ", "start one")
	g.Expect(o.ids()).To(gomega.HaveLen(3))
}

func TestLettersThatSomebodyElseHolds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, someLetters()...)
	p := o.prepared("drop", "--all")
	reader, writer := io.Pipe() // nobody answers
	p.state.Stdin = reader
	p.start()
	o.g.Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(gomega.ContainSubstring("[y/N]"))
	o.queues("show").expect(cli.ExitFailed, "somebody else is looking at the dead letters", "try again")
	list := o.queues("list").expect(cli.ExitOK).stdout.String()
	o.g.Expect(list).To(gomega.MatchRegexp(`kazoolab\.webhooks\.dead `))
	p.end(cli.ErrInterrupted)
	p.expect(cli.ExitInterrupted)
	o.g.Expect(writer.Close()).To(gomega.Succeed())
	o.g.Eventually(t.Context(), o.ids).WithTimeout(eventually).Should(gomega.HaveLen(3))
}

// With up running no flag is needed: a broken message is found, and so is what waits
// for a receiver.
func TestQueuesOfTheRunningUp(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	running, l := up(t, broker)
	s := &stage{T: t, g: gomega.NewWithT(t), running: running, lab: l}
	ch := broker.Channel(t)
	s.g.Expect(ch.Publish("callevt", "call.CHANNEL_CREATE.x", false, false, amqp.Publishing{Body: []byte("broken")})).To(gomega.Succeed())
	var id string
	s.g.Eventually(t.Context(), func() string {
		row := regexp.MustCompile(`(?m)^([0-9a-f]{16}) .* not_json +6 +call\.CHANNEL_CREATE\.x `).FindStringSubmatch(s.cli("queues", "show"))
		if row == nil {
			return ""
		}
		id = row[1]
		return id
	}).WithTimeout(eventually).ShouldNot(gomega.BeEmpty())
	s.g.Expect(s.cli("queues", "list")).To(gomega.And(
		gomega.MatchRegexp(`kazoolab\.webhooks +0 +1 *\n`),
		gomega.MatchRegexp(`kazoolab\.webhooks\.dead +1 +0 +1 not_json`),
		gomega.ContainSubstring("Nothing waits for a receiver.")))
	s.cli("queues", "replay", id[:6])
	s.g.Eventually(t.Context(), func() string { return s.cli("queues", "show") }).WithTimeout(eventually).
		Should(gomega.And(gomega.ContainSubstring("not_json"), gomega.Not(gomega.ContainSubstring(id))), "still broken, it comes back with another id")
	s.cli("queues", "drop", "--all", "--yes")
	s.g.Expect(s.cli("queues", "list")).To(gomega.MatchRegexp(`kazoolab\.webhooks\.dead +0 +0`))
}

// waitingFor answers as a bridge does for whose hooks deliveries wait.
func waitingFor(t *testing.T, rows ...string) (base string, asked chan string) {
	t.Helper()
	asked = make(chan string, 10)
	server := kazooAnswering(t, func(mux *http.ServeMux, answer func(w http.ResponseWriter, r *http.Request, data string)) {
		mux.HandleFunc("GET /v2/accounts/acc/kazoolab/backlogs", func(w http.ResponseWriter, r *http.Request) {
			answer(w, r, "["+strings.Join(rows, ",")+"]")
		})
		mux.HandleFunc("/v2/accounts/acc/kazoolab/backlogs/{hook}", func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Method + " " + r.PathValue("hook") + " " + r.URL.Query().Get("account_id")
			answer(w, r, rows[0])
		})
	})
	return server.URL, asked
}

func TestWhatWaitsForAHookIsListedTriedAndDropped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	base, asked := waitingFor(t,
		`{"account_id":"acc","hook_id":"aaaa1111","waiting":12,"since":"2024-03-12T14:24:34Z","node":"n1"}`,
		`{"account_id":"below","hook_id":"aabb2222","waiting":3,"since":"2024-03-12T14:24:34Z","node":""}`,
		`{"account_id":"below","hook_id":"callflow:7","waiting":1,"since":"","node":""}`,
		`{"account_id":"beside","hook_id":"callflow:7","waiting":1,"since":"","node":""}`)
	queues := func(args ...string) *program {
		return o.queues(append(args, "--url", base, "--account", "acc", "--token", "tok.en")...)
	}
	list := queues("list").expect(cli.ExitOK).stdout.String()
	o.g.Expect(list).To(gomega.And(
		gomega.MatchRegexp(`aaaa1111 +acc +12 +2024-03-1\d \d\d:\d\d:34 +n1\n`), gomega.MatchRegexp(`aabb2222 +below +3 .* -\n`)))
	o.g.Expect(queues("list", "-o", "json").expect(cli.ExitOK).stdout.String()).To(gomega.ContainSubstring(`"hook_id": "aabb2222"`))

	o.g.Expect(queues("replay", "--hook", "aaaa").expect(cli.ExitOK).stdout.String()).To(gomega.ContainSubstring("hook aaaa1111 is tried now; 12 deliveries"))
	o.g.Expect(asked).To(gomega.Receive(gomega.Equal("POST aaaa1111 acc")))
	queues("drop", "--hook", "aabb2222").expect(cli.ExitUsage, "Drop the 3 deliveries that wait for hook aabb2222 for good?", "--yes")
	o.g.Expect(asked).NotTo(gomega.Receive())
	queues("drop", "--hook", "aabb2222", "--yes").expect(cli.ExitOK)
	o.g.Expect(asked).To(gomega.Receive(gomega.Equal("DELETE aabb2222 below")))

	queues("drop", "--hook", "aa", "--yes").expect(cli.ExitUsage, `"aa" means 2 hooks: aaaa1111 of account acc, aabb2222 of account below`)
	queues("drop", "--hook", "callflow:7", "--yes").expect(cli.ExitUsage, "callflow:7 of account beside", "--account")
	queues("replay", "--hook", "aaaa1112").expect(cli.ExitUsage, `nothing waits for a hook "aaaa1112"; did you mean aaaa1111?`)
	o.queues("list", "--url", base, "--account", "acc", "--token", "old").expect(cli.ExitFailed, "401", "get a new one")
}

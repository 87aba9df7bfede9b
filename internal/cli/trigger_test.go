package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// bound makes a queue for all call events of a broker.
func bound(t *testing.T, broker *brokertest.Broker) <-chan amqp.Delivery {
	t.Helper()
	channel := broker.Channel(t)
	if err := channel.ExchangeDeclare("callevt", "topic", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.QueueBind(queue.Name, "call.#", "callevt", false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

func TestTriggerPublishesTheEventOfTheFirstCustomer(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	deliveries := bound(t, broker)
	server := fakeBridge(t, 200, "")
	p := prepare(t, "trigger", "channel_create", "--amqp-url", broker.URL, "--set", "Caller-ID-Number=+15551234567",
		"--set", "Custom-Channel-Vars.Ticket=17").withRunFile(server.URL).start().expect(cli.ExitOK)
	d := <-deliveries
	var event map[string]any
	if err := json.Unmarshal(d.Body, &event); err != nil {
		t.Fatal(err)
	}
	vars, _ := event["Custom-Channel-Vars"].(map[string]any)
	for what, pair := range map[string][2]any{
		"event":     {event["Event-Name"], "CHANNEL_CREATE"},
		"caller":    {event["Caller-ID-Number"], "+15551234567"},
		"dialled":   {event["Caller-Destination-Number"], "+14155550123"},
		"account":   {vars["Account-ID"], customerID},
		"realm":     {vars["Account-Realm"], "cust.sip.example.com"},
		"reseller":  {vars["Reseller-ID"], resellerID},
		"variable":  {vars["Ticket"], "17"},
		"type":      {d.ContentType, "application/json"},
		"call-id":   {string(d.Headers["call-id"].([]byte)), event["Call-ID"]},
		"key":       {d.RoutingKey, kapi.CallEventKey("CHANNEL_CREATE", event["Call-ID"].(string))},
		"printed":   {p.stdout.String(), "CHANNEL_CREATE  " + event["Call-ID"].(string) + "  " + d.RoutingKey + "\n"},
		"timestamp": {len(event["Msg-ID"].(string)), 16},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestTriggerManyAreDifferentCalls(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	deliveries := bound(t, broker)
	p := run(t, "trigger", "CHANNEL_DESTROY", "--account", customerID, "--amqp-url", broker.URL, "--count", "3", "-o", "json").expect(cli.ExitOK)
	calls := map[string]bool{}
	for line := range strings.Lines(p.stdout.String()) {
		var report struct {
			Event, Exchange string
			CallID          string `json:"call_id"`
			RoutingKey      string `json:"routing_key"`
			Message         json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &report); err != nil {
			t.Fatal(err)
		}
		d := <-deliveries
		if report.Event != "CHANNEL_DESTROY" || report.Exchange != "callevt" || report.RoutingKey != d.RoutingKey || string(report.Message) != string(d.Body) {
			t.Errorf("reported %s\nsent %s %s", line, d.RoutingKey, d.Body)
		}
		calls[report.CallID] = true
	}
	if len(calls) != 3 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestTriggerAFile(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	deliveries := bound(t, broker)
	run(t, "trigger", "--amqp-url", broker.URL, "--account", customerID, "--set", "DTMF-Digit=7",
		"--file", write(t, `{"Event-Name":"DTMF","Call-ID":"c 1","DTMF-Digit":"5"}`)).expect(cli.ExitOK)
	d := <-deliveries
	if d.RoutingKey != "call.DTMF.c+1" || !strings.HasPrefix(string(d.Body),
		`{"DTMF-Digit":"7","Custom-Channel-Vars":{"Account-ID":"`+customerID+`"},"Call-ID":"c 1",`) {
		t.Errorf("%s %s", d.RoutingKey, d.Body)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTriggerRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"channel_create", "--set", "Caller-Id-Numbr=1"}, []string{`no field "Caller-Id-Numbr"`, "Caller-ID-Number"}},
		{[]string{"channel_create", "--set", "Custom-Chanel-Vars.X=1"}, []string{"did you mean Custom-Channel-Vars?"}},
		{[]string{"channel_create", "--set", "Custom-Channel-Vars=1"}, []string{"takes a JSON object"}},
		{[]string{"channel_create", "--set", "Call-ID="}, []string{"Call-ID"}},
		{[]string{"channel_create", "--file", write(t, `{"Event-Name":"DTMF","Call-ID":"c"}`)}, []string{"holds a DTMF, not a CHANNEL_CREATE"}},
		{[]string{"--file", write(t, `{"Call-ID":"c"}`)}, []string{"no Event-Name"}},
		{[]string{"--file", write(t, `{"Event-Name":"DTMF"}`)}, []string{"Call-ID"}},
		{[]string{"--file", write(t, `{"Event-Name":"DTMF","Call-ID":"c","Dtmf-Digit":"5"}`)}, []string{"did you mean DTMF-Digit?"}},
		{[]string{"--file", write(t, `{"Event-Name":`)}, []string{"at byte"}},
		{[]string{"--file", "/does/not/exist.json"}, []string{"no such file"}},
	} {
		args := append([]string{"trigger", "--account", customerID, "--amqp-url", "amqp://127.0.0.1:1"}, c.args...)
		run(t, args...).expect(cli.ExitUsage, c.says...)
	}
}

func TestTriggerSaysWhenNobodyTakesTheEvent(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	p := run(t, "trigger", "channel_create", "--account", customerID, "--amqp-url", broker.URL, "--timeout", "300ms").
		expect(cli.ExitFailed, "no queue takes call.CHANNEL_CREATE.", "does a bridge run")
	if p.stdout.String() != "" {
		t.Errorf("printed %q", &p.stdout)
	}
}

func TestTriggerSaysWhenTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	p := run(t, "trigger", "channel_create", "--account", customerID, "--amqp-url", "amqp://u:hunter2@127.0.0.1:1/").
		expect(cli.ExitUnreachable, "no broker at amqp://u:***@127.0.0.1:1/", "refused")
	if strings.Contains(p.stderr.String(), "hunter2") {
		t.Error("the password is shown")
	}
}

// The same seed makes the same call, whoever asks.
func TestTheSeedDecidesTheCall(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	deliveries := bound(t, broker)
	var ids [2]string
	for i := range ids {
		run(t, "trigger", "channel_answer", "--account", customerID, "--amqp-url", broker.URL, "--seed", "s").expect(cli.ExitOK)
		var event map[string]any
		if err := json.Unmarshal((<-deliveries).Body, &event); err != nil {
			t.Fatal(err)
		}
		ids[i] = event["Call-ID"].(string)
	}
	if ids[0] != ids[1] {
		t.Errorf("calls %q", ids)
	}
}

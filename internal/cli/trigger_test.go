package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path"
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
	return boundTo(t, broker, "callevt", "call.#")
}

func boundTo(t *testing.T, broker *brokertest.Broker, exchange, key string) <-chan amqp.Delivery {
	t.Helper()
	channel := broker.Channel(t)
	if err := channel.ExchangeDeclare(exchange, "topic", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.QueueBind(queue.Name, key, exchange, false, nil); err != nil {
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

func TestWhatTriggerPrintsDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	bound(t, broker)
	p := run(t, "trigger", "channel_create", "--account", customerID, "--amqp-url", broker.URL, "--set", "Call-ID=c\x1b[31m\nx").expect(cli.ExitOK)
	if !strings.HasPrefix(p.stdout.String(), "CHANNEL_CREATE  c [31m x  ") {
		t.Errorf("printed %q", &p.stdout)
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

// What can be triggered, beside calls: where it goes, and what of it says so.
func TestTriggerWhateverCanHappen(t *testing.T) {
	t.Parallel()
	const db = "account%2F22%2F22%2F2222222222222222222222222222"
	for args, want := range map[string]struct {
		exchange string
		keys     []string // each with a * for what is drawn
		says     string
	}{
		"parking":                            {"callevt", []string{"call.PARK_PARKED.*"}, `"Parking-Slot":"101"`},
		"object":                             {"configuration", []string{"doc_edited." + db + ".device.*"}, `"Type":"device"`},
		"doc_created --set Type=user":        {"configuration", []string{"doc_created." + db + ".user.daba000000000000000000000000da5c"}, `"Type":"user"`},
		"doc_deleted --set Type=account":     {"configuration", []string{"doc_deleted." + db + ".account." + customerID, "doc_deleted.accounts.account." + customerID}, `"Is-Soft-Deleted":true`},
		"doc_created --set Type=fax":         {"configuration", []string{"doc_created." + db + "-*.fax.*"}, `"Type":"fax"`},
		"voicemail_new":                      {"notifications", []string{"notifications.voicemail.new"}, `"To-User":"+14155550123"`},
		"missed_call":                        {"notifications", []string{"notifications.sip.missed_call"}, `"To":["dana@cust.example.com"]`},
		"callflow --set Hook.uri=http://x/y": {"notifications", []string{"notifications.webhook.callflow"}, `"uri":"http://x/y"`},
		"system_alert --set Details.Foo=1":   {"notifications", []string{"notifications.system.alert"}, `"Foo":"1"`},
		"MMS":                                {"im", []string{"mms.inbound.offnet.*"}, `"To":"+14155550123"`},
		"sms_outbound":                       {"im", []string{"sms.outbound.*.*"}, `"From":"+14155550123"`},
		"fax_incoming": {"faxes", []string{"fax.status." + customerID + ".*", "fax.status." + customerID + ".*", "fax.status." + customerID + ".*",
			"fax.status." + customerID + ".*", "fax.status." + customerID + ".*"}, `"Direction":"incoming"`},
		"add_member":  {"conference", []string{"conference.event.add-member." + customerID + ".*.*"}, `"Event":"add-member"`},
		"mwi_update":  {"presence", []string{"mwi_updates.cust%2Esip%2Eexample%2Ecom.1002"}, `"Messages-Waiting":"yes"`},
		"reg_success": {"registrar", []string{"registration.success.cust%2Esip%2Eexample%2Ecom.*"}, `"First-Registration":true`},
		"cdr_report":  {"cdr", []string{"cdr.report." + customerID + ".*"}, `"Event-Category":"cdr"`},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			broker := brokertest.New(t)
			deliveries := boundTo(t, broker, want.exchange, "#")
			server := fakeBridge(t, 200, "")
			p := prepare(t, append(strings.Fields("trigger "+args), "--amqp-url", broker.URL)...).withRunFile(server.URL).start().expect(cli.ExitOK)
			for _, key := range want.keys {
				d := <-deliveries
				if ok, err := path.Match(key, d.RoutingKey); err != nil || !ok {
					t.Errorf("sent to %s, want %s", d.RoutingKey, key)
				}
				if body := plainBody(t, d); !strings.Contains(body, want.says) {
					t.Errorf("sent %s, want %s in it", body, want.says)
				}
			}
			if lines := strings.Count(p.stdout.String(), "\n"); lines != len(want.keys) {
				t.Errorf("%d messages, want %d:\n%s", lines, len(want.keys), &p.stdout)
			}
		})
	}
}

func plainBody(t *testing.T, d amqp.Delivery) string {
	t.Helper()
	if (d.ContentEncoding == "gzip") != strings.HasPrefix(d.RoutingKey, "mms.") {
		t.Errorf("%s has the encoding %q", d.RoutingKey, d.ContentEncoding)
	}
	if d.ContentEncoding == "" {
		return string(d.Body)
	}
	z, err := gzip.NewReader(bytes.NewReader(d.Body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTriggerWhatNobodyHears(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	p := run(t, "trigger", "fax_status", "--account", customerID, "--amqp-url", broker.URL).expect(cli.ExitOK)
	if !strings.Contains(p.stderr.String(), "no queue takes fax.status."+customerID) || !strings.HasPrefix(p.stdout.String(), "status  ") {
		t.Errorf("said %q and %q", &p.stderr, &p.stdout)
	}
}

func TestTriggerListsWhatCanHappen(t *testing.T) {
	t.Parallel()
	list := run(t, "trigger", "--list").expect(cli.ExitOK).stdout.String()
	for _, line := range []string{
		"EVENT HOOK WHAT IT SAYS", "Parking", "park_parked parking a call was put in a parking slot",
		"voicemail_deleted a message was deleted from a voicemail box",
	} {
		if !strings.Contains(strings.Join(strings.Fields(list), " "), line) {
			t.Errorf("%q is not in\n%s", line, list)
		}
	}
	lines := run(t, "trigger", "--list", "-o", "json").expect(cli.ExitOK).stdout.String()
	if !strings.Contains(lines, `{"event":"sms_inbound","hook":"sms","group":"Text messages","about":"a text message came","messages":1}`) {
		t.Error(lines)
	}
}

func TestTriggerAFileOfADocumentOfAnotherAccount(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	deliveries := boundTo(t, broker, "configuration", "#")
	run(t, "trigger", "--amqp-url", broker.URL, "--account", customerID, "--file", write(t, `{"Event-Name":"doc_edited",
		"Database":"account%2F11%2F11%2F1111111111111111111111111111-202403","Type":"fax","ID":"202403-f"}`)).expect(cli.ExitOK)
	if d := <-deliveries; d.RoutingKey != "doc_edited.account%2F22%2F22%2F2222222222222222222222222222-202403.fax.202403-f" {
		t.Error(d.RoutingKey)
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
		{[]string{"--file", t.TempDir()}, []string{"is a directory"}},
		{[]string{"--file", write(t, "")}, []string{"unexpected end at byte 0"}},
		{[]string{"--file", write(t, "[]")}, []string{"not an object"}},
		{[]string{"--file", write(t, "\ufeff{}")}, []string{"at byte 1"}},
		{[]string{"--file", write(t, `{"Event-Name":"DTMF","Call-ID":"c"} {}`)}, []string{"text after the value at byte"}},
		{[]string{"--file", write(t, `{"Event-Name":["DTMF"],"Call-ID":"c"}`)}, []string{"no Event-Name"}},
		{[]string{"--file", write(t, "{\"Event-Name\":\"DTMF\",\"Call-ID\":\"\xe9\"}")}, []string{"event.json is not UTF-8"}},
		{[]string{"--file", write(t, strings.Repeat(`{"a":`, 2148)+"1"+strings.Repeat("}", 2148))}, []string{"nests deeper than 2048 levels"}},
		{[]string{"--file", write(t, strings.Repeat(" ", 17<<20))}, []string{"larger than 16 MiB"}},
		{[]string{"channel_create", "--set", "=x"}, []string{`"=x"`, "Path=value"}},
		{[]string{"channel_create", "--set", "a..b=1"}, []string{`no field "a..b"`}},
		{[]string{"channel_create", "--set", "Custom-Channel-Vars.=1"}, []string{`no field "Custom-Channel-Vars."`}},
		{[]string{"channel_create", "--timeout", "-1s"}, []string{"--timeout: -1s", "5s"}},
		{[]string{"channel_create", "--timeout", "soon"}, []string{`"soon"`, "--timeout"}},
		{[]string{"channel_create", "--count", "1e3"}, []string{`"1e3"`, "--count"}},
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

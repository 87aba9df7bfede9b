package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/recorder"
)

// soon is more than anything takes.
const soon = 30 * time.Second

// tapped declares Kazoo's exchanges and hears all that is published to them.
func tapped(t *testing.T, broker *brokertest.Broker) <-chan amqp.Delivery {
	t.Helper()
	channel := broker.Channel(t)
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	for _, bound := range recorder.Usual() {
		err = errors.Join(err, channel.ExchangeDeclare(bound.Exchange, bound.Kind, false, false, false, false, nil),
			channel.QueueBind(queue.Name, "#", bound.Exchange, false, nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

// recording starts record and waits until it hears everything.
func recording(t *testing.T, args ...string) *program {
	t.Helper()
	p := prepare(t, append([]string{"record"}, args...)...).start()
	NewWithT(t).Eventually(p.stderr.String).WithTimeout(soon).Should(ContainSubstring("Ctrl-C to end"))
	return p
}

// entriesOf reads a whole capture.
func entriesOf(t *testing.T, from io.Reader) (entries []capture.Entry) {
	t.Helper()
	r, err := capture.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
}

// Traffic of calls and an event of every other sort is recorded while it flows. Nobody in
// it can be found in the file, which another broker is played, byte for byte.
func TestWhatIsRecordedTellsOfNobodyAndIsPlayedAsItIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	original := tapped(t, broker)
	file := filepath.Join(t.TempDir(), "day.ndjson.gz")
	record := recording(t, file, "--amqp-url", broker.URL, "-o", "json")
	server := fakeBridge(t, 200, "")
	prepare(t, "simulate", "--amqp-url", broker.URL, "--rate", "2", "--calls", "40", "--speed", "max", "--seed", "one", "-o", "json").
		withRunFile(server.URL).start().expect(cli.ExitOK)
	for _, event := range []string{
		"mms_inbound", "sms", "inbound_fax", "outbound_fax", "missed_call", "register", "reg_success", "voicemail_new", "conference", "channel_pivot",
		"password_recovery", "new_user", "doc_edited", "mwi_update", "system_alert", "new_account", "emergency_bridge",
	} {
		prepare(t, "trigger", event, "--amqp-url", broker.URL, "--seed", "two").withRunFile(server.URL).start().expect(cli.ExitOK)
	}
	record.end(cli.ErrTerminated)
	record.expect(cli.ExitOK)
	var summary struct {
		Messages   int
		Gaps       int
		Anonymised bool
		Events     []struct{ Exchange, Event string }
	}
	g.Expect(json.Unmarshal([]byte(record.stdout.String()), &summary)).To(Succeed())
	g.Expect(summary.Messages).To(BeNumerically(">", 200))
	g.Expect(summary.Gaps).To(BeZero())
	g.Expect(summary.Anonymised).To(BeTrue())

	packed, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	entries := entriesOf(t, bytes.NewReader(packed))
	g.Expect(entries).To(HaveLen(summary.Messages))
	var was []amqp.Delivery
	for range entries {
		was = append(was, <-original)
	}
	g.Expect(original).To(BeEmpty(), "all of it was recorded")
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	g.Expect(err).NotTo(HaveOccurred())
	text, err := io.ReadAll(unpacked)
	g.Expect(err).NotTo(HaveOccurred())
	expectNobody(t, string(text), was)

	other := brokertest.New(t)
	copied := tapped(t, other)
	played := prepare(t, "replay", file, "--to", other.URL, "--speed", "max", "-o", "json").start().expect(cli.ExitOK)
	g.Expect(played.stdout.String()).To(ContainSubstring(fmt.Sprintf(`"messages":%d,`, len(entries))))
	for i, e := range entries {
		d := <-copied
		g.Expect(d.Exchange+" "+d.RoutingKey).To(Equal(e.Exchange+" "+e.Key), "message %d", i)
		g.Expect(string(d.Body)).To(Equal(string(e.Body)))
		g.Expect(d.ContentType + d.ContentEncoding).To(Equal(e.ContentType + e.ContentEncoding))
		g.Expect(d.Timestamp.Unix()).To(Equal(e.Timestamp))
		g.Expect(fmt.Sprint(d.Headers)).To(Equal(fmt.Sprint(e.Headers)))
		g.Expect(was[i].Exchange).To(Equal(e.Exchange))
		g.Expect(was[i].Timestamp.Unix()).To(Equal(e.Timestamp))
	}
	g.Expect(copied).To(BeEmpty())
}

// expectNobody searches a capture for every number, name, realm, user, host, address and
// account of the messages from which it was made.
func expectNobody(t *testing.T, file string, was []amqp.Delivery) {
	t.Helper()
	originals := map[string]bool{"Dana": true, "Cust Dental": true, "cust.sip": true, customerID: true, customerID[4:]: true}
	telling := regexp.MustCompile(`\+1\d{10}|user_[a-z0-9]+|[a-z0-9]+(\.[a-z0-9-]+)+\.com|\b\d+\.\d+\.\d+\.\d+\b|"[a-z.]+@`)
	named := regexp.MustCompile(`"(?:Caller-ID-Name|Callee-ID-Name|Account-Name|First-Name|Last-Name|Password|Username|Realm|Account-Realm)":"([^"]{4,})"`)
	for _, d := range was {
		text, ok := capture.Unpack(capture.Message{ContentEncoding: d.ContentEncoding, Body: d.Body})
		if !ok {
			t.Fatal("a body cannot be read")
		}
		for _, found := range telling.FindAllString(string(text), -1) {
			originals[strings.Trim(found, `"`)] = true
		}
		for _, found := range named.FindAllStringSubmatch(string(text), -1) {
			originals[found[1]] = true
		}
	}
	for _, harmless := range []string{"freeswitch@", "ecallmgr@", "kamailio@", "apps@", "sofia@", "fax@", "5.3.1.15347", "@"} {
		delete(originals, harmless)
	}
	if len(originals) < 60 {
		t.Errorf("only %d originals", len(originals))
	}
	var found []string
	for original := range originals {
		for _, form := range []string{original, strings.TrimPrefix(original, "+"), kapi.EncodeKey(original)} {
			if strings.Contains(file, form) && !slices.Contains(found, form) {
				found = append(found, form)
			}
		}
	}
	if len(found) > 0 {
		t.Errorf("the capture tells of %q", found)
	}
}

func TestIdentitiesCanBeKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	original := tapped(t, broker)
	record := recording(t, "-", "--from", broker.URL, "--keep-identities", "--messages", "2", "--exchange", "callevt")
	for range 2 {
		prepare(t, "trigger", "channel_create", "--amqp-url", broker.URL, "--account", customerID).start().expect(cli.ExitOK)
	}
	record.expect(cli.ExitOK, "2 messages in ", "CHANNEL_CREATE")
	entries := entriesOf(t, strings.NewReader(record.stdout.String()))
	g.Expect(entries).To(HaveLen(2))
	for _, e := range entries {
		d := <-original
		g.Expect(e.Body).To(Equal(d.Body))
		g.Expect(e.Key).To(Equal(d.RoutingKey))
		g.Expect(e.Headers["call-id"]).To(Equal(d.Headers["call-id"]))
	}

	// It is played to another account, at another time.
	const to = "00112233445566778899aabbccddeeff"
	other := brokertest.New(t)
	copied := tapped(t, other)
	play := prepare(t, "replay", "-", "--to", other.URL, "--speed", "max", "--shift-time", "--map-account", customerID+"="+to)
	play.state.Stdin = strings.NewReader(record.stdout.String())
	play.start().expect(cli.ExitOK)
	d := <-copied
	g.Expect(string(d.Body)).To(ContainSubstring(`"Account-ID":"` + to + `"`))
	g.Expect(string(d.Body)).NotTo(ContainSubstring(customerID))
	g.Expect(play.stdout.String()).To(ContainSubstring("2 messages, "))
}

func TestASeedGivesTheSameIdentitiesTwice(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	tapped(t, broker)
	one := recording(t, "-", "--from", broker.URL, "--messages", "1", "--seed", "s")
	two := recording(t, "-", "--from", broker.URL, "--messages", "1", "--seed", "s")
	three := recording(t, "-", "--from", broker.URL, "--for", "24h", "--messages", "1")
	prepare(t, "trigger", "channel_create", "--amqp-url", broker.URL, "--account", customerID).start().expect(cli.ExitOK)
	var bodies []string
	for _, p := range []*program{one, two, three} {
		p.expect(cli.ExitOK)
		bodies = append(bodies, string(entriesOf(t, strings.NewReader(p.stdout.String()))[0].Body))
	}
	g.Expect(bodies[0]).To(Equal(bodies[1]))
	g.Expect(bodies[2]).NotTo(Equal(bodies[0]))
}

func TestRecordDeclaresNothingOfOthers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	file := filepath.Join(t.TempDir(), "c.ndjson")
	run(t, "record", file, "--from", broker.URL).expect(cli.ExitFailed, "the broker has none of Kazoo's exchanges (callevt, ", "start that first")
	run(t, "record", file, "--from", broker.URL, "--exchange", "calevt").
		expect(cli.ExitFailed, "--exchange: the broker has no exchange calevt; ", "start that first", "; did you mean callevt?")
	g.Expect(file).NotTo(BeAnExistingFile())
	channel := broker.Channel(t)
	g.Expect(channel.ExchangeDeclare("callevt", "topic", false, false, false, false, nil)).To(Succeed())
	run(t, "record", file, "--from", broker.URL, "--for", "1ms").expect(cli.ExitOK, "not recorded, since the broker has no such exchange: configuration, ")
	g.Expect(file).To(BeAnExistingFile())
	run(t, "record", file, "--from", broker.URL).expect(cli.ExitUsage, "is there already; name another file, or give --overwrite")
	run(t, "record", file, "--from", broker.URL, "--for", "1ms", "--overwrite").expect(cli.ExitOK)
	g.Expect(channel.ExchangeDeclarePassive("configuration", "topic", false, false, false, false, nil)).NotTo(Succeed())
}

func TestAnInterruptedRecordingIsWhole(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	tapped(t, broker)
	file := filepath.Join(t.TempDir(), "c.ndjson.zst")
	record := recording(t, file, "--from", broker.URL)
	prepare(t, "trigger", "sms", "--amqp-url", broker.URL, "--account", customerID).start().expect(cli.ExitOK)
	record.end(cli.ErrInterrupted)
	record.expect(cli.ExitInterrupted)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if entries := entriesOf(t, bytes.NewReader(text)); len(entries) != 1 {
		t.Errorf("%d messages", len(entries))
	}
}

// small is a capture of three messages.
func small(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w, err := capture.NewWriter(&b, capture.Plain, capture.Header{Began: at})
	for _, name := range []string{"CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY"} {
		err = errors.Join(err, w.Write(at, capture.Message{
			Exchange: "callevt", Kind: "topic", Key: "call." + name + ".a", Body: []byte(`{"Event-Name":"` + name + `"}`),
		}))
	}
	if err = errors.Join(err, w.Close(at)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReplayChoosesEventsAndSaysWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	copied := tapped(t, broker)
	play := func(file string, args ...string) *program {
		p := prepare(t, append([]string{"replay", "-", "--to", broker.URL, "--speed", "max"}, args...)...)
		p.state.Stdin = strings.NewReader(file)
		return p.start()
	}
	file := small(t)
	play(file, "--only-event", "CHANNEL_ANSWER").expect(cli.ExitOK)
	g.Expect((<-copied).RoutingKey).To(Equal("call.CHANNEL_ANSWER.a"))
	const nobody = "00000000000000000000000000000000"
	play(file, "--map-account", nobody+"="+customerID).expect(cli.ExitFailed, "--map-account: no message is of account "+nobody+"; the capture has ")
	play(file, "--only-event", "CHANNEL_CRATE").expect(cli.ExitFailed,
		"--only-event: the capture has no event CHANNEL_CRATE; it has CHANNEL_ANSWER, CHANNEL_CREATE, CHANNEL_DESTROY; did you mean CHANNEL_CREATE?")
	lines := strings.SplitAfter(file, "\n")
	cut := play(strings.Join(lines[:3], "")+lines[3][:20]).expect(cli.ExitOK, "warning: -, line 4: the capture is cut off")
	g.Expect(cut.stdout.String()).To(HavePrefix("2 messages, "))
	play(strings.Join(lines[:3], "")+"x\n"+lines[3]).expect(cli.ExitFailed, "-: line 4: it is no JSON", "the 2 messages before were read")
}

func TestWrongRecordsAndReplaysSayWhatIsMeant(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "c")
	if err := os.WriteFile(file, []byte(small(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"record a b":                           `takes one file, and "b" is too much`,
		"record --for -1s":                     "--for: -1s is before the beginning",
		"record --messages -1":                 "--messages: -1 is less than 0",
		"record --seed s --keep-identities":    "leave one of them out",
		"record --exchange targeted":           "--exchange: targeted is of type direct",
		"record --exchange x:headers":          "--exchange: x is of type headers",
		"record --exchange :topic":             `--exchange: ":topic" names none`,
		"record --from http://h":               "--from: it begins with http://, not with amqp:// or amqps://",
		"record --from amqp://h --amqp-url x":  "--from and --amqp-url say the same",
		"replay":                               "which capture?",
		"replay nowhere.ndjson":                "cannot read nowhere.ndjson: no such file or directory",
		"replay FILE --speed fast":             `--speed: "fast" is no speed; write 1, 60x or max`,
		"replay FILE --map-account a":          `--map-account: "a" is no pair; write it as OLD=NEW`,
		"replay FILE --map-account a=b":        `--map-account: "a" is no account: an id has 32 digits`,
		"replay FILE --to rabbit":              "--to: it does not begin with amqp:// or amqps://",
		"replay record_test.go":                "record_test.go: line 1: this is no capture",
		"record x --from amqp://127.0.0.1:1/":  "no broker at amqp://127.0.0.1:1/",
		"replay FILE --to amqp://127.0.0.1:1/": "no broker at amqp://127.0.0.1:1/",
	} {
		code := cli.ExitUsage
		if strings.HasPrefix(says, "no broker") {
			code = cli.ExitUnreachable
		}
		run(t, strings.Fields(strings.ReplaceAll(args, "FILE", file))...).expect(code, says)
	}
}

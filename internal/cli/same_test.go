package cli_test

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/recorder"
)

// bytesOf are all bytes of the messages in a capture, without the moments at which they
// were recorded, which are the machine's.
func bytesOf(t *testing.T, from io.Reader) (messages int, sum string) {
	t.Helper()
	r, err := capture.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.New()
	quickcalls := regexp.MustCompile(`[0-9a-f]{36}-quickcall`) // the bridge draws these
	numbers := map[string]string{}
	numbered := func(id string) string {
		if numbers[id] == "" {
			numbers[id] = fmt.Sprint("quickcall ", len(numbers))
		}
		return numbers[id]
	}
	for {
		e, err := r.Next()
		switch {
		case err == io.EOF: //nolint:errorlint // not wrapped
			return messages, fmt.Sprintf("%x", digest.Sum(nil))
		case err != nil:
			t.Fatal(err)
		case e.Gap != "":
			t.Fatalf("the capture has a gap: %s", e.Gap)
		case strings.Contains(string(e.Body), `"Node":"kazoolab@`): // the bridge, of hooks that were made
		default:
			messages++
			add(digest, e.Message, func(text string) string { return quickcalls.ReplaceAllStringFunc(text, numbered) })
		}
	}
}

func add(digest hash.Hash, m capture.Message, without func(text string) string) {
	headers := make([]string, 0, len(m.Headers))
	for name, value := range m.Headers { // call-id is bytes
		headers = append(headers, name+"="+without(fmt.Sprintf("%s", value)))
	}
	slices.Sort(headers)
	fmt.Fprintf(digest, "%s %s %s %s %s %d %q\n%s\n", m.Exchange, m.Kind, without(m.Key), m.ContentType, m.ContentEncoding, m.Timestamp, headers,
		without(string(m.Body)))
}

// Each story of the tree is told twice and recorded: the same seed makes the same bytes,
// another one does not.
func TestTheSameSeedOfAScenarioIsRecordedTheSame(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			messages, once := told(t, file, "one")
			g.Expect(messages).To(BeNumerically(">", 2))
			_, again := told(t, file, "one")
			g.Expect(again).To(Equal(once))
			_, other := told(t, file, "two")
			g.Expect(other).NotTo(Equal(once))
		})
	}
}

// told plays a scenario, with a seed and always at the same time, and records what is on
// the bus.
func told(t *testing.T, file, seed string) (messages int, sum string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	story := regexp.MustCompile(`(?m)^(seed|start):.*\n`).ReplaceAllString(string(text), "")
	story = regexp.MustCompile(`(?ms)^expect:.*\z`).ReplaceAllString(story, "") // others wait for that
	// Who is dropped misses what is said until he is back.
	story = strings.ReplaceAll(story, "broker_drop: true", "duplicate: 1")
	story = "seed: " + seed + "\nstart: 2026-03-12T14:24:34Z\n" + story
	copied := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(copied, []byte(story), 0o600); err != nil {
		t.Fatal(err)
	}

	door, out := newDoor(t), newPausing()
	play := prepare(t, "simulate", copied, "--speed", "max")
	play.state.Listen, play.state.Stdout = door.listen, out
	play.start()
	url := door.url()
	channel := brokertest.Channel(t, url)
	for _, bound := range recorder.Usual() {
		if err := channel.ExchangeDeclare(bound.Exchange, bound.Kind, false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	record := recording(t, "-", "--from", url, "--keep-identities")
	close(door.open)
	out.await(t)
	record.end(cli.ErrTerminated)
	record.expect(cli.ExitOK)
	close(out.goOn)
	play.expect(cli.ExitOK)
	return bytesOf(t, strings.NewReader(record.stdout.String()))
}

// Many calls are made twice: the same seed makes the same bytes, another one does not.
func TestTheSameSeedOfManyCallsIsRecordedTheSame(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	channel := broker.Channel(t)
	for _, bound := range recorder.Usual() {
		g.Expect(channel.ExchangeDeclare(bound.Exchange, bound.Kind, false, false, false, false, nil)).To(Succeed())
	}
	made := func(seed string, calls int) (messages int, sum string) {
		file := filepath.Join(t.TempDir(), "calls.ndjson.gz")
		record := recording(t, file, "--from", broker.URL, "--keep-identities")
		simulate := prepare(t, "simulate", "--amqp-url", broker.URL, "--calls", fmt.Sprint(calls), "--rate", "20", "--speed", "max", "--seed", seed, "--mix", allSorts)
		simulate.state.Clock = clockwork.NewFakeClockAt(time.Date(2026, 3, 12, 14, 24, 34, 0, time.UTC))
		code := <-simulate.start().code // it may take longer than a hang is waited for
		simulate.code <- code
		simulate.expect(cli.ExitOK)
		record.end(cli.ErrTerminated)
		record.expect(cli.ExitOK)
		packed, err := os.Open(file)
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = packed.Close() }()
		return bytesOf(t, packed)
	}
	messages, once := made("one", manyCalls)
	g.Expect(messages).To(BeNumerically(">", 8*manyCalls))
	_, again := made("one", manyCalls)
	g.Expect(again).To(Equal(once))
	_, other := made("two", 100)
	_, first := made("one", 100)
	g.Expect(other).NotTo(Equal(first))
}

package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/simulator/capture"
)

// spaced is a capture of so many messages, each as long after the other.
func spaced(t *testing.T, messages int, apart time.Duration, c capture.Compression) []byte {
	t.Helper()
	var b bytes.Buffer
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w, err := capture.NewWriter(&b, c, capture.Header{Began: at})
	for i := range messages {
		err = errors.Join(err, w.Write(at, capture.Message{
			Exchange: "callevt", Kind: "topic", Key: "call.CHANNEL_CREATE.a", Body: fmt.Appendf(nil, `{"Event-Name":"CHANNEL_CREATE","n":%d}`, i),
		}))
		at = at.Add(apart)
	}
	if err = errors.Join(err, w.Close(at)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplaySaysWhereACaptureIsDamaged(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	good := small(t)
	lines := strings.SplitAfter(good, "\n")
	packed := spaced(t, 5000, time.Millisecond, capture.Gzip)
	packed[len(packed)/2] ^= 0x55
	for name, c := range map[string]struct {
		file string
		code int
		says []string
	}{
		"newer":         {strings.Replace(good, `"version":1`, `"version":2`, 1), cli.ExitUsage, []string{"line 1: the capture has version 2, and this program reads those up to 1; use a newer one"}},
		"foreign":       {"\x7fELF\x02\x01\x01", cli.ExitUsage, []string{"line 1: the file is empty, or cut off before its first line ends"}},
		"csv":           {"date,from,to\n", cli.ExitUsage, []string{`line 1: this is no capture: the first line of one is an object with "format": "kazoolab-capture"`}},
		"empty":         {"", cli.ExitUsage, []string{"line 1: the file is empty"}},
		"no gzip":       {"\x1f\x8bnothing of it", cli.ExitUsage, []string{"line 1: the file cannot be uncompressed: "}},
		"half a line":   {lines[0] + lines[1] + "{\"at\":\n" + lines[3], cli.ExitFailed, []string{"line 3: it is no JSON", "the 1 messages before were read"}},
		"a line less":   {lines[0] + lines[1] + lines[3] + lines[4], cli.ExitFailed, []string{"line 4: the capture had 3 messages at its end, and 2 were read: lines are missing"}},
		"two of them":   {good + good, cli.ExitFailed, []string{"line 6: it comes after the end of the capture: only one can be in a file", "the 3 messages before were read"}},
		"strange type":  {strings.Replace(good, `"type":"topic"`, `"type":"x-delayed"`, 1), cli.ExitFailed, []string{`line 2: "type" of exchange "callevt" is "x-delayed"`}},
		"damaged bytes": {string(packed), cli.ExitFailed, []string{": line ", "messages before were read"}},
		"cut off":       {lines[0] + lines[1] + lines[2][:30], cli.ExitOK, []string{"warning: ", ", line 3: the capture is cut off: what came after is missing"}},
	} {
		file := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, "replay", file, "--to", broker.URL, "--speed", "max").expect(c.code, append(c.says, file)...)
		})
	}
}

func TestAnInterruptedReplayEndsAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	copied := tapped(t, broker)
	p := prepare(t, "replay", "-", "--to", broker.URL)
	p.state.Stdin = bytes.NewReader(spaced(t, 2, time.Hour, capture.Plain))
	p.start()
	g.Eventually(copied).WithTimeout(soon).Should(Receive())
	p.end(cli.ErrInterrupted)
	p.expect(cli.ExitInterrupted)
	g.Expect(p.stdout.String()).To(HavePrefix("1 messages, "))
}

// What was under way when the broker was lost is published again.
func TestReplayOutlivesTheLossOfItsBroker(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	copied := tapped(t, broker)
	proxy := brokertest.NewProxy(t, broker.URL)
	const messages = 3000
	p := prepare(t, "replay", "-", "--to", proxy.URL, "--speed", "max", "-o", "json")
	p.state.Stdin = bytes.NewReader(spaced(t, messages, time.Millisecond, capture.Zstandard))
	p.start()
	seen := map[string]bool{}
	for len(seen) < messages {
		d := <-copied
		if seen[string(d.Body)] = true; len(seen) == 500 {
			proxy.Cut()
		}
	}
	p.expect(cli.ExitOK)
	g.Expect(p.stdout.String()).To(ContainSubstring(fmt.Sprintf(`"messages":%d,`, messages)))
}

func TestReplaySaysThatItsBrokerIsAway(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	copied := tapped(t, broker)
	proxy := brokertest.NewProxy(t, broker.URL)
	clock := clockwork.NewFakeClock()
	p := prepare(t, "replay", "-", "--to", proxy.URL)
	p.state.Stdin, p.state.Clock = bytes.NewReader(spaced(t, 2, time.Minute, capture.Plain)), clock
	p.start()
	g.Eventually(copied).WithTimeout(soon).Should(Receive())
	proxy.Unplug()
	g.Eventually(t.Context(), func() string {
		clock.Advance(time.Minute)
		return p.stderr.String()
	}).WithTimeout(soon).Should(ContainSubstring("  1 messages; the broker takes none: "))
	proxy.Plug()
	p.expect(cli.ExitOK)
}

// scarce is an output with room for so many bytes.
type scarce struct{ left int }

func (s *scarce) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestARecordThatCannotBeWrittenEnds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := brokertest.New(t)
	tapped(t, broker)
	p := prepare(t, "record", "-", "--from", broker.URL)
	p.state.Stdout = &scarce{left: 1000}
	p.start()
	g.Eventually(p.stderr.String).WithTimeout(soon).Should(ContainSubstring("Ctrl-C to end"))
	prepare(t, "trigger", "channel_create", "--amqp-url", broker.URL, "--account", customerID).start().expect(cli.ExitOK)
	p.expect(cli.ExitFailed, "recording into standard output: no space left on device")

	run(t, "record", filepath.Join(t.TempDir(), "a", "b"), "--from", broker.URL).expect(cli.ExitFailed, "cannot write ", "no such file or directory")
	run(t, "record", t.TempDir(), "--from", broker.URL, "--overwrite").expect(cli.ExitFailed, "is a directory")
}

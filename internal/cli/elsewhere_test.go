package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/capture/pseudonyms"
	"github.com/kazoolab/kazoolab/simulator/replay"
)

// secretKey is the key of the replacements.
const secretKey = "a key of this test"

// manyWebhooks is how many calls are made for these.
const manyWebhooks = "200"

// A broker under load is recorded twice: as it is, and without identities. Each capture is
// played into another broker, beside whose bridge other accounts have the same hooks. Field
// by field these send what the first bridge sent, with the other ids and the moved times,
// and with what replaces the identities.
func TestACaptureMakesTheSameWebhooksElsewhere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	first := newTown(t, "first")
	folder := t.TempDir()
	plainFile, anonymousFile := filepath.Join(folder, "plain.ndjson.gz"), filepath.Join(folder, "anonymous.ndjson.gz")
	plain := recording(t, plainFile, "--from", first.broker.URL, "--keep-identities")
	anonymous := recording(t, anonymousFile, "--from", first.broker.URL, "--seed", secretKey)
	first.busy(manyWebhooks)
	sent := first.webhooks()
	for _, p := range []*program{plain, anonymous} {
		p.end(cli.ErrTerminated)
		p.expect(cli.ExitOK)
	}
	g.Expect(len(sent)).To(BeNumerically(">", 1000))
	expectEveryKind(t, first, sent)
	entries := entriesIn(t, plainFile)
	g.Expect(entriesIn(t, anonymousFile)).To(HaveLen(len(entries)))

	t.Run("in which nobody can be found", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		all := originals{}
		all.addAccounts(first.lab.Accounts)
		all.addMessages(t, entries)
		all.addReplaced(t, entries)
		g.Expect(all.foundIn(t, anonymousFile)).To(BeEmpty())
		g.Expect(len(all.foundIn(t, plainFile))).To(BeNumerically(">", 600), "the search finds what is there")
	})
	t.Run("as it is, three days later", func(t *testing.T) {
		t.Parallel()
		second := newTown(t, "second")
		tapped := tapped(t, second.broker)
		beside(second.program, "clock", "advance", "72h").start().expect(cli.ExitOK)
		moves := second.playing(first, plainFile, func(id string) string { return id }, "--shift-time")
		by := time.Duration((<-tapped).Timestamp.Unix()-entries[0].Timestamp) * time.Microsecond
		NewWithT(t).Expect(by).To(And(BeNumerically(">", 72*time.Hour), Equal(by.Truncate(time.Second))))
		accounts, err := replay.Accounts(moves)
		if err != nil {
			t.Fatal(err)
		}
		shift, at := replay.Shift(by), time.UnixMicro(entries[0].Timestamp)
		expectSame(t, sent, second.webhooks(), func(w webhook) string {
			m := shift(at, capture.Message{Body: jobj.Append(nil, flat(w.fields))})
			return string(accounts(at, m).Body)
		})
	})
	t.Run("without identities", func(t *testing.T) {
		t.Parallel()
		third := newTown(t, "third")
		p := pseudonyms.New(secretKey)
		moves := third.playing(first, anonymousFile, func(id string) string {
			return other(t, p, jobj.Object{{Key: "Account-ID", Value: id}}).String("Account-ID")
		})
		accounts, err := replay.Accounts(moves)
		if err != nil {
			t.Fatal(err)
		}
		expectSame(t, sent, third.webhooks(), func(w webhook) string {
			made := jobj.Append(nil, flat(other(t, p, w.fields)))
			return string(accounts(time.Time{}, capture.Message{Body: made}).Body)
		})
	})
}

// other is an object with other identities. A message knows its own id by that name.
func other(t *testing.T, p *pseudonyms.Pseudonyms, o jobj.Object) jobj.Object {
	t.Helper()
	renamed := func(o jobj.Object, from, to string) jobj.Object {
		o = slices.Clone(o)
		for i := range o {
			if o[i].Key == from {
				o[i].Key = to
			}
		}
		return o
	}
	m := p.Message(capture.Message{Body: jobj.Append(nil, renamed(o, "msg_id", "Msg-ID"))})
	made, err := jobj.ParseObject(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return renamed(made, "Msg-ID", "msg_id")
}

// playing replays a capture of another town in this one; the accounts stand in it as known
// says. It returns which became which.
func (w *town) playing(from *town, file string, known func(id string) string, args ...string) map[string]string {
	w.t.Helper()
	args = append([]string{"replay", file, "--speed", "max"}, args...)
	moves := map[string]string{}
	for i, account := range from.lab.Accounts {
		moves[known(account.ID)] = w.lab.Accounts[i].ID
		args = append(args, "--map-account", known(account.ID)+"="+w.lab.Accounts[i].ID)
	}
	beside(w.program, args...).start().expect(cli.ExitOK)
	return moves
}

// expectEveryKind finds requests of each hook that something happened for.
func expectEveryKind(t *testing.T, w *town, sent []receiver.Request) {
	t.Helper()
	targets := map[string]int{}
	for _, r := range sent {
		target, _, _ := strings.Cut(r.Target, "?")
		targets[target]++
	}
	of := slices.IndexFunc(w.lab.Accounts, func(a runfile.Account) bool { return a.ID == w.account(runfile.Customer).ID })
	for _, kind := range w.kinds() {
		for _, format := range []string{"json", "form-data"} {
			if target := fmt.Sprintf("/%d/%s/%s", of, kind, format); targets[target] == 0 {
				t.Errorf("nothing came to %s", target)
			}
		}
	}
}

// expectSame compares what two towns sent: of each request all there is, the first town's
// made as the second's should be.
func expectSame(t *testing.T, first, second []receiver.Request, mapped func(webhook) string) {
	t.Helper()
	lines := func(all []receiver.Request, text func(webhook) string) []string {
		var lines []string
		for _, r := range all {
			w := readWebhook(t, r)
			lines = append(lines, w.about+"\n"+text(w))
		}
		slices.Sort(lines)
		return lines
	}
	want := lines(first, mapped)
	got := lines(second, func(w webhook) string { return string(jobj.Append(nil, flat(w.fields))) })
	missing, extra := differing(want, got)
	if len(missing)+len(extra) > 0 {
		const few = 3
		t.Errorf("of %d and %d webhooks %d did not come:\n%s\nand %d should not have come:\n%s", len(want), len(got),
			len(missing), strings.Join(missing[:min(few, len(missing))], "\n"), len(extra), strings.Join(extra[:min(few, len(extra))], "\n"))
	}
}

// differing are the elements of two sorted lists that only one has.
func differing(a, b []string) (onlyA, onlyB []string) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			onlyA, a = append(onlyA, a[0]), a[1:]
		default:
			onlyB, b = append(onlyB, b[0]), b[1:]
		}
	}
	return append(onlyA, a...), append(onlyB, b...)
}

// entriesIn reads the capture in a file.
func entriesIn(t *testing.T, name string) []capture.Entry {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	return entriesOf(t, file)
}

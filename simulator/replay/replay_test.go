package replay_test

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/replay"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func began() time.Time { return time.Date(2024, 3, 31, 23, 59, 50, 0, time.UTC) }

func message(name string) capture.Message {
	return capture.Message{Exchange: "callevt", Kind: "topic", Key: "call." + name, Body: []byte(`{"Event-Name":"` + name + `"}`)}
}

// captured is a capture of messages at whole seconds.
func captured(t *testing.T, cut int, names ...string) *capture.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Plain, capture.Header{Began: began()})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		at := began().Add(time.Duration(i+1) * time.Second)
		if name == "gap" {
			err = w.Gap(at, "why")
		} else {
			err = w.Write(at, message(name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(began().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader(bytes.NewReader(b.Bytes()[:b.Len()-cut]))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMessagesComeAtTheirTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	wall := clockwork.NewFakeClock()
	start := wall.Now()
	came := make(chan time.Duration, 3)
	var late []time.Duration
	p := replay.New(replay.Config{
		Capture: captured(t, 0, "a", "gap", "b", "c"),
		Publish: func(string, capture.Message) { came <- wall.Since(start) },
		Late:    func(d time.Duration) { late = append(late, d) },
	})
	first, ok := p.First()
	g.Expect(ok).To(BeTrue())
	g.Expect(first).To(BeTemporally("==", began().Add(time.Second)))
	line := timeline.New(timeline.Config{Start: first, Speed: 2, Wall: wall})
	p.Begin(line)
	ended := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() { ended <- line.Run(ctx, false) }()
	g.Eventually(came).Should(Receive(BeZero()))
	const tooLate = 300 * time.Millisecond // is the last
	for _, at := range []time.Duration{time.Second, 1500*time.Millisecond + tooLate} {
		g.Expect(wall.BlockUntilContext(ctx, 1)).To(Succeed())
		wall.Advance(at - wall.Since(start))
		g.Eventually(came).Should(Receive(Equal(at)))
	}
	g.Eventually(ended).Should(Receive(BeNil()))
	g.Expect(late).To(Equal([]time.Duration{0, 0, tooLate}))
	g.Expect(p.Count()).To(Equal(replay.Count{Messages: 3, Gaps: 1, Played: 3 * time.Second}))
	g.Expect(p.Err()).NotTo(HaveOccurred())
}

// play plays at once and returns the keys.
func play(t *testing.T, cfg replay.Config) (keys []string, p *replay.Player) {
	t.Helper()
	cfg.Publish = func(_ string, m capture.Message) { keys = append(keys, m.Key) }
	p = replay.New(cfg)
	if first, ok := p.First(); ok {
		line := timeline.New(timeline.Config{Start: first, Wall: clock.System()})
		p.Begin(line)
		if err := line.Run(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	return keys, p
}

func TestOnlyChosenMessagesArePlayed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	keys, p := play(t, replay.Config{Capture: captured(t, 0, "a", "b", "a", "c"), Only: func(names []string) bool { return names[0] == "a" }})
	g.Expect(keys).To(Equal([]string{"call.a", "call.a"}))
	g.Expect(p.Count().Skipped).To(BeEquivalentTo(2))
}

func TestOfACutCaptureWhatIsThereIsPlayed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	keys, p := play(t, replay.Config{Capture: captured(t, 20, "a", "b", "c")})
	g.Expect(keys).To(Equal([]string{"call.a", "call.b", "call.c"}))
	g.Expect(p.Err()).To(MatchError(capture.ErrCut))
	keys, p = play(t, replay.Config{Capture: captured(t, 0)})
	g.Expect(keys).To(BeEmpty())
	g.Expect(p.Err()).NotTo(HaveOccurred())
}

const (
	from = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	to   = "00112233445566778899aabbccddeeff"
)

func TestTimesMoveTogether(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	at := time.Date(2024, 3, 31, 23, 59, 59, 0, time.UTC)
	seconds, micros := kapi.Gregorian(at), at.UnixMicro()
	body := strings.NewReplacer("SECONDS", itoa(seconds), "MICROS", itoa(micros), "UNIX", itoa(at.Unix())).Replace(`{"Timestamp":SECONDS,"Msg-ID":"MICROS",` +
		`"Channel-Created-Time":MICROS,"Event-Timestamp":UNIX,"Fax-Timestamp":"SECONDS","Voicemail-Timestamp":SECONDS,` +
		`"Custom-Channel-Vars":{"Call-Interaction-ID":"SECONDS-5f3a9c1e","Number":"SECONDS"},"Call-Interaction":{"Timestamp":SECONDS},` +
		`"Account-DB":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202403","Raw":"` + from + `-202312","Fax-ID":"202403-` + from + `",` +
		`"Expires":3600,"Duration-Seconds":41,"Id":"` + from + `"}`)
	m := capture.Message{Key: "doc_created.account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202403.fax.202403-" + from, Timestamp: micros, Body: []byte(body)}
	by := 2*time.Second + 700*time.Millisecond
	moved := replay.Shift(by)(at, m)
	s2, m2 := itoa(seconds+2), itoa(micros+2e6)
	g.Expect(string(moved.Body)).To(Equal(`{"Timestamp":` + s2 + `,"Msg-ID":"` + m2 + `",` +
		`"Channel-Created-Time":` + m2 + `,"Event-Timestamp":` + itoa(at.Unix()+2) + `,"Fax-Timestamp":"` + s2 + `","Voicemail-Timestamp":` + s2 + `,` +
		`"Custom-Channel-Vars":{"Call-Interaction-ID":"` + s2 + `-5f3a9c1e","Number":"` + itoa(seconds) + `"},"Call-Interaction":{"Timestamp":` + s2 + `},` +
		`"Account-DB":"account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202404","Raw":"` + from + `-202401","Fax-ID":"202404-` + from + `",` +
		`"Expires":3600,"Duration-Seconds":41,"Id":"` + from + `"}`))
	g.Expect(moved.Key).To(Equal("doc_created.account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202404.fax.202404-" + from))
	g.Expect(moved.Timestamp).To(Equal(micros + 2e6))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestWithoutTimesTheBytesStay(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	body := `{ "b" : 1.0, "a":"\u00e9\/", "a":2 }`
	m := replay.Shift(time.Hour)(began(), capture.Message{Key: "k", Body: []byte(body)})
	g.Expect(string(m.Body)).To(Equal(body))
	g.Expect(m.Timestamp).To(BeZero())
}

func TestAnAccountMovesInEachOfItsForms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	move, err := replay.Accounts(map[string]string{from: to})
	g.Expect(err).NotTo(HaveOccurred())
	m := move(began(), capture.Message{
		Key:     "db_created.account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90.database.account%252Fa1%252Fb2%252Fc3d4e5f60718293a4b5c6d7e8f90-202403",
		Headers: amqp.Table{"account": from, "bytes": []byte(from), "n": int32(1)},
		Body:    []byte(`{ "Account-ID":"` + from + `","a":"account\/a1\/b2\/c3d4e5f60718293a4b5c6d7e8f90","\u00e9":1.0}`),
	})
	g.Expect(m.Key).To(Equal("db_created.account%2F00%2F11%2F2233445566778899aabbccddeeff.database.account%252F00%252F11%252F2233445566778899aabbccddeeff-202403"))
	g.Expect(string(m.Body)).To(Equal(`{ "Account-ID":"` + to + `","a":"account\/00\/11\/2233445566778899aabbccddeeff","\u00e9":1.0}`))
	g.Expect(m.Headers).To(Equal(map[string]any{"account": to, "bytes": []byte(to), "n": int32(1)}))

	packed := move(began(), capture.Message{ContentEncoding: "gzip", Body: capture.Pack("gzip", []byte(from))})
	text, _ := capture.Unpack(packed)
	g.Expect(string(text)).To(Equal(to))

	_, err = replay.Accounts(map[string]string{from: "acme"})
	g.Expect(err).To(MatchError(ContainSubstring(`"acme" is no account`)))
}

func TestTwoAccountsChangePlaces(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	move, err := replay.Accounts(map[string]string{from: to, to: from})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(move(began(), capture.Message{Body: []byte(from + to)}).Body)).To(Equal(to + from))
}

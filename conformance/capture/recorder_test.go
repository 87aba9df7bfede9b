package capture_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// disk is a file that is read while it is written, and takes no more than room; 0 is no bound.
type disk struct {
	mu   sync.Mutex
	text []byte
	room int
}

func (d *disk) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room > 0 && len(d.text)+len(text) > d.room {
		return 0, errors.New("no space left on device")
	}
	d.text = append(d.text, text...)
	return len(text), nil
}

func (d *disk) now() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.text)
}

func (d *disk) read(g *WithT) capture.File {
	file, err := capture.Read(bytes.NewReader(d.now()))
	g.Expect(err).NotTo(HaveOccurred())
	return file
}

func note(name string) capture.Entry {
	return capture.Entry{Group: "a/b", Kind: capture.Note, Name: name}
}

func TestWhatIsRecordedIsThereWithinASecond(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clock := clockwork.NewFakeClock()
	log, out := capture.NewLog(clock), &disk{}
	log.Secret("token", "a secret of this test")
	r := capture.NewRecorder(out, clock)
	r.Begin(log, capture.Facts{Target: "t", Groups: []string{"a/b"}})
	g.Expect(out.read(g)).To(Equal(capture.File{Facts: capture.Facts{Target: "t", Groups: []string{"a/b"}}, Cut: true}), "the facts are there at once")
	log.Add(note("a secret of this test"))
	g.Expect(clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	clock.Advance(time.Second)
	g.Eventually(t.Context(), func() int { return len(out.read(g).Entries) }).WithTimeout(10 * time.Second).Should(Equal(1))
	g.Expect(string(out.now())).NotTo(ContainSubstring("a secret"))
	g.Expect(out.read(g).Cut).To(BeTrue())

	log.Add(note("the last"))
	facts := capture.Facts{Target: "t", Groups: []string{"a/b"}, Interrupted: true, Faults: []string{"x"}}
	g.Expect(r.End(facts)).To(Succeed())
	g.Expect(r.End(facts)).To(Succeed(), "which is done once")
	g.Expect(out.read(g)).To(Equal(capture.File{Facts: facts, Entries: log.All()}))
	var all bytes.Buffer
	g.Expect(capture.File{Facts: facts, Entries: log.All()}.Write(&all)).To(Succeed())
	g.Expect(string(out.now())).To(Equal(all.String()), "as if it had been written at once")
}

func TestManyEntriesAreNotHeldBackForASecond(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clock := clockwork.NewFakeClock() // whose time stands still
	log, out := capture.NewLog(clock), &disk{}
	r := capture.NewRecorder(out, clock)
	r.Begin(log, capture.Facts{})
	for range 1000 {
		log.Add(note("n"))
	}
	g.Eventually(t.Context(), func() int { return len(out.read(g).Entries) }).WithTimeout(10 * time.Second).Should(BeNumerically(">", 700))
	g.Expect(r.End(capture.Facts{})).To(Succeed())
	g.Expect(out.read(g).Entries).To(HaveLen(1000))
}

func TestADiskThatIsFullIsToldInTheEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clock := clockwork.NewFakeClock()
	log, out := capture.NewLog(clock), &disk{room: 5000}
	r := capture.NewRecorder(out, clock)
	r.Begin(log, capture.Facts{})
	for range 1000 {
		log.Add(note(strings.Repeat("n", 100)))
	}
	g.Expect(r.End(capture.Facts{})).To(MatchError("no space left on device"))
	g.Expect(log.All()).To(HaveLen(1000))
	g.Expect(out.read(g).Cut).To(BeTrue())
}

func TestARecorderThatWasNeverBegunEndsNothing(t *testing.T) {
	t.Parallel()
	out := &disk{}
	g := NewWithT(t)
	g.Expect(capture.NewRecorder(out, clockwork.NewFakeClock()).End(capture.Facts{})).To(Succeed())
	g.Expect(out.now()).To(BeEmpty())
}

// Wherever behind the first line a log is cut, it says so; what is whole says that it is.
func TestALogThatIsCutAnywhereIsReadAndSaysSo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := capture.NewLog(clockwork.NewFakeClock())
	for _, name := range []string{"one", "zwölf", "three"} {
		log.Add(note(name))
	}
	var text bytes.Buffer
	g.Expect(capture.File{Facts: capture.Facts{Target: "t"}, Entries: log.All()}.Write(&text)).To(Succeed())
	whole := text.Bytes()
	first := bytes.IndexByte(whole, '\n') + 1
	for at := first; at <= len(whole); at++ {
		file, err := capture.Read(bytes.NewReader(whole[:at]))
		g.Expect(err).NotTo(HaveOccurred(), "cut at %d", at)
		g.Expect(file.Cut).To(Equal(at < len(whole)-1), "cut at %d: the last line end may be wanting", at)
		g.Expect(len(file.Entries)).To(BeNumerically(">=", bytes.Count(whole[first:at], []byte("\n"))-1))
	}
}

// What was written before there was a last line is whole without one, unless a line is not.
func TestALogOfTheFirstVersionNeedsNoLastLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const old = `{"format":"kazoolab-certification-log","version":1,"interrupted":true}` + "\n" + `{"seq":1,"kind":"note"}` + "\n"
	file, err := capture.Read(strings.NewReader(old))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Cut).To(BeFalse())
	g.Expect(file.Facts.Interrupted).To(BeTrue())
	file, err = capture.Read(strings.NewReader(old + `{"seq":2,"ki`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Cut).To(BeTrue())
	g.Expect(file.Entries).To(HaveLen(1))
}

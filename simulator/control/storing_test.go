package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

const store = `{"Application-Name":"store","Insert-At":"now","Media-Name":"m.mp3","Media-Transfer-Method":"put",
	"Media-Transfer-Destination":"http://127.0.0.1:9/r/m.mp3","Additional-Headers":[{"X-One":"1"}]}`

func TestARecordingIsStoredAlsoAfterTheCall(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		ends string
		log  []string
	}{
		"while it is up": {"press #", []string{"A RECORD_STOP 2000 ms key \"#\" silent false", "A done record NONE", "A done store NONE", "A CHANNEL_DESTROY NORMAL_CLEARING sip:200"}},
		"and later":      {"hangup", []string{"A RECORD_STOP 2000 ms key \"\" silent false", "A done record NONE", "A CHANNEL_DESTROY NORMAL_CLEARING sip:200"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, false)
			d.at(0, "answer")
			d.at(0, `{"Application-Name":"record","Media-Name":"m.mp3","Terminators":["#"]}`)
			d.at(2*time.Second, c.ends)
			d.at(3*time.Second, store)
			d.line.After(9*time.Second, func() { d.board.Hangup(d.a, "", d.board.Excuse) })
			d.plays(t)
			d.Expect(strings.Join(d.log, "\n")).To(HaveSuffix(strings.Join(c.log, "\n")))
			d.Expect(d.stores).To(Equal([]control.Upload{{
				CallID: caller, AccountID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Method: "PUT", URL: "http://127.0.0.1:9/r/m.mp3",
				Headers: [][2]string{{"X-One", "1"}}, Name: "m.mp3", ContentType: "audio/mpeg", Length: 2 * time.Second,
			}}))
		})
	}
}

func TestALegThatIsLongGoneStoresNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.at(0, "answer")
	d.at(0, `{"Application-Name":"record","Media-Name":"m.mp3"}`)
	d.at(time.Second, "hangup")
	d.at(12*time.Second, store)
	d.plays(t)
	d.Expect(d.log[len(d.log)-1]).To(Equal("refused: Session " + caller + " not found for store"))
	d.Expect(d.stores).To(BeEmpty())
}

func TestStoredBytesAreAsLongAsTheRecording(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	wav := control.Upload{Name: "m.wav", Length: 1500 * time.Millisecond}.Body()
	g.Expect(wav).To(HaveLen(44 + 12000))
	g.Expect(string(wav[:4]) + string(wav[8:16]) + string(wav[36:40])).To(Equal("RIFFWAVEfmt data"))
	mp3 := control.Upload{Name: "m.mp3", Length: 7200 * time.Millisecond}.Body()
	g.Expect(mp3).To(HaveLen(100 * 72))
	for i := 0; i < len(mp3); i += 72 {
		g.Expect(mp3[i : i+4]).To(Equal([]byte{0xff, 0xe3, 0x18, 0xc0}))
	}
	g.Expect(control.Upload{Name: "m.mp3"}.Body()).To(HaveLen(72))
	g.Expect(len(control.Upload{Name: "m.mp3", Length: 1 << 60}.Body())).To(BeNumerically("<=", 50_001*72))
}

// A thousand calls cost a thousand times what one does: none waits for another, and nothing is
// gone through for each.
func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	const calls = 1000
	d := newDesk(t, false)
	d.at(0, "hangup")
	for i := range calls {
		id := fmt.Sprintf("c%d@203.0.113.20", i)
		_, err := d.core.FromCarrier(pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"},
			pbx.Party{Number: "+12125550199"}, "+14155550100", id)
		d.Expect(err).NotTo(HaveOccurred())
		say := func(text string) { d.says(`{"Call-ID":"` + id + `",` + text[1:]) }
		d.line.After(time.Second, func() { say(`{"Application-Name":"answer"}`); say(queue) })
		d.line.After(9*time.Second, func() {
			say(`{"Application-Name":"conference","Conference-ID":"room` + id + `"}`)
		})
		d.line.After(20*time.Second, func() { say(`{"Application-Name":"hangup"}`) })
	}
	d.log = nil
	d.plays(t)
	noops := 0
	for _, line := range d.log {
		if strings.HasSuffix(line, "done noop N1") {
			noops++
		}
	}
	d.Expect(noops).To(Equal(calls))
	d.Expect(d.core.Channels()).To(BeZero())
	d.Expect(d.line.Now().Sub(d.began)).To(BeNumerically("<", 40*time.Second), "they run beside each other")
}

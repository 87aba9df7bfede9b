package wiretest_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// What an application has a switch do in time, with the caller pressing keys, speaking and
// hanging up in between, is told by the rules, whenever that comes.
func TestACallThatIsCommandedIsSound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	j := judge.New(judge.Config{})
	told := map[string]int{}
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	random := ids.Seeded("commanded")
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, func(e pbx.Event) {
		told[e.Name()]++
		j.Add(seen(t, e))
	})
	var board *switchboard.Board
	board = switchboard.New(switchboard.Config{
		Core: core, Line: line, IDs: random, Offices: offices(2), Fail: func(err error) { t.Error(err) },
		Rings: func(leg *pbx.Channel) {
			line.After(2*time.Second, func() {
				if leg.Device() == nil || random.IntN(2) == 0 {
					board.Answer(leg, board.Excuse)
					return
				}
				board.Refuse(leg, "USER_BUSY", false, board.Excuse)
			})
			line.After(12*time.Second, func() { board.Hangup(leg, "", board.Excuse) })
		},
	})
	heard := control.New(t.Context(), control.Config{
		Core: core, Board: board, Line: line, Offices: offices(2), IDs: random, Node: "ecallmgr@test",
		Send: func(bus.Message) {}, Log: slog.New(slog.DiscardHandler),
	})
	o := offices(2)[0]
	for i := range 300 {
		id := fmt.Sprintf("call-%d@203.0.113.9", i)
		say := func(exchange, key, text string) {
			message, err := jobj.ParseObject([]byte(strings.ReplaceAll(text, "THIS", id)))
			g.Expect(err).NotTo(HaveOccurred(), text)
			g.Expect(heard.Hear(exchange, key, message)).To(BeTrue())
		}
		ch, err := board.Arrive(o.Account, pbx.Party{Number: "+12125550199"}, o.Numbers[0], id, "", board.Excuse)
		g.Expect(err).NotTo(HaveOccurred())
		line.After(time.Second, func() {
			for _, command := range []string{
				`{"Application-Name":"queue","Commands":[{"Application-Name":"noop"},{"Application-Name":"tts","Text":"Press one","Terminators":["1"]}]`,
				`{"Application-Name":"answer"`, `{"Application-Name":"play","Media-Name":"m"`,
				`{"Application-Name":"record","Media-Name":"m.mp3","Silence-Hits":3,"Terminators":["#"]`,
				`{"Application-Name":"record_call","Record-Action":"start","Media-Name":"c.mp3","Time-Limit":8`,
				`{"Application-Name":"bridge","Timeout":5,"Endpoints":[{"Invite-Format":"endpoint","Endpoint-ID":"` + o.Devices[0].ID + `"}]`,
			} {
				say(kapi.ExchangeCallControl, control.CommandQueue, command+`,"Call-ID":"THIS"}`)
			}
			say(kapi.ExchangeResources, "offnet.resource.req.audio", `{"Event-Name":"offnet_req","Call-ID":"THIS","To-DID":"+14155550188"}`)
			say(kapi.ExchangeConference, "conference.discovery", `{"Event-Name":"discovery_req","Call":{"Call-ID":"THIS"},"Conference-ID":"room"}`)
		})
		line.After(time.Duration(1+random.IntN(12))*time.Second, func() { board.Press(ch, "1#", board.Excuse) })
		line.After(5*time.Second, func() { board.Speak(ch, time.Duration(random.IntN(5))*time.Second) })
		line.After(time.Duration(random.IntN(60_000))*time.Millisecond, func() {
			if random.IntN(8) == 0 {
				say(kapi.ExchangeCallControl, control.CommandQueue, `{"Application-Name":"respond","Response-Code":503,"Insert-At":"now","Call-ID":"THIS"}`)
			}
			board.Hangup(ch, "", board.Excuse)
		})
	}
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(core.Channels()).To(BeZero())
	for name := range strings.FieldsSeq("LEG_CREATED RECORD_STOP DTMF CHANNEL_BRIDGE CHANNEL_EXECUTE_COMPLETE CHANNEL_PROGRESS_MEDIA event") {
		g.Expect(told[name]).To(BeNumerically(">", 20), name)
	}
	expect(t, j)
}

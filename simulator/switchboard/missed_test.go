package switchboard_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// fromOutside is a call of the telephone network that rings at 1001.
func (h *house) fromOutside() *pbx.Channel {
	h.t.Helper()
	a, err := h.Arrive(h.Account, pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}, h.Numbers[0], "", "", nil)
	NewWithT(h.t).Expect(err).NotTo(HaveOccurred())
	h.pass()
	h.Ring(a, h.Devices[:1], false, h.fine)
	h.pass()
	return a
}

// missed are the notifications of missed calls so far, and the ends of legs, as they are on the
// wire.
func (h *house) missed() (missed []jobj.Object, ends map[string]jobj.Object) {
	h.t.Helper()
	ends = map[string]jobj.Object{}
	for _, e := range h.said {
		m, err := e.Message()
		h.fine(err)
		body, err := jobj.ParseObject(m.Body)
		h.fine(err)
		switch e.Name() {
		case "missed_call":
			missed = append(missed, body)
		case "CHANNEL_DESTROY":
			ends[e.CallID()] = body
		}
	}
	return missed, ends
}

func TestACallThatNobodyTakesIsMissed(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		happens func(h *house)
		missed  bool
	}{
		"the caller gives up": {func(h *house) { h.Hangup(h.fromOutside(), "", h.fine) }, true},
		"nobody answers":      {func(h *house) { h.GiveUp(h.fromOutside(), false, h.fine) }, true},
		"the user refuses":    {func(h *house) { h.Refuse(h.fromOutside().Dialled()[0], "CALL_REJECTED", false, h.fine) }, true},
		"all are busy":        {func(h *house) { a := h.fromOutside(); h.Busy(a, h.Devices[1:], "", false, h.fine) }, true},
		"the telephone's own number is forwarded, where nobody answers": {func(h *house) {
			a := h.fromOutside()
			h.Forward(a, h.Devices[1], "+12125550177", h.fine)
			h.pass()
			h.Hangup(a, "", h.fine)
		}, true},
		"the caller speaks to no box": {func(h *house) {
			a := h.fromOutside()
			h.GiveUp(a, true, func(error) { h.Voicemail(a, h.Boxes[0], 10*time.Second, nil) })
			h.line.After(2*time.Second, func() { h.Hangup(a, "", h.fine) })
		}, true},
		"the caller leaves a message": {func(h *house) {
			a := h.fromOutside()
			h.GiveUp(a, true, func(error) { h.Voicemail(a, h.Boxes[0], 10*time.Second, h.fine) })
		}, false},
		"somebody answers": {func(h *house) {
			a := h.fromOutside()
			h.Answer(a.Dialled()[0], h.fine)
			h.pass()
			h.Hangup(a, "", h.fine)
		}, false},
		"somebody else picks it up": {func(h *house) {
			a := h.fromOutside()
			_, err := h.PickUp(a, h.Devices[1], h.fine)
			h.fine(err)
			h.pass()
			h.Hangup(a, "", h.fine)
		}, false},
		"it is of the house": {func(h *house) {
			a, err := h.Dial(h.Account, h.Devices[0], h.Numbers[0], "", "", nil)
			h.fine(err)
			h.pass()
			h.Ring(a, h.Devices[1:2], false, h.fine)
			h.pass()
			h.Hangup(a, "", h.fine)
		}, false},
		"its callflow tells nobody": {func(h *house) {
			delete(h.Alerts, h.Numbers[0])
			h.Hangup(h.fromOutside(), "", h.fine)
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			h := newHouse(t)
			h.Alerts[h.Numbers[0]] = []string{"dana@acme.example.com"}
			c.happens(h)
			h.pass()
			missed, ends := h.missed()
			if !c.missed {
				g.Expect(missed).To(BeEmpty())
				return
			}
			g.Expect(missed).To(HaveLen(1))
			told := missed[0]
			g.Expect(told.Object("Notify")).To(Equal(ends[told.String("Call-ID")]), "the end as it was on the wire")
			g.Expect(told.String("Caller-ID-Number") + " " + told.String("From-User") + "@" + told.String("From-Realm")).
				To(Equal("+12125550199 +12125550199@203.0.113.20"))
			g.Expect(told.String("To-User") + "@" + told.String("To-Realm")).To(Equal("+14155550100@203.0.113.5"))
			g.Expect(told.Bool(true, "Call-Bridged") || told.Bool(true, "Message-Left")).To(BeFalse())
			to, _ := told.Get("To")
			g.Expect(to).To(Equal([]any{"dana@acme.example.com"}))
		})
	}
}

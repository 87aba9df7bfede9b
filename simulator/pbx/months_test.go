package pbx_test

import (
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// lastMinute is a stage a few seconds before the end of a month.
func lastMinute(t *testing.T) *stage {
	t.Helper()
	st := newStage(t, "month")
	st.pass(t, time.Date(2026, 3, 31, 23, 59, 50, 0, time.UTC).Sub(st.line.Now()))
	return st
}

// months holds each message that is of a document of March to March.
func (st *stage) months(g *WithT) {
	march := regexp.MustCompile(`^202603-[0-9a-f]{32}$`)
	seen := 0
	for _, e := range st.events {
		db := e.String("Database")
		if db == "" {
			db = e.String("Account-DB")
		}
		for _, id := range []string{e.String("ID"), e.String("Fax-ID"), e.String("Fax-JobId")} {
			if len(id) > 32 {
				seen++
				g.Expect(id).To(MatchRegexp(march.String()), e.String("Event-Name"))
				g.Expect(db).To(HaveSuffix("-202603"), e.String("Event-Name"))
			}
		}
	}
	g.Expect(seen).To(BeNumerically(">", 0))
}

func TestADocumentBelongsToTheMonthOfItsBeginning(t *testing.T) {
	box := pbx.FaxBox{ID: "7adf6ba4f1294427a3db19a8be1a771e", Name: "Fax", Number: "+14155550142"}
	t.Run("a message", func(t *testing.T) {
		st := lastMinute(t)
		ch, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, "+14155550100", "")
		must(t, err)
		id := st.NewDocumentID(true)
		st.pass(t, time.Minute)
		must(t, st.Left(ch, &pbx.Mailbox{ID: "b", Number: "1001"}, id, time.Minute))
		st.months(NewWithT(t))
	})
	t.Run("a fax that is sent", func(t *testing.T) {
		st := lastMinute(t)
		f, err := st.SendFax(acme(), box, "+12125550188", 1)
		must(t, err)
		must(t, f.Originate())
		must(t, f.Channel().Answer())
		st.pass(t, time.Minute)
		must(t, f.Negotiated())
		must(t, f.Page())
		must(t, f.Done(true))
		must(t, f.File(true))
		st.months(NewWithT(t))
	})
	t.Run("a fax that comes in", func(t *testing.T) {
		st := lastMinute(t)
		ch, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, box.Number, "")
		must(t, err)
		must(t, ch.Answer())
		f, err := st.ReceiveFax(ch, box, 1)
		must(t, err)
		st.pass(t, time.Minute)
		must(t, f.Page())
		must(t, f.Done(true))
		must(t, f.File(true))
		st.months(NewWithT(t))
	})
}

func TestAFaxThatBrokeOffNamesItsCall(t *testing.T) {
	box := pbx.FaxBox{ID: "7adf6ba4f1294427a3db19a8be1a771e", Name: "Fax", Number: "+14155550142"}
	t.Run("that came in", func(t *testing.T) {
		g := NewWithT(t)
		st := newStage(t, "broken")
		ch, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, box.Number, "in@203.0.113.20")
		must(t, err)
		must(t, ch.Answer())
		f, err := st.ReceiveFax(ch, box, 1)
		must(t, err)
		must(t, f.Negotiated())
		must(t, f.Done(false))
		must(t, f.File(false))
		told := st.named("inbound_fax_error")[0]
		g.Expect(told.String("Call-ID") + " " + told.String("System-Log-ID")).To(Equal(ch.CallID() + " " + ch.CallID()))
		g.Expect(told.String("Fax-Error")).To(Equal("unknown error"))
	})
	t.Run("that was sent", func(t *testing.T) {
		g := NewWithT(t)
		st := newStage(t, "broken")
		f, err := st.SendFax(acme(), box, "+12125550188", 1)
		must(t, err)
		must(t, f.Originate())
		must(t, f.Channel().Answer())
		must(t, f.Negotiated())
		must(t, f.Done(false))
		must(t, f.File(false))
		g.Expect(st.named("outbound_fax_error")[0].String("Call-ID")).To(Equal(f.Channel().CallID()))
	})
	t.Run("of a box without a number", func(t *testing.T) {
		g := NewWithT(t)
		st := newStage(t, "broken")
		a := acme()
		a.Number = "+14155550100"
		f, err := st.SendFax(a, pbx.FaxBox{ID: box.ID}, "2125550188", 1)
		must(t, err)
		must(t, f.Originate())
		must(t, f.Failed("USER_BUSY"))
		leg, told := st.named("CHANNEL_CREATE")[0], st.named("outbound_fax_error")[0]
		g.Expect(leg.String("From") + " " + leg.String("Request")).To(Equal("+14155550100@203.0.113.5 +12125550188@203.0.113.20"))
		g.Expect(told.String("Caller-ID-Number") + " " + told.String("Callee-ID-Number")).To(Equal("+14155550100 +12125550188"))
	})
	t.Run("of which the switch has told nothing", func(t *testing.T) {
		g := NewWithT(t)
		st := newStage(t, "broken")
		f, err := st.SendFax(acme(), box, "+12125550188", 1)
		must(t, err)
		must(t, f.Originate())
		must(t, f.Failed("USER_BUSY"))
		g.Expect(st.named("outbound_fax_error")[0].Has("Call-ID")).To(BeFalse())
	})
}

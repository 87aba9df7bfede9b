package pbx_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

func TestALegToTheTelephoneNetworkShowsANumber(t *testing.T) {
	for what, c := range map[string]struct {
		account string // the number it shows
		caller  func(st *stage, a pbx.Account) (*pbx.Channel, error)
		dialled string

		shows, destination, classifier string
	}{
		"of the account": {
			"+14155550100", dials, "+12125550188", "+14155550100", "+12125550188", "did_us",
		},
		"of an account without one": {
			"", dials, "+12125550188", "+14155550199", "+12125550188", "did_us",
		},
		"of who called": {
			"+14155550100", func(st *stage, a pbx.Account) (*pbx.Channel, error) {
				return st.FromCarrier(a, pbx.Party{Number: "+442079460123"}, "+14155550100", "")
			}, "+12125550188", "+442079460123", "+12125550188", "did_us",
		},
		"ten digits":       {"+14155550100", dials, "2125550188", "+14155550100", "+12125550188", "did_us"},
		"eleven digits":    {"+14155550100", dials, "12125550188", "+14155550100", "+12125550188", "did_us"},
		"free of charge":   {"+14155550100", dials, "+18005550188", "+14155550100", "+18005550188", "tollfree_us"},
		"at a price":       {"+14155550100", dials, "+19005550188", "+14155550100", "+19005550188", "toll_us"},
		"abroad":           {"+14155550100", dials, "+442079460123", "+14155550100", "+442079460123", "international"},
		"abroad, from NA":  {"+14155550100", dials, "011442079460123", "+14155550100", "+442079460123", "international"},
		"abroad, from EU":  {"+14155550100", dials, "00442079460123", "+14155550100", "+442079460123", "international"},
		"digits of abroad": {"+14155550100", dials, "442079460123", "+14155550100", "+442079460123", "international"},
	} {
		t.Run(what, func(t *testing.T) {
			g := NewWithT(t)
			st := newStage(t, "outside")
			a := acme()
			a.Number = c.account
			caller, err := c.caller(st, a)
			must(t, err)
			_, err = caller.DialNumber(c.dialled)
			must(t, err)
			leg := st.named("CHANNEL_CREATE")[1]
			vars := leg.Object("Custom-Channel-Vars")
			g.Expect(leg.String("Caller-ID-Number")).To(Equal(c.shows))
			g.Expect(leg.String("From")).To(Equal(c.shows + "@203.0.113.5"))
			g.Expect(vars.String("E164-Origination")).To(Equal(c.shows))
			g.Expect(vars.String("E164-Destination")).To(Equal(c.destination))
			g.Expect(vars.String("Original-Number")).To(Equal(c.dialled))
			g.Expect(vars.String("DID-Classifier")).To(Equal(c.classifier))
			g.Expect(leg.String("Request")).To(Equal(c.destination + "@203.0.113.20"))
		})
	}
}

func dials(st *stage, a pbx.Account) (*pbx.Channel, error) { return st.FromDevice(a, desk(1), "x", "") }

func TestACallerFromAbroadIsClassified(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "abroad")
	_, err := st.FromCarrier(acme(), pbx.Party{Number: "+442079460123"}, "+14155550100", "")
	must(t, err)
	g.Expect(st.events[0].String("Custom-Channel-Vars", "DID-Classifier")).To(Equal("international"))
}

func TestAVariableThatIsUnknownIsAbsent(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "absent")
	ch, err := st.FromDevice(pbx.Account{Realm: "acme.sip.example.com"}, pbx.Device{Username: "user_1", Extension: "1001"}, "+12125550188", "")
	must(t, err)
	_, err = ch.DialNumber("+12125550188")
	must(t, err)
	for _, leg := range st.named("CHANNEL_CREATE") {
		for _, m := range leg.Object("Custom-Channel-Vars") {
			g.Expect(m.Value).NotTo(BeEquivalentTo(""), m.Key)
		}
	}
	known, err := st.FromDevice(acme(), desk(1), "1002", "")
	must(t, err)
	g.Expect(known.Named().String("Custom-Channel-Vars", "Ignore-Completed-Elsewhere")).To(Equal("true"))
}

func TestTheSwitchsOwnLegsHaveNoWire(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "no wire")
	a, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, "+14155550100", "")
	must(t, err)
	forwarding := desk(1)
	outer, inner, err := a.Loop(acme(), "+12125550177", &forwarding)
	must(t, err)
	must(t, inner.Answer())
	must(t, outer.Answer())
	must(t, inner.Hangup("NORMAL_CLEARING"))
	must(t, outer.Hangup("NORMAL_CLEARING"))
	for _, end := range st.named("CHANNEL_DESTROY") {
		g.Expect(end.Has("Remote-SDP") || end.Has("Local-SDP")).To(BeFalse(), end.String("Channel-Name"))
	}
}

func TestARegistrationKeepsItsCallID(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "registers")
	must(t, st.Register(acme(), desk(1), true))
	must(t, st.Register(acme(), desk(2), true))
	must(t, st.Register(acme(), desk(1), false))
	must(t, st.Deregister(acme(), desk(1)))
	must(t, st.Register(acme(), desk(1), true))
	ids := map[string][]string{}
	for _, e := range st.events {
		ids[e.String("Username")] = append(ids[e.String("Username")], e.String("Call-ID"))
	}
	one, two := ids["user_desk1"], ids["user_desk2"]
	g.Expect(one).To(HaveLen(6))
	g.Expect(one[:4]).To(HaveEach(one[0]), "success, register, success again, deregister")
	g.Expect(one[4:]).To(HaveEach(one[4]))
	g.Expect(one[4]).NotTo(Equal(one[0]), "it is another registration")
	g.Expect(two).To(HaveEach(two[0]))
	g.Expect(two[0]).NotTo(Equal(one[0]))
}

func TestTheOwnersTelephonesHearOfMessagesUnasked(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "lamp")
	must(t, st.Lamp(acme(), &pbx.Mailbox{Number: "1001", Phones: []string{"user_desk1", "user_desk2"}, New: 2, Saved: 1}))
	told := []string{}
	for _, e := range st.events {
		told = append(told, e.String("Event-Name")+" "+e.String("To"))
	}
	g.Expect(told).To(Equal([]string{
		"mwi_unsolicited_update user_desk1@acme.sip.example.com", "mwi_unsolicited_update user_desk2@acme.sip.example.com",
		"mwi_update sip:1001@acme.sip.example.com",
	}))
	g.Expect(st.events[0].Int("Messages-New")).To(BeEquivalentTo(2))
}

package judge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// began is when the first leg of each story was created, in Unix microseconds.
const began = int64(1710253474103456)

// step is an event of a leg, so many milliseconds after the beginning. Leg a comes in; the
// others are placed for it. What it changes is pairs of a field and its JSON; "" takes
// the field away.
type step struct {
	event, leg string
	at         int64
	change     []string
}

func on(leg, event string, at int64, change ...string) step { return step{event, leg, at, change} }

// story makes messages of steps.
type story struct {
	t        testing.TB
	samples  map[string]draft
	created  map[string]int64
	answered map[string]int64
}

func newStory(t testing.TB, all map[string]draft) *story {
	t.Helper()
	return &story{t: t, samples: all, created: map[string]int64{}, answered: map[string]int64{}}
}

func (s *story) message(p step) judge.Message {
	micros := began + p.at*1000
	switch p.event {
	case "CHANNEL_CREATE":
		if _, again := s.created[p.leg]; !again {
			s.created[p.leg] = micros - 20_000
		}
	case "CHANNEL_ANSWER":
		s.answered[p.leg] = micros
	}
	name := p.event
	if p.event == "CHANNEL_CREATE" && p.leg != "a" {
		name = "CHANNEL_ANSWER" // which has all that a leg has that was placed
	}
	sample := s.samples[name]
	d := sample.clone()
	created := s.created[p.leg]
	if created == 0 {
		created = began
	}
	for key, raw := range map[string]string{
		"Event-Name": quoted(p.event), "Call-ID": quoted(p.leg + "@203.0.113.20"), "Msg-ID": quoted(fmt.Sprint(micros)),
		"Timestamp":             fmt.Sprint((micros+999_999)/1_000_000 + 62167219200),
		"Channel-Created-Time":  quoted(fmt.Sprint(created)),
		"Custom-Channel-Vars":   s.vars(d),
		"Call-Direction":        quoted(map[bool]string{true: "inbound", false: "outbound"}[p.leg == "a"]),
		"Other-Leg-Call-ID":     quoted(map[bool]string{true: "b", false: "a"}[p.leg == "a"] + "@203.0.113.20"),
		"Other-Leg-Direction":   quoted(map[bool]string{true: "outbound", false: "inbound"}[p.leg == "a"]),
		"Bridge-B-Unique-ID":    quoted("b@203.0.113.20"),
		"Duration-Seconds":      fmt.Sprint((micros - created) / 1_000_000),
		"Ringing-Seconds":       "0",
		"Billing-Seconds":       fmt.Sprint(s.billed(p.leg, micros)),
		"Channel-Answer-State":  map[bool]string{true: `"ringing"`, false: s.raw(d, "Channel-Answer-State")}[p.event == "CHANNEL_CREATE"],
		"Application-Response":  `"NO_ANSWER"`,
		"Bridge-Hangup-Cause":   `"NO_ANSWER"`,
		"Custom-SIP-Headers":    "{}",
		"Channel-Loopback-Leg":  `"A"`,
		"Intercepted-By":        `"x"`,
		"Replaced-By":           `"c@203.0.113.20"`,
		"Origination-Call-ID":   `"x"`,
		"Raw-Application-Data":  `"x"`,
		"Transfer-Disposition":  `"x"`,
		"Endpoint-Disposition":  `"ANSWER"`,
		"Connecting-Leg-A-UUID": `"x"`,
	} {
		if d.index(key) >= 0 {
			d.set(s.t, key, raw)
		}
	}
	if p.leg == "a" && (p.event == "CHANNEL_ANSWER" || p.event == "CHANNEL_EXECUTE_COMPLETE") {
		for _, m := range sample.members {
			if strings.HasPrefix(m.key, "Other-Leg-") {
				d.drop(m.key)
			}
		}
	}
	for i := 0; i < len(p.change); i += 2 {
		if p.change[i+1] == "" {
			d.drop(p.change[i])
			continue
		}
		d.set(s.t, p.change[i], p.change[i+1])
	}
	id := strings.NewReplacer("@", "%40", ".", "%2E").Replace(d.text("Call-ID"))
	d.Key = "call." + d.text("Event-Name") + "." + id
	d.Headers = map[string]any{"call-id": []byte(d.text("Call-ID"))}
	return d.message()
}

func (s *story) raw(d *draft, key string) string {
	if i := d.index(key); i >= 0 {
		return d.members[i].raw
	}
	return `""`
}

func (s *story) billed(leg string, micros int64) int64 {
	answered, ok := s.answered[leg]
	if !ok {
		return 0
	}
	return (micros - answered + 999_999) / 1_000_000
}

// vars are the same for each leg, but for the presence.
func (s *story) vars(d *draft) string {
	presence := `"Presence-ID":"1001@acme.sip.example.com",`
	if d.index("Presence-ID") >= 0 {
		presence = `"Presence-ID":` + s.raw(d, "Presence-ID") + `,`
	}
	return `{"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90","Bridge-ID":"a@203.0.113.20","Call-Interaction-ID":"63877472674-5f3a9c1e",` +
		presence + `"Privacy-Hide-Number":false,"Privacy-Hide-Name":false}`
}

// of returns a sample with changes, for what is no leg's event.
func (s *story) of(sample string, change ...string) judge.Message {
	one := s.samples[sample]
	d := one.clone()
	for i := 0; i < len(change); i += 2 {
		switch {
		case change[i] == "key":
			d.Key = change[i+1]
		case change[i+1] == "":
			d.drop(change[i])
		default:
			d.set(s.t, change[i], change[i+1])
		}
	}
	return d.message()
}

package bridge

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
)

func TestNodesWithSwitchesAreCounted(t *testing.T) {
	g := NewWithT(t)
	now := clockwork.NewFakeClock()
	s := newSwitches(now)
	say := func(node, apps, expires string) {
		s.heard([]byte(`{"Event-Category":"nodes","Event-Name":"advertise","Node":"` + node + `","WhApps":` + apps + `,"Expires":` + expires + `}`))
	}
	g.Expect(s.count()).To(BeZero())
	say("one@a", `{"ecallmgr":{"Startup":1},"crossbar":{}}`, "10000")
	say("one@a", `{"ecallmgr":{"Startup":1}}`, "8000")
	say("two@b", `["ecallmgr"]`, "20000")
	say("three@c", `{"crossbar":{}}`, "10000")
	say("four@d", `{"ecallmgr":{}}`, "0")
	say("", `{"ecallmgr":{}}`, "1000")
	s.heard([]byte(`no json`))
	s.heard([]byte(`{"Event-Name":"other","Node":"five@e","WhApps":{"ecallmgr":{}},"Expires":10000}`))
	g.Expect(s.count()).To(Equal(2))

	now.Advance(10 * time.Second) // 8 s and a quarter
	g.Expect(s.count()).To(Equal(2))
	now.Advance(time.Millisecond)
	g.Expect(s.count()).To(Equal(1), "one@a is silent for too long")
	say("two@b", `{"crossbar":{}}`, "10000")
	g.Expect(s.count()).To(BeZero(), "its switches are no more")
}

func TestNotEndlesslyManyNodesAreRemembered(t *testing.T) {
	g := NewWithT(t)
	s := newSwitches(clockwork.NewFakeClock())
	for i := range maxSwitches + 5 {
		s.heard([]byte(`{"Event-Name":"advertise","Node":"n` + string(rune('a'+i%26)) + time.Duration(i).String() + `","WhApps":{"ecallmgr":{}},"Expires":10000}`))
	}
	g.Expect(s.count()).To(Equal(maxSwitches))
}

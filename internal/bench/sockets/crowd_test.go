package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is longer than anything here takes.
const soon = 10 * time.Second

// gathered is a crowd of four clients of two accounts at a bare loop, and how events
// are given to it.
func gathered(t *testing.T, mannered func(place int) *manner) (*crowd, func(account string, event int)) {
	t.Helper()
	g := NewWithT(t)
	b, err := newBareLoop()
	g.Expect(err).NotTo(HaveOccurred())
	http := httptest.NewServer(b)
	t.Cleanup(func() {
		http.Close()
		for _, queues := range b.accounts {
			for _, queue := range queues {
				close(queue)
			}
		}
	})
	s := &server{url: strings.Replace(http.URL, "http", "ws", 1) + "/"}
	c, err := newCrowd(t.Context(), s, []string{"a", "b"}, lab.NewBook(10), 4, mannered)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(c.close)
	return c, func(account string, event int) {
		g.Expect(b.deliver(fmt.Appendf(nil, `{"Custom-Channel-Vars":{"Account-ID":%q},"Call-ID":"labevent-%09d"}`, account, event))).To(Succeed())
	}
}

func TestACrowdKnowsWhatItGot(t *testing.T) {
	g := NewWithT(t)
	c, deliver := gathered(t, nil)
	deliver("a", 0)
	deliver("b", 1)
	deliver("a", 2)
	g.Expect(c.got.within(t.Context(), soon, "arrivals", 6)).To(Succeed())
	g.Expect(c.faults()).To(Succeed())

	deliver("b", 1) // again
	deliver("b", 4) // which is for those of a
	deliver("b", 3)
	g.Expect(c.got.within(t.Context(), soon, "arrivals", 8)).To(Succeed())
	g.Expect(c.faults()).To(MatchError(And(
		ContainSubstring("2 frames came twice"), ContainSubstring("2 frames came to the wrong client"))))
	g.Expect(c.got.within(t.Context(), time.Millisecond, "arrivals", 9)).To(MatchError(ContainSubstring("arrivals: 8 of 9")))
}

func TestWhoIsHeldUpReadsLater(t *testing.T) {
	g := NewWithT(t)
	deaf := &manner{"deaf", newBrake()}
	deaf.engage(0)
	c, deliver := gathered(t, func(place int) *manner {
		if place == 0 {
			return deaf
		}
		return nil
	})
	deliver("a", 0)
	g.Expect(c.got.within(t.Context(), soon, "arrivals", 1)).To(Succeed())
	g.Expect(c.clients[0].seen.Len()).To(BeZero())
	deaf.release()
	g.Eventually(c.clients[0].seen.Len).WithTimeout(soon).Should(Equal(1))
	g.Expect(c.clients[0].gone()).To(BeFalse())
}

func TestConnectionsThatEndAreTold(t *testing.T) {
	g := NewWithT(t)
	c, _ := gathered(t, nil)
	g.Expect(c.clients[3].conn.NetConn().Close()).To(Succeed())
	g.Eventually(c.clients[3].gone).WithTimeout(soon).Should(BeTrue())
	g.Expect(c.endings()).To(Equal(map[string]int{"reading, cut": 1}))
	g.Expect(c.connect(t.Context(), c.clients[3:])).To(Succeed())
	g.Expect(c.faults()).To(Succeed())
}

func TestArgumentsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"fanout", "-sockets 1", "-sockets must be 2 or more"},
		{"slow", "-sockets 10 -slow 6", "-slow: at least 2"},
		{"resume", "-store sqlite", "two nodes cannot share a file"},
		{"index", "more", "unknown argument"},
	} {
		_, err := parse(c.name, strings.Fields(c.args))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.want)))
	}
	NewWithT(t).Expect(figures.EnoughFiles("-sockets", 5000, 1024)).To(MatchError(ContainSubstring("ulimit -Hn 5200")))
	NewWithT(t).Expect(figures.EnoughFiles("-sockets", 5000, 0)).To(Succeed())
	NewWithT(t).Expect(run(t.Context(), []string{"other"})).To(MatchError(ContainSubstring("fanout|single|index|slow|resume")))
}

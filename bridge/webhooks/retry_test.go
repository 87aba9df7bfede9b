package webhooks

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func TestWhichAnswersSucceedAndWhichAreTriedAgain(t *testing.T) {
	const success, final, again = "success", "final", "again"
	for _, c := range []struct {
		status                  int
		verb                    string
		kazoo, asked, corrected string // asked: kazoo with retry_on_status
	}{
		{200, "post", success, success, success},
		{200, "get", success, success, success},
		{201, "put", success, success, success},
		{201, "post", final, final, success},
		{202, "put", final, final, success},
		{204, "get", final, final, success},
		{299, "post", final, final, success},
		{301, "put", final, final, final},
		{400, "post", final, final, final},
		{404, "post", final, final, final},
		{408, "post", final, final, final},
		{410, "post", final, final, final},
		{429, "post", final, again, again},
		{500, "post", final, again, again},
		{503, "get", final, again, again},
		{599, "put", final, again, again},
	} {
		g := NewWithT(t)
		for _, mode := range []struct {
			compat fidelity.Compat
			extras *Extras
			want   string
		}{
			{fidelity.Kazoo, nil, c.kazoo}, {fidelity.Kazoo, &Extras{RetryOnStatus: true}, c.asked},
			{fidelity.Corrected, nil, c.corrected}, {fidelity.Corrected, &Extras{RetryOnStatus: true}, c.corrected},
		} {
			one := try{
				hook: &Hook{Verb: c.verb, Extras: mode.extras}, left: 2, compat: mode.compat,
				outcome: delivery.Outcome{Status: c.status},
			}
			g.Expect(one.succeeded()).To(Equal(mode.want == success), "%+v", c)
			g.Expect(one.final()).To(Equal(mode.want != again), "%+v", c)
			one.left = 1
			g.Expect(one.final()).To(BeTrue())
		}
	}
}

func TestFailuresOfTheTransportAreTriedAgainButForWhatIsBlocked(t *testing.T) {
	g := NewWithT(t)
	for _, compat := range fidelity.Compats() {
		failed := try{hook: &Hook{}, left: 2, compat: compat, outcome: delivery.Outcome{Err: errors.New("refused")}}
		g.Expect(failed.final()).To(BeFalse())
		failed.outcome.Err = &guard.BlockedError{Address: netip.MustParseAddr("127.0.0.1")}
		g.Expect(failed.final()).To(BeTrue())
		g.Expect(failed.succeeded()).To(BeFalse())
	}
}

func TestPausesDoubleWithinTheirBounds(t *testing.T) {
	g := NewWithT(t)
	cfg := DefaultConfig()
	e := &Engine{cfg: cfg, dep: Dependencies{Clock: clock.System(), IDs: ids.Seeded("pauses")}}
	answered := try{outcome: delivery.Outcome{Status: 500}}
	seen := map[time.Duration]bool{}
	for before, longest := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute} {
		for range 50 {
			pause := e.pause(answered, before)
			seen[pause] = true
			g.Expect(pause).To(And(BeNumerically(">=", longest/2), BeNumerically("<=", longest)))
		}
	}
	g.Expect(len(seen)).To(BeNumerically(">", 200), "chance has its part")
	silent := try{outcome: delivery.Outcome{Err: errors.New("refused")}}
	g.Expect(e.pause(silent, 3)).To(Equal(cfg.RetryPause), "as the reference")
}

func TestWhatAReceiverAsksFor(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, "3600": time.Hour, "2147483647": 2147483647 * time.Second,
		"Sun, 01 Mar 2026 12:00:45 GMT":  45 * time.Second,
		"Sunday, 01-Mar-26 12:00:45 GMT": 45 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  time.Duration(1<<63 - 1),
		"":                               0, "-5": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0, "5, 6": 0,
	} {
		if got := retryAfter([]delivery.Header{{Name: "retry-after", Value: value}}, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	g := NewWithT(t)
	cfg := DefaultConfig()
	e := &Engine{cfg: cfg, dep: Dependencies{Clock: clock.System(), IDs: ids.Seeded("asked")}}
	for value, want := range map[string]time.Duration{"40": 40 * time.Second, "86400": cfg.RetryMaxWait} {
		asked := try{outcome: delivery.Outcome{Status: 503, Headers: []delivery.Header{{Name: "retry-after", Value: value}}}}
		g.Expect(e.pause(asked, 0)).To(Equal(want))
	}
}

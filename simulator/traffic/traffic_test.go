package traffic_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

func offices(n int) []office.Office {
	random := ids.Seeded("offices")
	all := make([]office.Office, n)
	for i := range all {
		o := office.Office{
			Account: pbx.Account{ID: random.Hex(32), Realm: fmt.Sprintf("office%d.sip.example.com", i)},
			Numbers: []string{fmt.Sprintf("+141555501%02d", i)},
		}
		for d := range 3 {
			o.Devices = append(o.Devices, pbx.Device{
				ID: random.Hex(32), OwnerID: random.Hex(32), Username: fmt.Sprintf("user_%d", d),
				Name: fmt.Sprintf("Desk %d", d), Extension: fmt.Sprintf("100%d", d),
			})
			o.Boxes = append(o.Boxes, &pbx.Mailbox{ID: random.Hex(32), Number: fmt.Sprintf("100%d", d)})
		}
		all[i] = o
	}
	return all
}

// played is the traffic of a seed, with all that it said.
func played(ctx context.Context, t testing.TB, seed string, cfg traffic.Config, say func(pbx.Event)) traffic.Count {
	t.Helper()
	line := timeline.New(timeline.Config{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded(seed)
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random}), line, say)
	board := switchboard.New(switchboard.Config{Core: core, Line: line, IDs: random, Offices: cfg.Offices, Fail: func(err error) { t.Fatal(err) }})
	load := traffic.New(cfg, calls.New(board), line, random, nil)
	load.Begin()
	if err := line.Run(ctx, false); err != nil {
		t.Fatal(err)
	}
	if core.Channels() != 0 {
		t.Errorf("%d channels are left", core.Channels())
	}
	return load.Count()
}

func digest(t testing.TB, cfg traffic.Config, seed string) string {
	t.Helper()
	sum := sha256.New()
	count := played(t.Context(), t, seed, cfg, func(e pbx.Event) {
		m, err := e.Message()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(sum, m.Exchange, m.Key, m.CallID)
		sum.Write(m.Body)
	})
	return fmt.Sprintf("%+v %x", count, sum.Sum(nil))
}

func TestTheSameSeedMakesTheSameBytes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	cfg := func() traffic.Config {
		return traffic.Config{Arrivals: traffic.BusinessDay{Rate: 0.01}, Offices: offices(5), Calls: 1000}
	}
	first := digest(t, cfg(), "one")
	g.Expect(digest(t, cfg(), "one")).To(Equal(first))
	g.Expect(digest(t, cfg(), "other")).NotTo(Equal(first))
}

func TestAsManyCallsComeAsTheRateSays(t *testing.T) {
	t.Parallel()
	for name, arrivals := range map[string]traffic.Arrivals{
		"steady": traffic.Steady{Rate: 2}, "poisson": traffic.Poisson{Rate: 2}, "day": traffic.BusinessDay{Rate: 2},
		"bursts": traffic.Bursts{Rate: 1, Every: time.Minute, For: 10 * time.Second, Times: 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			random := ids.Seeded(name)
			n, busiest, byHour := 0, 0, map[time.Duration]int{}
			for at := time.Duration(0); at < 24*time.Hour; n++ {
				at += arrivals.Next(random, at)
				byHour[at/time.Hour]++
				busiest = max(busiest, byHour[at/time.Hour])
			}
			g.Expect(n).To(BeNumerically("~", 2*24*3600, 2500))
			if name == "day" {
				g.Expect(busiest).To(BeNumerically(">", 2*n/24))
				g.Expect(byHour[3]).To(BeNumerically("<", n/500))
			}
		})
	}
}

func TestCallsBeyondTheLimitAreCounted(t *testing.T) {
	g := NewWithT(t)
	up := map[string]bool{}
	most := 0
	count := played(t.Context(), t, "limit", traffic.Config{
		Arrivals: traffic.Poisson{Rate: 1}, Offices: offices(2), Duration: time.Hour, Concurrent: 10,
	}, func(e pbx.Event) {
		switch {
		case e.Name() == "CHANNEL_CREATE" && e.Fields().String("Call-Direction") == "inbound":
			up[e.CallID()] = true
		case e.Name() == "CHANNEL_DESTROY":
			delete(up, e.CallID())
		}
		most = max(most, len(up))
	})
	g.Expect(most).To(Equal(10))
	g.Expect(count.Refused).To(BeNumerically(">", 0))
	g.Expect(count.Begun + count.Refused).To(Equal(count.Offered))
	g.Expect(count.Up()).To(BeZero())
}

// BenchmarkCall is what a call costs that nobody hears of, bytes of its messages included.
func BenchmarkCall(b *testing.B) {
	messages, size := 0, 0
	var last bytes.Buffer
	count := played(b.Context(), b, "bench", traffic.Config{Arrivals: traffic.Poisson{Rate: 2}, Offices: offices(20), Calls: b.N}, func(e pbx.Event) {
		m, err := e.Message()
		if err != nil {
			b.Fatal(err)
		}
		last.Reset()
		last.Write(m.Body)
		messages++
		size += len(m.Body)
	})
	b.ReportMetric(float64(messages)/float64(count.Begun), "messages/call")
	b.ReportMetric(float64(size)/float64(messages), "B/message")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(messages), "us/message")
}

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

// reportEvery says how far it is, every few seconds of the wall.
func (a *app) reportEvery(line *timeline.Timeline, load *traffic.Traffic, out *outlet.Outlet, wall clock.Clock, began time.Time) {
	const pause = 5 * time.Second
	last := began
	var report func()
	report = func() {
		count := load.Count()
		if wall.Since(last) >= pause {
			last = wall.Now()
			a.say("%s  %s  %d calls, %d up, %d messages", wall.Since(began).Round(time.Second), line.Now().Format("2006-01-02 15:04:05"),
				count.Begun, count.Up(), out.Sent())
		}
		if line.Waiting() > 0 {
			line.After(time.Second, report)
		}
	}
	line.After(time.Second, report)
}

// simulation is the summary as JSON.
type simulated struct {
	Begun    int            `json:"begun"`
	Calls    int            `json:"calls"` // of two, of what has begun
	Refused  int            `json:"refused"`
	Up       int            `json:"up"`
	Outcomes map[string]int `json:"outcomes"`
	Did      map[string]int `json:"did"` // what people did, by the names of --mix
	Messages int64          `json:"messages"`
	Seconds  float64        `json:"seconds"`       // on the wall
	Played   float64        `json:"played_s"`      // in the simulation
	Offered  float64        `json:"offered_per_s"` // in the simulation, those that --concurrent refused included
	PerS     float64        `json:"begun_per_s"`   // in the simulation, while there were new ones
	Late99   float64        `json:"late_p99_ms"`   // of 100 calls 99 began no later after their time
	LateMost float64        `json:"late_worst_ms"` // and none
}

func (a *app) printSummary(count traffic.Count, messages int64, took, played time.Duration, late *spread, output string) error {
	s := simulated{
		Begun: count.Begun, Calls: count.Calls(), Refused: count.Refused, Up: count.Up(), Outcomes: map[string]int{}, Did: map[string]int{}, Messages: messages,
		Seconds: took.Seconds(), Played: played.Seconds(), Offered: perSecond(count.Offered, count.Window), PerS: perSecond(count.Begun, count.Window),
		Late99: float64(late.at(0.99).Microseconds()) / 1000, LateMost: float64(late.at(1).Microseconds()) / 1000,
	}
	for outcome, n := range count.Outcomes {
		s.Outcomes[outcome.String()] = n
	}
	for what, n := range count.Did {
		s.Did[what.String()] = n
	}
	if output == outputJSON {
		return a.printLine(s)
	}
	var ends []string
	for _, outcome := range calls.Outcomes() {
		if n := count.Outcomes[outcome]; n > 0 {
			ends = append(ends, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	a.printf("%d calls (%s)%s, %d messages, %s played in %s\n", count.Calls(), strings.Join(ends, ", "), besides(count), messages,
		played.Round(time.Second), took.Round(time.Millisecond))
	a.printf("%.1f offered a second, %.1f begun; %.0f messages/s on the wall; they began %.1f ms late at p99, %.1f at most\n",
		s.Offered, s.PerS, float64(messages)/took.Seconds(), s.Late99, s.LateMost)
	if s.Refused > 0 || s.Up > 0 {
		a.printf("%d refused by --concurrent, %d still up\n", s.Refused, s.Up)
	}
	return nil
}

// besides names what people did that is no call of two.
func besides(count traffic.Count) (text string) {
	for _, what := range []struct {
		what traffic.What
		name string
	}{{traffic.Conference, "conferences"}, {traffic.Fax, "faxes"}, {traffic.Register, "registrations"}, {traffic.Edit, "changes"}} {
		if n := count.Did[what.what]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, what.name)
		}
	}
	return text
}

func perSecond(n int, in time.Duration) float64 {
	if in <= 0 {
		return 0 // a single one comes at once
	}
	return float64(n) / in.Seconds()
}

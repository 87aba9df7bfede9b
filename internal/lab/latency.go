package lab

import (
	"fmt"
	"slices"
	"time"
)

// Latency sums up the times of first arrivals.
type Latency struct {
	Events        int
	P50, P99, Max time.Duration
}

func (l Latency) String() string {
	return fmt.Sprintf("p50 %6.1f ms  p99 %7.1f ms  max %7.1f ms  of %d events",
		Milliseconds(l.P50), Milliseconds(l.P99), Milliseconds(l.Max), l.Events)
}

// Milliseconds is d in them.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// LatencyOf sums up samples; it sorts them.
func LatencyOf(samples []Sample) Latency {
	slices.SortFunc(samples, func(a, b Sample) int { return int(a.Took) - int(b.Took) })
	at := func(share float64) time.Duration {
		if len(samples) == 0 {
			return 0
		}
		return time.Duration(samples[int(share*float64(len(samples)-1))].Took) * time.Microsecond
	}
	return Latency{Events: len(samples), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

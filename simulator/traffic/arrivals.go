package traffic

import (
	"fmt"
	"math"
	"time"
)

// Random draws (internal/ids.Source).
type Random interface {
	IntN(n int) int
	Float64() float64
}

// Arrivals say when the next call begins. Rates are of calls a second.
type Arrivals interface {
	// Next is the time from one call to the next. since is how long there have been calls.
	Next(random Random, since time.Duration) time.Duration
}

// Steady calls come one after the other at the same distance.
type Steady struct{ Rate float64 }

// Next is that of Arrivals.
func (a Steady) Next(Random, time.Duration) time.Duration { return seconds(1 / a.Rate) }

// Poisson calls come by chance, as those of many independent people do.
type Poisson struct{ Rate float64 }

// Next is that of Arrivals.
func (a Poisson) Next(random Random, _ time.Duration) time.Duration {
	return seconds(exponential(random) / a.Rate)
}

// Bursts are Poisson calls, of which every so often many come at once.
type Bursts struct {
	Rate  float64 // between
	Every time.Duration
	For   time.Duration // how long one lasts
	Times float64       // how many times the rate it has
}

// Next is that of Arrivals.
func (a Bursts) Next(random Random, since time.Duration) time.Duration {
	return thinned(random, since, a.Rate*a.Times, func(at time.Duration) float64 {
		if at%a.Every < a.For {
			return a.Rate * a.Times
		}
		return a.Rate
	})
}

// BusinessDay calls follow the hours of offices: few at night, most in the morning and
// in the afternoon. Rate is the mean of a day, which begins at midnight.
type BusinessDay struct{ Rate float64 }

// hours is the share of a day's calls that come in each, of 1,000.
func hours() [24]float64 {
	return [24]float64{2, 1, 1, 1, 2, 5, 13, 35, 76, 106, 113, 103, 72, 88, 104, 98, 79, 46, 23, 14, 8, 5, 3, 2}
}

// Next is that of Arrivals.
func (a BusinessDay) Next(random Random, since time.Duration) time.Duration {
	const day, most = 24 * time.Hour, 113
	table := hours()
	rate := func(at time.Duration) float64 { return a.Rate * 24 * table[at%day/time.Hour] / 1000 }
	return thinned(random, since, a.Rate*24*most/1000, rate)
}

// thinned draws from a process whose rate changes: by the highest, of which as many are
// left out as the rate is lower (Lewis and Shedler).
func thinned(random Random, since time.Duration, highest float64, rate func(time.Duration) float64) time.Duration {
	at := since
	for {
		at += seconds(exponential(random) / highest)
		if random.Float64()*highest < rate(at) {
			return at - since
		}
	}
}

// exponential draws with mean 1.
func exponential(random Random) float64 { return -math.Log(1 - random.Float64()) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// ParseArrivals reads the name of a process and gives it a rate.
func ParseArrivals(name string, rate float64) (Arrivals, error) {
	switch name {
	case "steady":
		return Steady{rate}, nil
	case "poisson":
		return Poisson{rate}, nil
	case "bursts":
		return Bursts{Rate: rate, Every: time.Minute, For: 5 * time.Second, Times: 5}, nil
	case "day":
		return BusinessDay{rate}, nil
	}
	return nil, fmt.Errorf("no arrivals %q: there are steady, poisson, bursts and day", name)
}

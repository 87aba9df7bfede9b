package traffic

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Histogram calls come as often as they once did: so many in each interval, by chance
// within it. After the last the first follows again.
type Histogram struct {
	start   time.Duration // of the first interval
	bins    []bin         // from there on
	length  time.Duration
	highest float64 // rate
}

// bin is an interval, from a time after the beginning until the next begins.
type bin struct {
	from  time.Duration
	calls int
	rate  float64
}

// ParseHistogram reads a line for each interval: when it begins, as a time of the day (08:30)
// or after the beginning (90m), and how many calls it has. The last is as long as the one
// before it; a single one has an hour. What follows a # is a remark.
func ParseHistogram(r io.Reader) (Histogram, error) {
	var bins []bin
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		b, err := parseBin(fields)
		if err != nil {
			return Histogram{}, fmt.Errorf("line %d: %w", n, err)
		}
		if len(bins) > 0 && b.from <= bins[len(bins)-1].from {
			return Histogram{}, fmt.Errorf("line %d: %s does not come after the line before; sort them by time", n, fields[0])
		}
		bins = append(bins, b)
	}
	if err := lines.Err(); err != nil {
		return Histogram{}, err
	}
	return histogramOf(bins)
}

func parseBin(fields []string) (b bin, err error) {
	if len(fields) != 2 {
		return b, fmt.Errorf("%d words; write when an interval begins and how many calls it has, as: 08:30 42", len(fields))
	}
	if b.from, err = parseOffset(fields[0]); err != nil {
		return b, err
	}
	const most = 1_000_000_000
	if b.calls, err = strconv.Atoi(fields[1]); err != nil || b.calls < 0 || b.calls > most {
		return b, fmt.Errorf("%q is no number of calls", fields[1])
	}
	return b, nil
}

// Bounds of a histogram, beyond which the time cannot be told, or stands still between calls.
const (
	mostRate   = 100_000 // calls a second
	mostOffset = 366 * 24 * time.Hour
)

func parseOffset(text string) (time.Duration, error) {
	if at, err := time.Parse("15:04", text); err == nil {
		return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > mostOffset {
		return 0, fmt.Errorf("%q is no time; write it as 08:30, or as 90m after the beginning", text)
	}
	return d, nil
}

// histogramOf gives the intervals their rates, and has them begin with the first.
func histogramOf(bins []bin) (h Histogram, err error) {
	if len(bins) == 0 {
		return h, errors.New("no line says when there are how many calls, as: 08:30 42")
	}
	h.start, h.length = bins[0].from, time.Hour
	last := len(bins) - 1
	if last > 0 {
		h.length = bins[last].from - bins[last-1].from
	}
	h.length += bins[last].from - h.start
	for i, b := range bins {
		b.from -= h.start
		until := h.length
		if i < last {
			until = bins[i+1].from - h.start
		}
		b.rate = float64(b.calls) / (until - b.from).Seconds()
		if b.rate > mostRate {
			return h, fmt.Errorf("%d calls in %s are more than %d a second", b.calls, until-b.from, mostRate)
		}
		h.highest = max(h.highest, b.rate)
		h.bins = append(h.bins, b)
	}
	if h.highest == 0 {
		return h, errors.New("no interval has a call")
	}
	return h, nil
}

// Start is when the first interval begins, after midnight or the beginning.
func (h Histogram) Start() time.Duration { return h.start }

// Length is how long all intervals are together.
func (h Histogram) Length() time.Duration { return h.length }

// Next is that of Arrivals.
func (h Histogram) Next(random Random, since time.Duration) time.Duration {
	return thinned(random, since, h.highest, func(at time.Duration) float64 {
		at %= h.length
		rate := h.bins[0].rate
		for _, b := range h.bins {
			if b.from > at {
				break
			}
			rate = b.rate
		}
		return rate
	})
}

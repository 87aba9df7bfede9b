package main

import (
	"github.com/kazoolab/kazoolab/internal/bench/figures"
)

// trend tells whether a figure that was taken at even intervals grows.
type trend struct {
	first, last float64 // medians of the first and the last quarter
	slope       float64 // a straight line's through all, for one interval
}

// trendOf needs at least four figures.
func trendOf(values []float64) trend {
	same := func(v float64) float64 { return v }
	quarter := len(values) / 4
	return trend{
		first: figures.Median(values[:quarter], same),
		last:  figures.Median(values[len(values)-quarter:], same),
		slope: slope(values),
	}
}

// slope is that of the line with the least squares.
func slope(values []float64) float64 {
	n := float64(len(values))
	var x, y, xy, xx float64
	for i, v := range values {
		at := float64(i)
		x, y, xy, xx = x+at, y+v, xy+at*v, xx+at*at
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

package main

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestATrendTellsGrowth(t *testing.T) {
	g := NewWithT(t)
	flat := trendOf([]float64{5, 5, 5, 5, 5, 5, 5, 5})
	g.Expect(flat).To(Equal(trend{first: 5, last: 5}))
	rising := trendOf([]float64{1, 3, 5, 7, 9, 11, 13, 15})
	g.Expect(rising.first).To(BeNumerically("==", 3))
	g.Expect(rising.last).To(BeNumerically("==", 15))
	g.Expect(rising.slope).To(BeNumerically("~", 2, 1e-9))
	peak := trendOf([]float64{5, 5, 5, 50, 50, 5, 5, 5})
	g.Expect(peak.first).To(Equal(peak.last))
	g.Expect(peak.slope).To(BeNumerically("~", 0, 1e-9))
}

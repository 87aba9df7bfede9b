package lab

import (
	"fmt"
	"strconv"
	"strings"
)

// Metrics are figures by name, labels included as they are printed.
type Metrics map[string]float64

// ParseMetrics reads Prometheus' text format.
func ParseMetrics(text []byte) (Metrics, error) {
	m := Metrics{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("metrics: %q is no name and value", line)
		}
		m[line[:at]] = value
	}
	return m, nil
}

// Sum adds up a figure over all its labels.
func (m Metrics) Sum(name string) float64 {
	sum := m[name]
	for key, value := range m {
		if strings.HasPrefix(key, name+"{") {
			sum += value
		}
	}
	return sum
}

package session

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// id is what differs in each call: ids of Kazoo and its switch, and ports of this machine.
var id = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\b[0-9a-f]{20,}\b|(127\.0\.0\.1|localhost):[0-9]+`)

// Anonymous is text with what differs in each call taken out: the call's own id, other ids, ports.
func Anonymous(text, callID string) string {
	if callID != "" {
		text = strings.ReplaceAll(text, callID, "ID")
		text = strings.ReplaceAll(text, url.QueryEscape(callID), "ID")
	}
	return id.ReplaceAllString(text, "ID")
}

// Change is a line of a comparison.
type Change struct {
	Mark rune // ' ' for both, '-' for the first alone, '+' for the second
	Text string
}

// Differ compares two sessions; changed tells whether anything is.
func Differ(was, is *Session) (all []Change, changed bool) {
	all = compare(was.Lines(), is.Lines())
	for _, c := range all {
		changed = changed || c.Mark != ' '
	}
	return all, changed
}

// most is how many lines beyond what begins and ends alike are compared line by line.
const most = 4000

// compare is the shortest way from one list to the other.
func compare(a, b []string) (all []Change) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for _, line := range a[:head] {
		all = append(all, Change{' ', line})
	}
	all = append(all, between(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, line := range a[len(a)-tail:] {
		all = append(all, Change{' ', line})
	}
	return all
}

// between compares what has neither beginning nor end in common, by the longest common
// subsequence.
func between(a, b []string) (all []Change) {
	if len(a) > most || len(b) > most { // too much to compare, and to read
		for _, line := range a {
			all = append(all, Change{'-', line})
		}
		for _, line := range b {
			all = append(all, Change{'+', line})
		}
		return all
	}
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, Change{' ', a[i]})
			i, j = i+1, j+1
		case j >= len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			all = append(all, Change{'-', a[i]})
			i++
		default:
			all = append(all, Change{'+', b[j]})
			j++
		}
	}
	return all
}

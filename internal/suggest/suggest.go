// Package suggest finds the name someone probably meant. It owns the measure of
// nearness and the wording of "did you mean"; it never decides whether a name is
// valid.
package suggest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// most is how many names are worth offering: more is a list, not a hint.
const most = 3

// Nearest returns up to three of the known names that resemble word, nearest
// first. Case does not count, and a known name that contains word counts as near.
func Nearest(word string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	folded := strings.ToLower(word)
	if folded == "" {
		return nil
	}
	limit := max(2, utf8.RuneCountInString(folded)/3)
	var near []candidate
	for _, name := range known {
		foldedName := strings.ToLower(name)
		d := distance(folded, foldedName)
		if d > limit && len(folded) >= 3 && strings.Contains(foldedName, folded) {
			d = limit
		}
		if d <= limit {
			near = append(near, candidate{name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	names := make([]string, 0, most)
	for _, c := range near {
		if len(names) == most {
			break
		}
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// Hint words the result of Nearest for the end of an error.
func Hint(word string, known []string) string { return Offer(Nearest(word, known)) }

// Offer words names that are near for the end of an error, starting with "; ", or
// is empty when there are none.
func Offer(near []string) string {
	if len(near) == 0 {
		return ""
	}
	last := near[len(near)-1]
	if len(near) == 1 {
		return fmt.Sprintf("; did you mean %s?", last)
	}
	return fmt.Sprintf("; did you mean %s or %s?", strings.Join(near[:len(near)-1], ", "), last)
}

// Then puts a sentence behind text that ends as it likes: behind a question mark, as that of a hint, there
// is no full stop.
func Then(text, sentence string) string {
	if text == "" || sentence == "" || strings.HasSuffix(text, "?") || strings.HasSuffix(text, ".") {
		return strings.TrimSpace(text + " " + sentence)
	}
	return text + ". " + sentence
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before := make([]int, len(y)+1)
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}

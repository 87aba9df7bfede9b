package explore

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/caller"
)

// allKeys are those of a telephone, in the order of trying.
const allKeys = "1234567890*#"

var number = regexp.MustCompile(`[0-9]+`)

// choices are the answers to a question that are worth trying, in a fixed order: every key where
// one is asked for; where more are, the numbers that the prompt names, and one that it does not;
// and in the end no key at all.
func choices(q *caller.Question, prompt, keys string) []string {
	var all []string
	add := func(text string) {
		if text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	for _, offered := range q.Offers {
		add(offered)
	}
	if q.Most == 1 {
		for _, key := range keys {
			if !strings.ContainsRune(q.Finish, key) {
				add(string(key))
			}
		}
		return append(all, Nothing)
	}
	finish := ""
	if q.Finish != "" {
		finish = q.Finish[:1]
	}
	for _, named := range number.FindAllString(prompt, -1) {
		add(whole(named, q.Most, finish))
	}
	if q.Most > 0 {
		add(strings.Repeat("1", q.Most))
	} else {
		add("1" + finish)
	}
	return append(all, Nothing)
}

// whole is a number as it is entered: cut where it is too long, and finished where it is not.
func whole(text string, most int, finish string) string {
	if most > 0 && len(text) >= most {
		return text[:most]
	}
	return text + finish
}

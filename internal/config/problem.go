package config

import "strings"

// Problem is one thing wrong with the settings.
type Problem struct {
	Where string // flag, variable or file:line that says it
	What  string
}

// Problems is everything that is wrong, so that one run shows all of it.
type Problems []Problem //nolint:errname // many of them are one error

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Where + ": " + problem.What
	}
	return strings.Join(lines, "\n")
}

package fidelity

import (
	"fmt"
	"strings"
)

// Dialect is the version of Kazoo whose shapes are spoken.
type Dialect string

const (
	// Talk answers every command of the KazooCon 2015 talk (Kazoo 3.22) as it is
	// printed there; what the talk does not print is as in V50.
	Talk Dialect = "talk"
	// V50 is Kazoo's master.
	V50 Dialect = "5.0"
	// V43 is the 4.3 branch.
	V43 Dialect = "4.3"
)

// Dialects lists them, the default first.
func Dialects() []Dialect { return []Dialect{Talk, V50, V43} }

// ParseDialect reads a dialect's name. The error lists the names there are.
func ParseDialect(name string) (Dialect, error) { return parse("dialect", name, Dialects()) }

// Compat says whether quirks of the reference are reproduced.
type Compat string

const (
	// Kazoo reproduces them wherever they put bytes on the wire.
	Kazoo Compat = "kazoo"
	// Corrected does what a sane implementation would.
	Corrected Compat = "corrected"
)

// Compats lists them, the default first.
func Compats() []Compat { return []Compat{Kazoo, Corrected} }

// ParseCompat reads a mode's name. The error lists the names there are.
func ParseCompat(name string) (Compat, error) { return parse("compat", name, Compats()) }

func parse[T ~string](what, name string, known []T) (T, error) {
	names := make([]string, len(known))
	for i, k := range known {
		if string(k) == name {
			return k, nil
		}
		names[i] = string(k)
	}
	return "", fmt.Errorf("%s: %q is none of %s", what, name, strings.Join(names, " "))
}

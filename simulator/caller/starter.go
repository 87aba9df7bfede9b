package caller

import _ "embed"

//go:embed starter.yaml
var starter string

// Starter is a script to begin with.
func Starter() string { return starter }

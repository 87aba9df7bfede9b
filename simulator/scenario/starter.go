package scenario

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed starter.yaml
var starter string

// Starter is the text of a scenario to begin with, which holds together as it is.
func Starter(title string) string {
	return strings.Replace(starter, "A call rings two telephones", fmt.Sprintf("%q", title), 1)
}

// Package profiles holds the profiles of targets that come with the program, and the files
// of what is known to fail there. It owns these files and their names; it never reads what
// stands in them.
package profiles

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// known tells that a file says what fails, and is no profile.
const known = ".expected.yaml"

// Names lists the profiles, as --profile takes them.
func Names() []string {
	all, _ := fs.Glob(files, "*.yaml") // the pattern is good
	var names []string
	for _, name := range all {
		if !strings.HasSuffix(name, known) {
			names = append(names, strings.TrimSuffix(name, ".yaml"))
		}
	}
	slices.Sort(names)
	return names
}

// Read returns a file by its full name, up.yaml.
func Read(file string) ([]byte, error) { return files.ReadFile(file) }

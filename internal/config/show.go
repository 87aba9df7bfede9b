package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Row is one setting as people are shown it.
type Row struct {
	Path   string `json:"setting"`
	Value  string `json:"value"`  // secrets masked
	Origin string `json:"origin"` // default, KAZOOLAB_…, --flag or file:line; where it goes by another, with that
}

// Origin says where the value at path came from.
func (l *Loaded) Origin(path string) string { return l.origins[path] }

// IsDefault reports whether nobody set the value at path.
func (l *Loaded) IsDefault(path string) bool { return l.origins[path] == OriginDefault }

// Rows lists the settings that command reads, in the order of Config.
func (l *Loaded) Rows(command string) []Row {
	var rows []Row
	for _, s := range l.settings {
		if slices.Contains(s.Commands, command) {
			rows = append(rows, Row{s.Path, s.mask(l.texts[s.Path]), l.origins[s.Path]})
		}
	}
	return rows
}

// Example is a YAML file with every setting of command, explained and at its default.
func Example(command string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Settings of kazoolab %s. A flag wins over the environment, the environment over this file.\n", command)
	section := ""
	for _, s := range For(command) {
		name, indent := s.Path, ""
		if head, tail, nested := strings.Cut(s.Path, "."); nested {
			if head != section {
				fmt.Fprintf(&b, "\n%s:\n", head)
			}
			section, name, indent = head, tail, "  "
		} else {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s# %s. %s, --%s\n", indent, strings.ToUpper(s.Help[:1])+s.Help[1:], s.Env(), s.Flag())
		fmt.Fprintf(&b, "%s%s: %s\n", indent, name, yamlText(s))
	}
	return b.String()
}

func yamlText(s Setting) string {
	if s.typ.Kind() == reflect.String || s.IsList() || s.Default == "" {
		return fmt.Sprintf("%q", s.Default)
	}
	return s.Default
}

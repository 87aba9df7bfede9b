// Package coverage says which section of the protocol documents is demanded by which
// requirements, and why the others are by none. It owns the list of sections
// (coverage.yaml) and the page of all requirements; it judges nothing.
package coverage

import (
	"bytes"
	"cmp"
	_ "embed" // for the list of sections
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/form"
)

//go:embed coverage.yaml
var text []byte

// Section is a heading of a document.
type Section struct {
	Number string `yaml:"section" is:"required" doc:"its number" eg:"\"7.1\""`
	Title  string `yaml:"title" is:"required" doc:"its heading"`
	// Except says why no requirement demands it.
	Except string `yaml:"except" doc:"why no requirement demands it"`
}

// Documents are the protocol documents' sections.
type Documents struct {
	Webhooks   []Section `yaml:"webhooks.md" is:"required" doc:"from the bus to a receiver"`
	Websockets []Section `yaml:"websockets.md" is:"required" doc:"blackhole"`
	AMQP       []Section `yaml:"amqp.md" is:"required" doc:"the bus"`
	Crossbar   []Section `yaml:"crossbar.md" is:"required" doc:"REST"`
	Dialects   []Section `yaml:"dialects.md" is:"required" doc:"versions"`
	MonsterUI  []Section `yaml:"monster-ui.md" is:"required" doc:"a client"`
	Pivot      []Section `yaml:"pivot.md" is:"required" doc:"calls led by an app"`
}

// Document is one of them.
type Document struct {
	Name     string
	Sections []Section
}

// Sections reads the list.
func Sections() ([]Document, error) {
	var d Documents
	if err := form.Read("coverage.yaml", text, &d).Err(); err != nil {
		return nil, err
	}
	return []Document{
		{"webhooks.md", d.Webhooks}, {"websockets.md", d.Websockets}, {"amqp.md", d.AMQP}, {"crossbar.md", d.Crossbar},
		{"dialects.md", d.Dialects}, {"monster-ui.md", d.MonsterUI}, {"pivot.md", d.Pivot},
	}, nil
}

// rules is the document of this project's own rules: requirements can name it, and its sections
// need nobody to demand them.
const rules = "design.md"

// place is a section as a source names it: "webhooks.md 7.1".
var place = regexp.MustCompile(`^([a-z-]+\.md)(?: ([0-9]+(?:\.[0-9]+)*))?$`)

// Places are the sections that a source names.
func Places(source string) []string {
	var places []string
	for part := range strings.SplitSeq(source, ";") {
		if part = strings.TrimSpace(part); place.MatchString(part) {
			places = append(places, part)
		}
	}
	return places
}

// index lists the requirements of each place.
func index(plan []suite.Planned) map[string][]string {
	ids := map[string][]string{}
	for _, p := range plan {
		for _, at := range Places(p.Requirement.Source) {
			if !slices.Contains(ids[at], p.Requirement.ID) {
				ids[at] = append(ids[at], p.Requirement.ID)
			}
		}
	}
	return ids
}

// demanding are the requirements of a section: its own, and those of what stands below it.
func demanding(ids map[string][]string, document, number string) []string {
	var all []string
	for at, list := range ids {
		if at == document+" "+number || strings.HasPrefix(at, document+" "+number+".") {
			all = append(all, list...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Check tells which sections are neither demanded nor excepted, or both, and which sources
// name no section that there is.
func Check(plan []suite.Planned) error {
	documents, err := Sections()
	if err != nil {
		return err
	}
	ids := index(plan)
	known := map[string]bool{}
	var errs []error
	for _, d := range documents {
		for _, s := range d.Sections {
			known[d.Name+" "+s.Number] = true
			switch demanded := len(demanding(ids, d.Name, s.Number)) > 0; {
			case !demanded && s.Except == "":
				errs = append(errs, fmt.Errorf("%s %s (%s): no requirement names it as its source, and coverage.yaml gives no reason (except)", d.Name, s.Number, s.Title))
			case demanded && s.Except != "":
				errs = append(errs, fmt.Errorf("%s %s (%s): coverage.yaml says why no requirement demands it, and there are some", d.Name, s.Number, s.Title))
			}
		}
	}
	for _, p := range plan {
		places := Places(p.Requirement.Source)
		if len(places) == 0 && !p.Requirement.Ours {
			errs = append(errs, fmt.Errorf("%s: its source %q names no section, as webhooks.md 7.1", p.Requirement.ID, p.Requirement.Source))
		}
		for _, at := range places {
			if document, _, _ := strings.Cut(at, " "); !known[at] && document != rules {
				errs = append(errs, fmt.Errorf("%s: there is no section %s", p.Requirement.ID, at))
			}
		}
	}
	return errors.Join(errs...)
}

// Page is docs/requirements.md.
func Page(plan []suite.Planned) ([]byte, error) {
	documents, err := Sections()
	if err != nil {
		return nil, err
	}
	// Ginkgo lists its specs in an order of its own.
	plan = slices.SortedStableFunc(slices.Values(plan), func(a, b suite.Planned) int {
		return cmp.Or(cmp.Compare(a.Group.Name, b.Group.Name), cmp.Compare(a.Requirement.ID, b.Requirement.ID))
	})
	var out bytes.Buffer
	out.WriteString(`# Requirements

What ` + "`kazoolab certify`" + ` demands of a deployment; [certify.md](certify.md) says how it is run. An id is stable for ever. MUST denies a certificate where it
is not met, SHOULD and MAY are told. *Ours* is what kazoolab promises beyond Kazoo. Generated by ` + "`kazoolab certify --list -o markdown > docs/requirements.md`" + `.
What a callflow does with a flow that Pivot hands to it is seen by a caller alone, and not demanded here.

`)
	group := ""
	for _, p := range plan {
		if p.Group.Name != group {
			group = p.Group.Name
			fmt.Fprintf(&out, "\n## %s: %s\n\nNeeds %s.\n\n| id | demand | dialects | source |\n|---|---|---|---|\n", group, p.Group.Title, needs(p.Group.Needs))
		}
		r := p.Requirement
		demand := cell(r.Text)
		if len(r.Needs) > 0 {
			demand += " (needs " + strings.Join(r.Needs, ", ") + ")"
		}
		if r.Ours {
			demand += " *Ours*"
		}
		dialects := "all"
		if len(r.Dialects) > 0 {
			dialects = strings.Join(r.Dialects, ", ")
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", r.ID, demand, dialects, cell(r.Source))
	}
	out.WriteString("\n## By section of the protocol documents\n\n| section | title | requirements |\n|---|---|---|\n")
	ids := index(plan)
	for _, d := range documents {
		for _, s := range d.Sections {
			by := strings.Join(demanding(ids, d.Name, s.Number), ", ")
			if s.Except != "" {
				by = "none: " + s.Except
			}
			fmt.Fprintf(&out, "| %s %s | %s | %s |\n", d.Name, s.Number, cell(s.Title), cell(by))
		}
	}
	return out.Bytes(), nil
}

func needs(features []string) string {
	if len(features) == 0 {
		return "nothing but REST"
	}
	return strings.Join(features, ", ")
}

// cell is a text that does not end its cell of a table, and means what it says.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}

// Package suite holds requirements: what each demands, of whom, where that is written, and
// how it is judged. It owns the rules for ids and levels, the running of judges as Ginkgo
// specs over a log, and the findings they make. It opens no connection, and knows no
// requirement itself.
package suite

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// Level is how much a requirement demands (RFC 2119).
type Level string

// Levels. A target is not conformant when it fails a MUST; what else it fails is told.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Features that a group or a requirement can need of a target or of the harness.
const (
	Bus      = "bus"      // AMQP: messages can be published and listened to
	Hooks    = "hooks"    // the target can reach the harness's receivers
	Sockets  = "sockets"  // a websocket port
	Accounts = "accounts" // accounts can be created, which everything that writes does in its own
	Admin    = "admin"    // the caller is a superduper admin
	Clock    = "clock"    // time can be put forward, or may be waited for
	Hours    = "hours"    // time can be put forward by hours, which nobody waits for
	OneNode  = "one-node" // one node takes all events, so that there is an order
	Switch   = "switch"   // a switch answers questions and obeys commands
	Pivot    = "pivot"    // Pivot takes calls that a callflow hands to it
	Lab      = "lab"      // extensions that are kazoolab's, and not Kazoo's

	// PivotSockets and PivotApps are the two ends of Pivot over websockets, which may be different programs.
	PivotSockets = "pivot-sockets" // an app can register at a websocket
	PivotApps    = "pivot-apps"    // Pivot asks apps at websockets
)

// Features lists all of them, with what is meant.
func Features() map[string]string {
	return map[string]string{
		Bus: "AMQP access: messages can be published and listened to", Hooks: "the target reaches the harness's receivers",
		Sockets: "a websocket port", Accounts: "accounts can be created for the run", Admin: "the credentials are a superduper admin's",
		Clock: "time can be put forward, or waited for", Hours: "time can be put forward by hours", OneNode: "one node takes all events", Switch: "a switch answers questions and obeys commands",
		Pivot: "Pivot takes calls that a callflow hands to it over the bus", Lab: "extensions of kazoolab",
		PivotSockets: "apps of Pivot can register at websockets", PivotApps: "Pivot asks apps at websockets",
	}
}

// Dialects that a requirement can be restricted to.
const (
	Talk   = "talk"
	Kazoo5 = "5.0"
	Kazoo4 = "4.3"
)

// Requirement is one demand.
type Requirement struct {
	// ID is stable for ever: area, topic, number, as WH-ENC-012.
	ID string
	// Text is one sentence with exactly one MUST (MUST NOT), SHOULD or MAY, which is its level.
	Text string
	// Source is the section, and the reference's function where there is one:
	// "webhooks.md 7.1; webhooks_util:retry_hook/3".
	Source string
	// Dialects for which it holds; none means all.
	Dialects []string
	// Needs are features besides those of its group.
	Needs []string
	// Ours is true for what kazoolab promises and Kazoo does not.
	Ours bool
	// Judge looks at what its group saw. It is pure: the same log, the same findings.
	Judge func(*Judging)
}

// Group is a topic: what is done to a target, once, in an account of its own, and what is
// demanded of what came of it.
type Group struct {
	// Name is a path, as webhooks/retry.
	Name string
	// Title is for people.
	Title string
	// Needs are features without which nothing of it can be done.
	Needs []string
	// Optional groups may stay unjudged without the target being denied its certificate.
	Optional bool
	// Alone is for what moves the time of the whole target, or changes settings of all: nothing
	// else runs beside it.
	Alone bool
	// Do drives the target. Its error says that the target did not do what the group stands
	// on; it wraps probe.ErrHarness when the fault is this program's.
	Do func(context.Context, *probe.Probe) error
	// Requirements are judged on the log of Do, whatever its error.
	Requirements []Requirement
}

// Suite is a catalogue of groups in the order in which they were added.
type Suite struct {
	groups []Group
	errs   []error
}

// New returns an empty suite.
func New() *Suite { return &Suite{} }

// Add adds groups. What is wrong with them, Check tells.
func (s *Suite) Add(groups ...Group) {
	for _, g := range groups {
		s.check(g)
		s.groups = append(s.groups, g)
	}
}

// Groups returns all groups.
func (s *Suite) Groups() []Group { return slices.Clone(s.groups) }

// Check tells everything that is wrong with what was added.
func (s *Suite) Check() error { return errors.Join(s.errs...) }

// ErrNoDialect says that requirements cannot hold in a dialect, since there is none of that name.
var ErrNoDialect = errors.New("no such dialect")

// Strange is what a log has that this suite does not know: its dialect, which is the error, and
// groups.
func (s *Suite) Strange(facts capture.Facts) (groups []string, err error) {
	if known := []string{Talk, Kazoo5, Kazoo4}; !slices.Contains(known, facts.Dialect) {
		return nil, fmt.Errorf("%w: %q; there are %s", ErrNoDialect, facts.Dialect, strings.Join(known, ", "))
	}
	for _, name := range facts.Groups {
		if !slices.ContainsFunc(s.groups, func(g Group) bool { return g.Name == name }) {
			groups = append(groups, name)
		}
	}
	return groups, nil
}

func (s *Suite) check(g Group) {
	wrong := func(format string, args ...any) {
		s.errs = append(s.errs, fmt.Errorf("group %s: "+format, append([]any{g.Name}, args...)...))
	}
	if !regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`).MatchString(g.Name) {
		wrong("its name is no path of two words, as webhooks/retry")
	}
	if slices.ContainsFunc(s.groups, func(other Group) bool { return other.Name == g.Name }) {
		wrong("there is one of that name already")
	}
	if g.Do == nil || len(g.Requirements) == 0 || g.Title == "" {
		wrong("a group has a title, Do, and requirements")
	}
	features := Features()
	for _, r := range g.Requirements {
		if !regexp.MustCompile(`^[A-Z]{2,5}(-[A-Z0-9]{2,6})?-[0-9]{3}$`).MatchString(r.ID) {
			wrong("%q is no id, as WH-ENC-012", r.ID)
		}
		if _, other, found := s.find(r.ID); found || count(g.Requirements, r.ID) > 1 {
			wrong("%s is taken (%s)", r.ID, other.Text)
		}
		if _, err := r.level(); err != nil {
			wrong("%s: %w", r.ID, err)
		}
		if r.Source == "" || r.Judge == nil {
			wrong("%s: a requirement has a source and a judge", r.ID)
		}
		for _, need := range slices.Concat(g.Needs, r.Needs) {
			if _, known := features[need]; !known {
				wrong("%s: %q is no feature", r.ID, need)
			}
		}
		for _, d := range r.Dialects {
			if d != Talk && d != Kazoo5 && d != Kazoo4 {
				wrong("%s: %q is no dialect", r.ID, d)
			}
		}
	}
}

func count(rs []Requirement, id string) (n int) {
	for _, r := range rs {
		if r.ID == id {
			n++
		}
	}
	return n
}

func (s *Suite) find(id string) (Group, Requirement, bool) {
	for _, g := range s.groups {
		for _, r := range g.Requirements {
			if r.ID == id {
				return g, r, true
			}
		}
	}
	return Group{}, Requirement{}, false
}

// Level is that of the requirement's sentence.
func (r Requirement) Level() Level {
	level, _ := r.level()
	return level
}

func (r Requirement) level() (Level, error) {
	var found []Level
	for word := range strings.FieldsFuncSeq(r.Text, func(c rune) bool { return c < 'A' || c > 'z' }) {
		if slices.Contains([]Level{Must, Should, May}, Level(word)) {
			found = append(found, Level(word))
		}
	}
	if len(found) != 1 || !strings.HasSuffix(r.Text, ".") {
		return "", fmt.Errorf("its text is not one sentence with one MUST, SHOULD or MAY: %q", r.Text)
	}
	return found[0], nil
}

// HoldsIn tells whether the requirement holds in a dialect.
func (r Requirement) HoldsIn(dialect string) bool {
	return len(r.Dialects) == 0 || slices.Contains(r.Dialects, dialect)
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/explore"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
	"github.com/kazoolab/kazoolab/simulator/pivot/stage"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// errDiffers says that a call that was made again went otherwise.
var errDiffers = errors.New("the call differs from the recorded one")

// explorePlace and exploreProblem are what was found, as JSON.
type explorePlace struct {
	ID    string            `json:"id"`
	Title string            `json:"title"`
	Ends  string            `json:"ends,omitempty"`
	Why   string            `json:"why,omitempty"`
	Way   []string          `json:"way"`
	Moves map[string]string `json:"moves,omitempty"` // places by keys; "" is no key
	Cut   bool              `json:"cut,omitempty"`
}

type exploreProblem struct {
	Kind  string   `json:"kind"`
	Place string   `json:"place"`
	Title string   `json:"title"`
	Way   []string `json:"way"`
	Text  string   `json:"text"`
}

type exploreReport struct {
	Places   []explorePlace   `json:"places"`
	Problems []exploreProblem `json:"problems"`
	Calls    int              `json:"calls"`
	Requests int              `json:"requests"`
	Limited  string           `json:"limited,omitempty"`
	Mermaid  string           `json:"mermaid"`
}

// explore walks through the app's menus.
func (r *rehearsal) explore(ctx context.Context, f runFlags) error {
	script, err := f.over(*caller.Listener())
	if err != nil {
		return err
	}
	quiet := *r
	quiet.log = unlogged()
	found, err := explore.Explore(ctx, f.limits, func(ctx context.Context, answers []string) (*session.Session, error) {
		s, err := quiet.call(ctx, script, func(line *timeline.Timeline, hands caller.Hands) stage.Driver {
			return explore.NewCaller(line, hands, answers)
		}, nil, false)
		return s, cmp.Or(err, r.away())
	})
	if err != nil {
		return err
	}
	if f.mermaid != "" {
		if err := os.WriteFile(f.mermaid, []byte(found.Mermaid()), 0o644); err != nil { //nolint:gosec // for everybody to read
			return usagef("--mermaid: %w", err)
		}
	}
	problems := found.Problems()
	if *f.output == outputJSON {
		if err := r.printJSON(exploreJSON(found, problems)); err != nil {
			return err
		}
	} else {
		r.tellFound(found, problems, f.mermaid)
	}
	serious := 0
	for _, p := range problems {
		if p.Serious() {
			serious++
		}
	}
	if serious > 0 {
		return fmt.Errorf("%s wrong with the app", map[bool]string{true: "1 thing is", false: fmt.Sprintf("%d things are", serious)}[serious == 1])
	}
	return nil
}

func exploreJSON(found *explore.Result, problems []explore.Problem) exploreReport {
	report := exploreReport{Places: []explorePlace{}, Problems: []exploreProblem{}, Calls: found.Calls, Requests: found.Requests,
		Limited: found.Limited, Mermaid: found.Mermaid()}
	for _, p := range found.Places {
		place := explorePlace{ID: p.ID, Title: p.Title, Ends: p.Ends, Why: p.Why, Way: append([]string{}, p.Way...), Cut: p.Cut, Moves: map[string]string{}}
		for _, m := range p.Moves {
			place.Moves[m.Keys] = m.To.ID
		}
		report.Places = append(report.Places, place)
	}
	for _, p := range problems {
		report.Problems = append(report.Problems, exploreProblem{p.Kind, p.Place.ID, p.Place.Title, append([]string{}, p.Place.Way...), p.Text})
	}
	return report
}

// tellFound prints what was found.
func (r *rehearsal) tellFound(found *explore.Result, problems []explore.Problem, file string) {
	r.printf("%s, found in %s with %s\n", session.Counted(len(found.Places), "place"), session.Counted(found.Calls, "call"), session.Counted(found.Requests, "request"))
	if found.Limited != "" {
		r.printf("%s: the limit of %s was reached; --explore-depth, --explore-calls and --explore-requests give more\n", r.paint(yellow, "not all was tried"), found.Limited)
	}
	for _, p := range problems {
		kind := r.paint(yellow, p.Kind)
		if p.Serious() {
			kind = r.paint(red, p.Kind)
		}
		r.printf("%s at %s (%s), %q: %s\n", kind, p.Place.ID, way(p.Place.Way), p.Place.Title, p.Text)
	}
	if file == "" {
		r.printf("\n%s", found.Mermaid())
	}
}

// way is how a place is reached, in words.
func way(answers []string) string {
	if len(answers) == 0 {
		return "at once"
	}
	var keys []string
	for _, a := range answers {
		keys = append(keys, explore.Spoken(a))
	}
	return "by " + strings.Join(keys, ", ")
}

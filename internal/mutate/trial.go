package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// outcome is what came of one deviation.
type outcome string

const (
	caught   outcome = "caught"
	others   outcome = "caught by others only"
	survived outcome = "survived"
	noBuild  outcome = "did not build"
	noStart  outcome = "target did not start"
	timedOut outcome = "timed out"
	unjudged outcome = "not judged"
)

// outcomes are all, in the order in which they are counted.
func outcomes() []outcome {
	return []outcome{caught, survived, others, noBuild, noStart, timedOut, unjudged}
}

// result is the outcome for a deviation, and why.
type result struct {
	deviation
	outcome outcome
	why     string
	built   time.Duration // how long its program took to build
	ran     time.Duration // how long it ran and was judged
}

// bench is what trials share.
type bench struct {
	root      string // of the repository
	dir       string // for what trials leave until the end
	certifier string // the program as it stands
	cache     string // of the user's builds
	catalogue *suite.Suite
	deadline  time.Duration // of a start and a judging
	clock     clock.Clock
}

// buildFlags spare a debugger's tables, which take the linker as long as all the rest, and
// a look at the repository, which is the same for all.
func buildFlags() []string { return []string{"-ldflags=-s -w", "-buildvcs=false"} }

// build builds the program at out; overlay is a file as go build takes it, or "". What can
// be used again is in the folder cache, and what it makes comes there.
func (b *bench) build(ctx context.Context, out, overlay, cache string) error {
	args := append([]string{"build", "-o", out}, buildFlags()...)
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/kazoolab")...) //nolint:gosec // files of this program's own
	cmd.Dir, cmd.Env = b.root, append(cmd.Environ(), "GOCACHE="+cache)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, said)
	}
	return nil
}

// try tries one deviation. The error says that the trial itself came to nothing.
func (b *bench) try(ctx context.Context, d deviation, place *cache) (result, error) {
	r := result{deviation: d}
	dir, err := os.MkdirTemp(b.dir, d.id+"-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	built, err := place.ready()
	if err != nil {
		return r, err
	}
	began := b.clock.Now()
	binary, err := b.mutant(ctx, d, dir, built)
	r.built = b.clock.Since(began)
	if err != nil {
		r.outcome, r.why = noBuild, err.Error()
		return r, ctx.Err()
	}
	began = b.clock.Now()
	err = b.judge(ctx, &r, binary, dir)
	r.ran = b.clock.Since(began)
	return r, errors.Join(ctx.Err(), err)
}

// mutant builds the program with the deviation in it.
func (b *bench) mutant(ctx context.Context, d deviation, dir, cache string) (string, error) {
	source, err := d.mutated(b.root)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(d.file))
	if err := os.WriteFile(changed, []byte(source), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(b.root, d.file): changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "kazoolab")
	return binary, b.build(ctx, binary, overlay, cache)
}

func (b *bench) certification(up *lab.Up, dialect string, patterns ...string) lab.Certification {
	return lab.Certification{Binary: b.certifier, RunFile: up.RunFile, Dialect: dialect, Run: patterns}
}

// judge starts the mutant and has it judged by the group of the requirement that must
// catch it, and, when that does not, by the whole suite.
func (b *bench) judge(ctx context.Context, r *result, binary, dir string) error {
	planned, err := r.planned(b.catalogue)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, b.deadline)
	defer cancel()
	up, err := lab.StartUp(limited, binary, dir, r.dialect)
	if err != nil {
		r.outcome, r.why = noStart, err.Error()
		return nil
	}
	defer up.Kill()
	log, err := b.certification(up, r.dialect, planned.Group.Name).Certify(limited, dir, "group")
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.outcome, r.why = timedOut, "no verdict within "+b.deadline.String()
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		r.outcome, r.why = unjudged, err.Error()
		return nil
	}
	named, failed := sift(conformance.Verdicts(log), r.catches)
	switch {
	case named.Outcome == suite.Fail:
		r.outcome = caught
		return nil
	case len(failed) > 0:
		r.outcome, r.why = others, "not "+r.catches+", but "+strings.Join(failed, " ")
		return nil
	}
	r.outcome, r.why = survived, fmt.Sprintf("%s is %s %s", r.catches, named.Outcome, named.Why)
	return b.whole(ctx, r, binary, dir)
}

// whole asks the whole suite about a deviation that has survived its group. It needs a
// target of its own, since a group may have left its marks.
func (b *bench) whole(ctx context.Context, r *result, binary, dir string) error {
	const longer = 5
	ctx, cancel := context.WithTimeout(ctx, longer*b.deadline)
	defer cancel()
	dir, err := os.MkdirTemp(dir, "whole-")
	if err != nil {
		return err
	}
	up, err := lab.StartUp(ctx, binary, dir, r.dialect)
	if err != nil {
		return err
	}
	defer up.Kill()
	log, err := b.certification(up, r.dialect).Certify(ctx, dir, "whole")
	if err != nil {
		r.why += fmt.Sprintf("; and the whole suite: %v", err)
		return nil
	}
	if _, failed := sift(conformance.Verdicts(log), r.catches); len(failed) > 0 {
		r.outcome, r.why = others, r.why+"; but "+strings.Join(failed, " ")
	}
	return nil
}

// sift returns the named verdict, and the ids of the others that failed.
func sift(verdicts []suite.Verdict, id string) (named suite.Verdict, failed []string) {
	for _, v := range verdicts {
		switch {
		case v.Requirement.ID == id:
			named = v
		case v.Outcome == suite.Fail:
			failed = append(failed, v.Requirement.ID)
		}
	}
	return named, failed
}

// baseline wants each requirement that is to catch something to be met by the program as
// it stands: one that fails anyhow would catch everything.
func (b *bench) baseline(ctx context.Context, all []deviation) error {
	var errs []error
	for _, dialect := range []string{suite.Talk, suite.Kazoo5, suite.Kazoo4} {
		wanted, groups := map[string]bool{}, map[string]bool{}
		for _, d := range all {
			if p, err := d.planned(b.catalogue); err == nil && d.dialect == dialect {
				wanted[d.catches], groups[p.Group.Name] = true, true
			}
		}
		if len(wanted) == 0 {
			continue
		}
		verdicts, err := b.unmutated(ctx, dialect, groups)
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			if wanted[v.Requirement.ID] && v.Outcome != suite.Pass {
				errs = append(errs, fmt.Errorf("without any deviation, %s is %s in dialect %s: %s%s", v.Requirement.ID, v.Outcome, dialect, v.Why, finding(v)))
			}
		}
	}
	return errors.Join(errs...)
}

func finding(v suite.Verdict) string {
	if len(v.Findings) == 0 {
		return ""
	}
	f := v.Findings[0]
	return fmt.Sprintf("%s (expected %q, actual %q)", f.What, f.Expected, f.Actual)
}

func (b *bench) unmutated(ctx context.Context, dialect string, groups map[string]bool) ([]suite.Verdict, error) {
	dir, err := os.MkdirTemp(b.dir, "baseline-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	const longer = 5 // than one group takes
	ctx, cancel := context.WithTimeout(ctx, longer*b.deadline)
	defer cancel()
	up, err := lab.StartUp(ctx, b.certifier, dir, dialect)
	if err != nil {
		return nil, err
	}
	defer up.Stop(ctx)
	var patterns []string
	for name := range keys(groups) {
		patterns = append(patterns, name)
	}
	log, err := b.certification(up, dialect, patterns...).Certify(ctx, dir, "baseline")
	return conformance.Verdicts(log), err
}

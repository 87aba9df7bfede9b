package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/expectations"
	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/buildinfo"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// errRunTimeout is the cause with which a run ends that takes too long.
var errRunTimeout = errors.New("the run took too long")

// judgeTarget looks at a target, drives it, judges what was seen, and tells.
func (c *certify) judgeTarget(cmd *cobra.Command, specs *suite.Specs) (err error) {
	profile, outside, err := c.where.describe(c, cmd)
	if err != nil {
		return err
	}
	if err := c.where.complete(profile, outside); err != nil {
		return err
	}
	// Whatever is wrong with these files is to be told before minutes have passed.
	known, err := c.knownOf(specs, profile)
	if err != nil {
		return err
	}
	if _, err := c.plan(specs.Catalogue(c.dialect.value)); err != nil {
		return err
	}
	if err := c.writable(); err != nil {
		return err
	}
	stop, err := c.where.start(cmd.Context(), c, &profile)
	if err != nil {
		return early(cmd.Context(), err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	return c.drive(cmd.Context(), specs, profile, outside, known)
}

func (c *certify) drive(ctx context.Context, specs *suite.Specs, profile target.Profile, outside target.Outside, known *expectations.File) error {
	if c.seed == "" {
		c.seed = ids.New().Hex(8)
	}
	source := newIDs(c.seed)
	limit := profile.RunLimit()
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := c.Clock.AfterFunc(limit, func() { cancel(errRunTimeout) })
	defer late.Stop()
	preflight := target.Preflight{Profile: profile, Outside: outside, Clock: c.Clock, IDs: source, Listen: c.Listen}
	ready, err := preflight.Look(bounded)
	if err != nil {
		return early(ctx, c.refused(bounded, limit, err))
	}
	all := specs.Catalogue(ready.Target.Dialect)
	plan, err := c.plan(all)
	if err != nil {
		return errors.Join(err, ready.Close(ctx))
	}
	c.tellOthers(bounded, preflight, ready)
	for _, lack := range ready.Facts.Absent {
		c.say("without %s: %s", lack.Feature, lack.Why)
	}
	facts := ready.Facts
	facts.Harness, facts.Seed, facts.Run, facts.Skip = buildinfo.Read().Version, c.seed, c.only, c.skip
	files, err := c.record()
	if err != nil {
		return errors.Join(err, ready.Close(ctx))
	}
	live := c.newLive()
	began := c.Clock.Now()
	outcome := conformance.Run(bounded, conformance.Config{
		Target: ready.Target, Facts: facts, Listener: ready.Listener, HTTP: ready.HTTP, Clock: c.Clock, IDs: source,
		AtOnce: profile.Concurrency, GroupLimit: profile.GroupLimit(ready.Facts.RealWaits), Keep: c.keep, Record: files.Recorder, Renew: ready.Renew,
		Progress: func(p conformance.Progress) { live.Group(p.Group.Name, p.End, p.Why, p.Ended, p.Groups) },
	}, plan)
	live.Done()
	outcome.File.Facts.Interrupted = ctx.Err() != nil
	outcome.File.Facts.Faults = outcome.Faults
	v := telling{
		certify: c, specs: specs, plan: plan, all: len(all), file: outcome.File, known: known, took: c.Clock.Since(began), notes: outcome.Left, files: files,
	}
	if own, is := ready.Own(); is && outcome.Kept > 0 {
		v.notes = append(v.notes, fmt.Sprintf("the run's own account %s (%s) is kept, since accounts are that stand in it", own.ID, own.Name))
	} else if err := ready.Close(ctx); err != nil {
		v.notes = append(v.notes, fmt.Sprintf("the run's own account was not deleted: %v", err))
	}
	if errors.Is(context.Cause(bounded), errRunTimeout) && outcome.Cut() { // else it was only cleaned up then
		v.notes = append(v.notes, fmt.Sprintf("the run was ended after %s: a longer --timeout lets it go on", limit))
	}
	return v.tell()
}

// stays says what is left behind when somebody does not wait for the end.
func (c *certify) stays(what string) {
	c.whenAbandoned(func() { c.say("ended without cleaning up: %s", what) })
}

// early has an error be that somebody ended the run, once that is so: it may say what became of a
// request that was given up for it.
func early(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &codedError{ExitInterrupted, err}
}

// refused turns what was found out about a target into an exit code.
func (c *certify) refused(ctx context.Context, limit time.Duration, err error) error {
	problem, is := errors.AsType[*target.ProblemError](err)
	switch {
	case errors.Is(context.Cause(ctx), errRunTimeout):
		return unreachablef("within %s (--timeout) it could not be found out what the target is: %w", limit, err)
	case is && !problem.Away:
		return usagef("%w", err)
	}
	return unreachablef("%w", err)
}

// knownOf reads the file of known failures: the flag's, else the profile's.
func (c *certify) knownOf(specs *suite.Specs, p target.Profile) (*expectations.File, error) {
	switch {
	case c.expectations != "":
		return c.known(specs, c.expectations, os.ReadFile)
	case c.update && p.Expectations == "":
		return nil, usagef("--update-expectations: the profile names no file of expectations; name one with --expectations")
	case c.update && c.where.folder == "":
		return nil, usagef("--update-expectations: the profile's file comes with the program; name one of your own with --expectations")
	case c.update:
		c.expectations = c.where.path(p.Expectations)
	}
	return c.known(specs, p.Expectations, c.where.beside())
}

// updatable finds out whether the file of expectations can be written.
func (c *certify) updatable() error {
	_, err := os.Stat(c.expectations)
	fresh := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(c.expectations, os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // it goes into a repository
	if err == nil {
		err = f.Close()
	}
	if err == nil && fresh {
		err = os.Remove(c.expectations)
	}
	if err != nil {
		return usagef("--update-expectations: %w", err)
	}
	return nil
}

func (c *certify) known(specs *suite.Specs, name string, read func(string) ([]byte, error)) (*expectations.File, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no file is what there mostly is
	}
	if c.update {
		if err := c.updatable(); err != nil {
			return nil, err
		}
	}
	known := idsOf(specs)
	text, err := read(name)
	if errors.Is(err, fs.ErrNotExist) && c.update {
		return expectations.Empty(name, known), nil
	}
	if err != nil {
		return nil, usagef("expectations: %w", err)
	}
	file, err := expectations.Parse(name, text, known)
	if err != nil {
		return nil, usagef("expectations: %w", err)
	}
	return file, nil
}

// idsOf are the ids of all requirements.
func idsOf(specs *suite.Specs) []string {
	var ids []string
	for _, p := range specs.Catalogue("") {
		ids = append(ids, p.Requirement.ID)
	}
	return ids
}

// telling is a log that is to be judged and told of.
type telling struct {
	*certify
	specs *suite.Specs
	plan  []suite.Planned
	all   int // how many requirements hold in the dialect
	file  capture.File
	known *expectations.File
	took  time.Duration
	notes []string
	// strange are groups of a log that nobody knows.
	strange []string
	// files get the log; nil where one is judged that is there already.
	files *logFiles
}

// tell judges, and writes and prints what came of it. The error is told as the exit code demands.
func (v *telling) tell() error {
	// The log comes first: with it, all the rest can be made again.
	var kept error
	if v.files != nil {
		kept = v.files.end(v.file.Facts)
	}
	verdicts, err := v.specs.Run(v.file, v.plan, seedNumber(v.file.Facts.Seed))
	if err != nil {
		return harnessf("%w", err)
	}
	o := results.Options{
		Mode: results.Live, Harness: buildinfo.Read().Version, Judged: v.Clock.Now(), Took: v.took, Catalogue: v.all,
		Interrupted: v.file.Facts.Interrupted, Faults: v.file.Facts.Faults, Notes: v.notes, Expectations: v.known, Strange: v.strange,
	}
	if v.files == nil {
		o.Mode = results.FromLog
	}
	r, err := results.Build(verdicts, v.file, o)
	if err != nil {
		return harnessf("%w", err)
	}
	if err := errors.Join(kept, v.write(r)); err != nil {
		return harnessf("%w", err)
	}
	if v.update {
		if err := v.rewrite(r); err != nil {
			return err
		}
	}
	if code := r.ExitCode(); code != ExitOK {
		return &codedError{code, fmt.Errorf("%s: %s", r.Conclusion, strings.Join(r.Why, " "))}
	}
	return nil
}

// rewrite puts what fails now into the file of known failures.
func (v *telling) rewrite(r *results.Results) error {
	if v.file.Cut || !r.Conclusion.Tells() {
		v.say("%s is left as it is: what fails of a run that did not come to its end may pass in another", v.expectations)
		return nil
	}
	file := v.known
	if file == nil {
		file = expectations.Empty(v.expectations, idsOf(v.specs))
	}
	text, err := file.Update(r.Seen(), v.file.Facts.Dialect)
	if err != nil {
		return usagef("--update-expectations: %w", err)
	}
	if err := os.WriteFile(v.expectations, text, 0o644); err != nil { //nolint:gosec // it goes into a repository
		return usagef("--update-expectations: %w", err)
	}
	v.say("%s says what fails now", v.expectations)
	return nil
}

// seedNumber is the seed by which Ginkgo shuffles.
func seedNumber(seed string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed))
	return int64(h.Sum64() >> 1)
}

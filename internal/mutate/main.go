// Command mutate proves that the conformance suite can fail. conformance/deviations holds
// single departures of the program from what is required; for each, the program is built
// with that one change in its source, started, and certified by the program as it
// stands: the requirement that the deviation names must fail. The working tree is left alone.
//
//	go run ./internal/mutate [-only id,id] [-area webhooks] [-sample 10 -seed S] [-parallel 2]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("mutate", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Stdout, os.Args[1:]) }))
}

// folder holds the data files, from the repository's root.
const folder = "conformance/deviations"

func run(ctx context.Context, out io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	only := flags.String("only", "", "ids of deviations, with commas between; empty is all")
	area := flags.String("area", "", "data files without .yaml, with commas between; empty is all")
	sample := flags.Int("sample", 0, "try so many of them, drawn by -seed; 0 is all")
	seed := flags.String("seed", "", "draws the sample; empty is a new one, which is printed")
	parallel := flags.Int("parallel", 1, "how many are tried at a time")
	baseline := flags.Bool("baseline", true, "first see that the requirements are met without any deviation")
	list := flags.Bool("list", false, "print the deviations, a line each, and try none")
	deadline := flags.Duration("deadline", 5*time.Minute, "longest start and judging of one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	case *sample < 0:
		return errors.New("-sample: a number from 0 up")
	case *parallel < 1:
		return errors.New("-parallel: at least 1 at a time")
	case *deadline <= 0:
		return errors.New("-deadline: more than 0s, as 5m")
	case *seed == "":
		*seed = ids.New().Hex(8)
	}
	b := &bench{catalogue: conformance.Standard(), deadline: *deadline, clock: clock.System()}
	module, err := goEnv(ctx, "GOMOD")
	if err != nil {
		return err
	}
	b.root = filepath.Dir(module)
	all, err := readAll(filepath.Join(b.root, folder))
	if err != nil {
		return err
	}
	if err := check(all, b.root, b.catalogue); err != nil {
		return err
	}
	chosen, err := choice{words(*only), words(*area), *sample, *seed}.of(all)
	if err != nil {
		return err
	}
	if *list {
		for _, d := range chosen {
			fmt.Fprintf(out, "%s: %s: %s (%s, dialect %s)\n", d.catches, d.id, d.means, d.file, d.dialect)
		}
		return nil
	}
	if *sample > 0 {
		fmt.Fprintf(out, "%d of %d deviations, seed %s\n", len(chosen), len(all), *seed)
	}
	if b.dir, err = os.MkdirTemp("", "kazoolab-mutate-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	return b.run(ctx, out, chosen, *parallel, *baseline)
}

// goEnv is a setting of go's.
func goEnv(ctx context.Context, name string) (string, error) {
	value, err := exec.CommandContext(ctx, "go", "env", name).Output() //nolint:gosec // a name of this program's own
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(value)), nil
}

func (b *bench) run(ctx context.Context, out io.Writer, chosen []deviation, parallel int, baseline bool) error {
	var err error
	if b.cache, err = goEnv(ctx, "GOCACHE"); err != nil {
		return err
	}
	b.certifier = filepath.Join(b.dir, "certifier")
	if err := b.build(ctx, b.certifier, "", b.cache); err != nil {
		return err
	}
	if baseline {
		if err := b.baseline(ctx, chosen); err != nil {
			return err
		}
	}
	results, err := b.tryAll(ctx, chosen, parallel, func(r result) { fmt.Fprintln(out, line(r)) })
	if err != nil {
		return err
	}
	fmt.Fprintln(out, totals(results))
	for _, r := range results {
		if r.outcome != caught {
			return errors.New("not every deviation was caught by the requirement that it names")
		}
	}
	return nil
}

// tryAll tries deviations, so many at a time, and tells of each when it is done.
func (b *bench) tryAll(ctx context.Context, chosen []deviation, parallel int, tell func(result)) (results []result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	places := make(chan *cache, parallel)
	for range parallel {
		places <- &cache{of: b.cache}
	}
	var running sync.WaitGroup
	var mu sync.Mutex // guards results and errs, and has lines come one at a time
	var errs []error
	for _, d := range chosen {
		place := <-places
		if ctx.Err() != nil {
			places <- place
			break
		}
		running.Go(func() {
			defer func() { places <- place }()
			r, err := b.try(ctx, d, place)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				cancel()
				return
			}
			results = append(results, r)
			tell(r)
		})
	}
	running.Wait()
	for range parallel {
		err = errors.Join(err, (<-places).remove())
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs[0], err) // those behind it are of the end that it brought
	}
	return results, errors.Join(ctx.Err(), err)
}

func line(r result) string {
	text := fmt.Sprintf("%-8s %-14s %s (%s): built in %.1f s, judged in %.1f s", r.outcome, r.catches, r.id, r.means, r.built.Seconds(), r.ran.Seconds())
	if r.why != "" {
		text += "\n    " + strings.ReplaceAll(r.why, "\n", "\n    ")
	}
	return text
}

func totals(results []result) string {
	count := map[outcome]int{}
	var took time.Duration
	for _, r := range results {
		count[r.outcome]++
		took += r.built + r.ran
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d deviations:", len(results))
	for _, o := range outcomes() {
		if count[o] > 0 || o == caught || o == survived {
			fmt.Fprintf(&text, " %d %s,", count[o], o)
		}
	}
	return fmt.Sprintf("%s %.1f s each", text.String(), took.Seconds()/float64(max(len(results), 1)))
}

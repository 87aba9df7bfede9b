// Command steady looks for requirements whose verdict changes though the target does
// not. It certifies one `kazoolab up` again and again: as it is, with every processor
// busy, and through lines that delay what goes through them. It prints each run, and then what
// was not judged alike in all of them, which is an error, as is what always fails. Where a group
// is optional, what a line hides of it is told, and is neither.
//
//	go run ./internal/steady [-runs 20] [-busy 5] [-distant 5] [-run 'webhooks/*'] [-keep DIR]
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
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("steady", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Stdout, os.Args[1:]) }))
}

// plan is what is measured.
type plan struct {
	runs, busy, distant int
	latency, jitter     time.Duration
	deadline            time.Duration // of one run
	dialect             string
	patterns            []string
	keep                string // folder for the logs of runs that were judged otherwise
}

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("steady", flag.ContinueOnError)
	var p plan
	flags.IntVar(&p.runs, "runs", 20, "runs with nothing else going on")
	flags.IntVar(&p.busy, "busy", 5, "runs while each processor has something else to do, too")
	flags.IntVar(&p.distant, "distant", 5, "runs through lines with -latency")
	flags.DurationVar(&p.latency, "latency", 50*time.Millisecond, "what an answer takes longer on a distant line")
	flags.DurationVar(&p.jitter, "jitter", 20*time.Millisecond, "how much more or less that may be")
	flags.DurationVar(&p.deadline, "deadline", 5*time.Minute, "longest run")
	flags.StringVar(&p.dialect, "dialect", "5.0", "talk, 5.0 or 4.3")
	flags.StringVar(&p.keep, "keep", "", "folder for the logs of all runs; empty keeps none")
	patterns := flags.String("run", "", "only these requirements or groups, with commas between")
	burn := flags.Bool("burn", false, "keep the processors busy until killed; for this program's own use")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	case *burn:
		return keepBusy(ctx)
	case p.runs < 0 || p.busy < 0 || p.distant < 0:
		return errors.New("-runs, -busy and -distant: a number from 0 up")
	case p.runs+p.busy+p.distant < 2:
		return errors.New("one run alone cannot be compared: give -runs, -busy or -distant more")
	case p.jitter > p.latency:
		return errors.New("-jitter: at most -latency, or answers would come before they are given")
	case p.deadline <= 0:
		return errors.New("-deadline: more than 0s, as 5m")
	}
	if *patterns != "" {
		p.patterns = strings.Split(*patterns, ",")
	}
	return measure(ctx, out, p)
}

// keepBusy gives each processor something to do until ctx ends.
func keepBusy(ctx context.Context) error {
	for range runtime.NumCPU() {
		go func() {
			for n := uint64(0); ctx.Err() == nil; n++ {
				_ = n * n
			}
		}()
	}
	<-ctx.Done()
	return nil
}

func measure(ctx context.Context, out io.Writer, p plan) (err error) {
	dir, err := os.MkdirTemp("", "kazoolab-steady-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := lab.Build(ctx, dir)
	if err != nil {
		return err
	}
	up, err := lab.StartUp(ctx, binary, dir, p.dialect)
	if err != nil {
		return err
	}
	defer up.Stop(ctx)
	if p.keep == "" {
		p.keep = dir
	} else if p.keep, err = filepath.Abs(p.keep); err != nil {
		return err
	}
	if err := os.MkdirAll(p.keep, 0o700); err != nil {
		return err
	}
	m := &measuring{plan: p, out: out, binary: binary, up: up, clock: clock.System()}
	for _, circumstance := range []func(context.Context) error{m.quiet, m.loaded, m.far} {
		if err = circumstance(ctx); err != nil {
			break
		}
	}
	return errors.Join(err, m.book.tell(out)) // what there is, whatever ended it
}

// measuring is a measurement that goes on.
type measuring struct {
	plan
	out    io.Writer
	binary string
	up     *lab.Up
	clock  clock.Clock
	book   book
}

func (m *measuring) quiet(ctx context.Context) error {
	return m.repeat(ctx, "alone", m.runs)
}

// loaded runs beside a process that wants every processor.
func (m *measuring) loaded(ctx context.Context) error {
	if m.busy == 0 {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	load, err := daemon.Launch(exec.Command(self, "-burn"), syscall.SIGKILL) //nolint:noctx,gosec // this program itself, which is killed below
	if err != nil {
		return err
	}
	defer load.Kill()
	return m.repeat(ctx, "busy", m.busy)
}

// far runs through lines that delay.
func (m *measuring) far(ctx context.Context) error {
	if m.distant == 0 {
		return nil
	}
	ports, err := daemon.FreePorts(1, ids.New())
	if err != nil {
		return err
	}
	receivers := daemon.Address(ports[0])
	var lines []*lab.Line
	defer func() {
		for _, line := range lines {
			line.Close()
		}
	}()
	args := []string{"--receiver-listen", receivers}
	for _, door := range []struct{ flag, address string }{
		{"--rest", m.up.File.REST}, {"--sockets", m.up.File.Websocket}, {"--amqp", m.up.File.AMQP}, {"--receiver-advertise", "http://" + receivers},
	} {
		line, err := lab.NewLine(door.flag, door.address)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		if err := line.Delay(m.latency, m.jitter); err != nil {
			return err
		}
		args = append(args, door.flag, line.URL)
	}
	return m.repeat(ctx, "distant", m.distant, args...)
}

// repeat certifies so many times under one circumstance.
func (m *measuring) repeat(ctx context.Context, circumstance string, times int, args ...string) error {
	for i := range times {
		name := fmt.Sprintf("%s-%02d", circumstance, i+1)
		began := m.clock.Now()
		limited, cancel := context.WithTimeout(ctx, m.deadline)
		certified, err := lab.Certification{Binary: m.binary, RunFile: m.up.RunFile, Dialect: m.dialect, Run: m.patterns, Args: args}.Judge(limited, m.keep, name)
		cancel()
		if err != nil {
			return fmt.Errorf("run %s: %w", name, err)
		}
		verdicts := conformance.Verdicts(certified.Log)
		end := ending{exit: certified.Exit, conclusion: certified.Conclusion}
		m.book.add(name, end, verdicts)
		fmt.Fprintf(m.out, "%-10s %5.1f s  %s: %s\n", name, m.clock.Since(began).Seconds(), end, counts(verdicts))
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// profiles makes each contender once more, within a process of bench, where the
// CPU it spends and what it allocates are profiled into o.profile. The product
// itself has no profiler.
func profiles(ctx context.Context, out io.Writer, o options, c comparison) error {
	if err := os.MkdirAll(o.profile, 0o750); err != nil {
		return err
	}
	for name, command := range map[string][]string{
		"bare":   c.contenders[0].command[1:],
		"bridge": append([]string{"-bridge", "--"}, c.contenders[1].command[1:]...),
	} {
		if err := fill(ctx, o.amqpURL, c.accountID, o.events); err != nil {
			return fmt.Errorf("fill the queue: %w", err)
		}
		profiled := contender{name, append([]string{c.self, "-profile", filepath.Join(o.profile, name)}, command...)}
		r, err := measure(ctx, profiled, c.receiver, o.events)
		if err != nil {
			return fmt.Errorf("profile of %s: %w", name, err)
		}
		fmt.Fprintf(out, "profiled %-8s %s\n", name, r)
	}
	return nil
}

// profiled does the work and writes its profiles, to path.cpu and path.allocs.
func profiled(path string, work func() error) (err error) {
	if path == "" {
		return work()
	}
	cpu, err := os.Create(path + ".cpu")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cpu.Close()) }()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	err = work()
	pprof.StopCPUProfile()
	allocs, createErr := os.Create(path + ".allocs")
	if createErr != nil {
		return errors.Join(err, createErr)
	}
	runtime.GC() // the profile is as of the last collection
	return errors.Join(err, pprof.Lookup("allocs").WriteTo(allocs, 0), allocs.Close())
}

// program is the kazoolab program in this process.
func program(ctx context.Context, args []string) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	context.AfterFunc(ctx, func() { end(cli.ErrTerminated) })
	state := cli.NewState(nil)
	state.Args = args
	if code := cli.Run(ctx, state); code != cli.ExitOK {
		return fmt.Errorf("kazoolab ended with code %d", code)
	}
	return nil
}

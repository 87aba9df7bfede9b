package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// profileEach makes each contender of one process once more, within a process of bench,
// where the CPU it spends and what it allocates are profiled. The product itself has
// no profiler.
func (c *comparison) profileEach(ctx context.Context) error {
	if err := os.MkdirAll(c.profile, 0o750); err != nil {
		return err
	}
	for _, one := range c.contenders {
		if len(one.commands) > 1 || one.commands[0][0] == c.old {
			continue
		}
		path := filepath.Join(c.profile, strings.NewReplacer(" ", "-", ",", "").Replace(one.name))
		args := append([]string{"-bridge", "--"}, one.commands[0][1:]...)
		if one.name == bareName {
			args = one.commands[0][1:]
		}
		one.commands = [][]string{append([]string{c.self, "-profile", path}, args...)}
		r, err := c.run(ctx, one)
		if err != nil {
			return fmt.Errorf("profile of %s: %w", one.name, err)
		}
		fmt.Fprintf(c.out, "%s.cpu and .allocs  %s\n", path, r)
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

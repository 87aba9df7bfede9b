package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/daemon"
)

// startLimit is how long a process may take to be ready, and to end.
const startLimit = time.Minute

// process is one that takes part.
type process struct {
	*daemon.Process

	ready
	name string
}

func (p *process) used() figures.Used { return figures.Process(p.PID()) }

func (p *process) stop(ctx context.Context) error {
	if p.Ended() { // as its other end has; or it has told why
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startLimit)
	defer cancel()
	err := p.End(ctx, syscall.SIGTERM)
	p.Kill()
	return err
}

// start starts a program and reads its first line.
func start(name, binary string, first any, args ...string) (*daemon.Process, error) {
	cmd := exec.Command(binary, args...) //nolint:noctx,gosec // it outlives the start; it is this program, or the one that the user names
	cmd.Env, cmd.Stderr = []string{}, os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := daemon.Launch(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	if err := json.NewDecoder(said).Decode(first); err != nil {
		p.Kill()
		return nil, fmt.Errorf("the %s has not come up: %w", name, err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return p, nil
}

// self starts this program in a role.
func (o options) self(role string, args ...string) (*process, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{name: role}
	args = append([]string{"-role", role, "-calls", strconv.Itoa(o.calls), "-requests", strconv.Itoa(o.requests)}, args...)
	p.Process, err = start(role, binary, &p.ready, args...)
	return p, err
}

// broker starts the built-in one.
func (o options) broker() (p *process, url string, err error) {
	var serves struct{ AMQP string }
	p = &process{name: "broker"}
	p.Process, err = start(p.name, o.binary, &serves, "broker", "--listen", "127.0.0.1:0", "--http", "", "--output", "json")
	return p, serves.AMQP, err
}

// together stops what was started last first.
type together []func(context.Context) error

func (t *together) add(stop func(context.Context) error) { *t = append(*t, stop) }

func (t *together) stop(ctx context.Context) error {
	var err error
	for _, stop := range slices.Backward(*t) {
		err = errors.Join(err, stop(ctx))
	}
	*t = nil
	return err
}

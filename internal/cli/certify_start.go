package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// start starts what --target names, and fills in where it is. What it returns ends it.
func (w *whereabouts) start(ctx context.Context, c *certify, p *target.Profile) (stop func() error, err error) {
	switch w.target.value {
	case targetUp:
		return w.startUp(ctx, c, p)
	case targetCompose:
		return w.startCompose(ctx, c, p)
	case targetContainer:
		return w.startContainer(ctx, c, p)
	}
	if p.May != target.ReadOnly {
		c.stays("accounts that this run has made may be left at the target; certify --remove-left 1h deletes them in an hour")
	}
	return func() error { return nil }, nil
}

// startUp runs an up within this process, on free ports.
func (w *whereabouts) startUp(ctx context.Context, c *certify, p *target.Profile) (func() error, error) {
	folder, err := os.MkdirTemp("", "kazoolab-certify-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "run.json")
	dialect := c.dialect.value
	if dialect == "" {
		dialect = suite.Talk
	}
	said := &told{first: make(chan struct{})}
	state := c.State
	state.Args = []string{
		"up", "--rest-listen", "127.0.0.1:0", "--websockets-listen", "127.0.0.1:0", "--amqp-url", "", "--run-file", path, "--dialect", dialect,
		"--log-level", "error",
	}
	// Settings in the environment are meant for other commands.
	state.Env = slices.DeleteFunc(slices.Clone(c.Env), func(pair string) bool { return strings.HasPrefix(pair, config.EnvPrefix) })
	var complaints complaints
	state.Stdout, state.Stderr, state.StdoutTerminal = said, &complaints, false
	running, end := context.WithCancelCause(context.WithoutCancel(ctx))
	ended := make(chan int, 1)
	go func() { ended <- Run(running, state) }()
	stop := func() error {
		end(ErrTerminated)
		code := <-ended
		err := os.RemoveAll(folder)
		if code != ExitOK {
			err = errors.Join(err, harnessf("the up that was judged ended with code %d: %s", code, &complaints))
		}
		return err
	}
	c.whenAbandoned(func() { _ = os.RemoveAll(folder) })
	select {
	case <-said.first: // it prints where it is once it has left its run file
	case code := <-ended:
		ended <- code
		return nil, errors.Join(unreachablef("--target up: it ended with code %d: %s", code, &complaints), os.RemoveAll(folder))
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), stop())
	}
	file, err := runfile.Read(ctx, path)
	if err == nil {
		err = fromRunFile(file, p)
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// told says when something was first written.
type told struct {
	once  sync.Once
	first chan struct{}
}

// Write throws the text away.
func (t *told) Write(text []byte) (int, error) {
	t.once.Do(func() { close(t.first) })
	return len(text), nil
}

// complaints is what a part of the program says, kept for an error.
type complaints struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps the first of what is said.
func (c *complaints) Write(text []byte) (int, error) {
	const most = 4 << 10
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text.Len() < most {
		c.text.Write(text)
	}
	return len(text), nil
}

// String is what was said.
func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.text.String())
}

var _ io.Writer = (*complaints)(nil)

// published is the address of this machine at which the containers' ports are.
func published(line string) (string, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(line), "\n")
	if first == "" {
		return "", errors.New("the port is not published")
	}
	return strings.Replace(first, "0.0.0.0", "127.0.0.1", 1), nil
}

// engine runs the container engine's client.
func (c *certify) engine(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := c.command(ctx, "docker", args...)
	cmd.Env = append(cmd.Environ(), env...)
	var complaint complaints
	cmd.Stderr = &complaint
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", strings.Join(args[:min(len(args), 2)], " "), err, &complaint)
	}
	return strings.TrimSpace(string(printed)), nil
}

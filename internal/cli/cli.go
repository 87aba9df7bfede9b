// Package cli is the kazoolab program but for main: commands, flags, exit codes,
// what is printed where. It wires the libraries together; it owns no behaviour
// of theirs. Each command has a file.
//
// The whole program runs in memory: everything outside of it comes in through
// State.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Exit codes.
const (
	ExitOK          = 0
	ExitFailed      = 1 // what was asked for failed
	ExitUsage       = 2 // the command line or the configuration is wrong
	ExitUnreachable = 3 // something that is needed cannot be reached
	ExitHarness     = 4 // certify: a fault of this program, which is no word about the target
	ExitIncomplete  = 5 // certify: not everything could be judged
	ExitInterrupted = 130
)

var (
	// ErrInterrupted is the cause with which main ends the context on Ctrl-C.
	ErrInterrupted = errors.New("interrupted")
	// ErrTerminated is the cause on SIGTERM: an orderly end, which is no failure.
	ErrTerminated = errors.New("terminated")
)

// State is everything of the process that commands use. NewState fills it from
// the real one.
type State struct {
	Program        string   // as it was called, for commands to copy
	Args           []string // without the program's name
	Env            []string // NAME=value
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdoutTerminal says that a person reads Stdout, StderrTerminal the same of Stderr.
	StdoutTerminal bool
	StderrTerminal bool
	Hostname       string
	PID            int
	Clock          clock.Clock
	// Listen opens a listening socket.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Additions add to the suite of certify: requirements of somebody's own.
	Additions []func(*suite.Suite)
	// Edit runs an editor, a command with its arguments, until the user ends it.
	Edit func(ctx context.Context, command []string) error
	// Hurry is closed when the user does not want to wait for an orderly end.
	Hurry <-chan struct{}
}

// NewState is the real process.
func NewState(hurry <-chan struct{}) State {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost"
	}
	return State{
		Program:        os.Args[0],
		Args:           os.Args[1:],
		Env:            os.Environ(),
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Hostname:       hostname,
		PID:            os.Getpid(),
		Clock:          clock.System(),
		Listen:         (&net.ListenConfig{}).Listen,
		Edit:           runEditor,
		Hurry:          hurry,
	}
}

// Run runs one command and returns the exit code. When ctx ends the command ends
// in order; when State.Hurry is closed too, at once.
func Run(ctx context.Context, state State) int {
	a := &app{State: state}
	done := make(chan int, 1)
	go func() { done <- a.run(ctx) }()
	select {
	case code := <-done:
		return code
	case <-state.Hurry:
		a.abandon()
		return ExitInterrupted
	}
}

// app is one run of the program.
type app struct {
	State

	mu sync.Mutex
	// atOnce is what must be done even when the user does not wait.
	atOnce []func()
}

func (a *app) run(ctx context.Context) int {
	root := a.rootCommand() //nolint:contextcheck // cobra hands ctx to the commands
	root.SetArgs(a.Args)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if errors.Is(context.Cause(ctx), ErrInterrupted) {
		return ExitInterrupted
	}
	if err == nil {
		return ExitOK
	}
	code := exitCode(err)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(a.Stderr, "kazoolab:", line)
	}
	return code
}

// whenAbandoned registers what must not be left behind when the user quits
// without waiting, such as a broker that would go on running.
func (a *app) whenAbandoned(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.atOnce = append(a.atOnce, do)
}

func (a *app) abandon() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, do := range slices.Backward(a.atOnce) {
		do()
	}
}

// getenv is os.Getenv for the state's environment.
func (a *app) getenv(name string) string {
	for _, pair := range slices.Backward(a.Env) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	startLimit = time.Minute
	stopLimit  = 15 * time.Second // a server with the management plugin takes 6 s
	pollEvery  = 50 * time.Millisecond
)

// Options says how to run a server.
type Options struct {
	Management bool // also serve the management API; adds about half a second
}

// Server is a running RabbitMQ with the account guest:guest. Its methods may be
// called from any goroutine.
type Server struct {
	installation Installation
	options      Options
	folder       folder
	ports        ports
	name         string // of the cluster, by which probe knows the server as ours

	mu         sync.Mutex // held through a start, stop or restart
	epmd, node *daemon.Process
}

// Start runs a server and returns when it accepts connections, in about 5
// seconds on two cores. When ctx ends first, or the server does, nothing of it
// is left and the error shows the end of its log.
func (in Installation) Start(ctx context.Context, options Options) (*Server, error) {
	const attempts = 3 // a free port may be lost between choosing and binding it
	random := ids.New()
	for attempt := 1; ; attempt++ {
		p, err := choosePorts(options, random)
		if err != nil {
			return nil, err
		}
		s := &Server{installation: in, options: options, ports: p, name: "kazoolab-" + random.Hex(12)}
		err = s.open(ctx)
		if err == nil {
			return s, nil
		}
		err = errors.Join(err, s.Stop())
		if attempt == attempts || !errors.Is(err, daemon.ErrPortTaken) {
			return nil, err
		}
	}
}

// URL is the broker's address, default virtual host, with credentials.
func (s *Server) URL() string { return "amqp://guest:guest@" + daemon.Address(s.ports.amqp) + "/" }

// ManagementURL is the management API's address with credentials, without a
// final slash; "" when it was not asked for.
func (s *Server) ManagementURL() string {
	if s.ports.management == 0 {
		return ""
	}
	return "http://guest:guest@" + daemon.Address(s.ports.management)
}

// PID is the server's process, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.node == nil {
		return 0
	}
	return s.node.PID()
}

// Stop ends the server at once and leaves nothing behind. Stopping twice is no error.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killProcesses()
	if s.folder.path == "" {
		return nil
	}
	return os.RemoveAll(s.folder.path)
}

// Halt ends the server in order and keeps its data for Restart.
func (s *Server) Halt(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.halt(ctx)
}

// Restart halts the server, if it still runs, and starts it again with the same
// data and ports.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.halt(ctx); err != nil {
		return err
	}
	return s.run(ctx)
}

// Control runs rabbitmqctl against the server and returns what it printed.
func (s *Server) Control(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.installation.control, args...)
	cmd.Dir, cmd.Env = s.folder.path, s.folder.environment(s.ports)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("rabbitmqctl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (s *Server) open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := os.MkdirTemp("", "kazoolab-rabbitmq-")
	if err != nil {
		return fmt.Errorf("rabbitmq folder: %w", err)
	}
	s.folder.path = path
	if err := s.folder.prepare(s.name, s.ports, s.options); err != nil {
		return err
	}
	return s.run(ctx)
}

// run starts the processes and waits until the broker serves.
func (s *Server) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	log, err := os.OpenFile(s.folder.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("rabbitmq log: %w", err)
	}
	defer func() { _ = log.Close() }() // the processes have it open themselves
	env := s.folder.environment(s.ports)
	// Started by us, the port mapper ends with us; RabbitMQ would leave its own.
	if s.epmd, err = s.launch(s.installation.epmd, env, log); err != nil {
		return fmt.Errorf("start epmd: %w", err)
	}
	if s.node, err = s.launch(s.installation.server, env, log); err != nil {
		return fmt.Errorf("start rabbitmq-server: %w", err)
	}
	return s.await(ctx)
}

func (s *Server) launch(program string, env []string, log *os.File) (*daemon.Process, error) {
	cmd := exec.Command(program) //nolint:noctx // it outlives the context of its start
	cmd.Dir, cmd.Env = s.folder.path, env
	cmd.Stdout, cmd.Stderr = log, log
	return daemon.Launch(cmd, syscall.SIGKILL)
}

// await polls: RabbitMQ opens its listeners last, but says so to no one.
func (s *Server) await(ctx context.Context) error {
	for {
		unwell := s.probe(ctx)
		if unwell == nil {
			return nil
		}
		if err := clock.Sleep(ctx, clock.System(), pollEvery); err != nil {
			return fmt.Errorf("rabbitmq did not start: %w (%w)\n%s", err, unwell, s.folder.logTail())
		}
		if !s.node.Ended() && !s.epmd.Ended() {
			continue
		}
		tail := s.folder.logTail()
		if strings.Contains(tail, "eaddrinuse") || s.epmd.Ended() || !daemon.IsFree(s.ports.amqp) {
			return fmt.Errorf("rabbitmq did not start: %w\n%s", daemon.ErrPortTaken, tail)
		}
		return fmt.Errorf("rabbitmq ended while starting\n%s", tail)
	}
}

// halt asks the server to end and waits for it, within ctx and stopLimit. What has
// not ended by then is killed, which is an error: data may be lost.
func (s *Server) halt(ctx context.Context) error {
	if s.node == nil {
		return nil
	}
	defer s.killProcesses()
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := s.node.End(ctx, syscall.SIGTERM); err != nil {
		return fmt.Errorf("rabbitmq did not stop in order: %w", err)
	}
	return nil
}

func (s *Server) killProcesses() {
	for _, p := range []*daemon.Process{s.node, s.epmd} {
		if p != nil {
			p.Kill()
		}
	}
	s.node, s.epmd = nil, nil
}

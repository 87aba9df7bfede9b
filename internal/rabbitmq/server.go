package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	startLimit = time.Minute
	stopLimit  = 15 * time.Second // a server with the management plugin takes 6 s
	pollEvery  = 50 * time.Millisecond
)

var (
	// ErrPortTaken says that something else listens on a port that was asked for.
	ErrPortTaken   = errors.New("the port is taken")
	errFolderInUse = errors.New("another RabbitMQ runs in this folder")
)

// Options says how to run a server. The zero value is a temporary server without
// management on a free port.
type Options struct {
	Dir        string       // kept between runs; "" is a temporary folder, removed at the end
	Port       int          // AMQP; 0 takes a free one
	Management bool         // also serve the management API; adds about half a second
	Settings   []string     // further lines of rabbitmq.conf
	Log        *slog.Logger // nil is silent
}

// Server is a running RabbitMQ with the account guest:guest. Its methods may be
// called from any goroutine.
type Server struct {
	installation Installation
	options      Options
	folder       folder
	ports        ports
	name         string // of the cluster, by which probe knows the server as ours
	log          *slog.Logger

	mu         sync.Mutex // held through a start, stop or restart
	epmd, node *process
	claim      *os.File
}

// Start runs a server and returns when it accepts connections, in about 5
// seconds on two cores. When ctx ends first, or the server does, nothing of it
// is left and the error shows the end of its log.
func (in Installation) Start(ctx context.Context, options Options) (*Server, error) {
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	const attempts = 3 // a free port may be lost between choosing and binding it
	if options.Port != 0 && !isFree(options.Port) {
		return nil, fmt.Errorf("rabbitmq on %s: %w", address(options.Port), ErrPortTaken)
	}
	random := ids.New()
	for attempt := 1; ; attempt++ {
		p, err := choosePorts(options, random)
		if err != nil {
			return nil, err
		}
		s := &Server{installation: in, options: options, ports: p, name: "kazoolab-" + random.Hex(12), log: log}
		err = s.open(ctx)
		if err == nil {
			return s, nil
		}
		err = errors.Join(err, s.shut(ctx, true))
		ours := options.Port == 0 || isFree(options.Port)
		if attempt == attempts || !errors.Is(err, ErrPortTaken) || !ours {
			return nil, err
		}
	}
}

// URL is the broker's address, default virtual host, with credentials.
func (s *Server) URL() string { return "amqp://guest:guest@" + address(s.ports.amqp) + "/" }

// Port is the AMQP port on 127.0.0.1.
func (s *Server) Port() int { return s.ports.amqp }

// ManagementURL is the management API's address with credentials, without a
// final slash; "" when it was not asked for.
func (s *Server) ManagementURL() string {
	if s.ports.management == 0 {
		return ""
	}
	return "http://guest:guest@" + address(s.ports.management)
}

// PID is the server's process, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.node == nil {
		return 0
	}
	return s.node.cmd.Process.Pid
}

// Stop ends the server, in order if its folder is kept, and leaves nothing
// behind. When ctx ends first the server is killed. Stopping twice is no error.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut(ctx, s.options.Dir == "")
}

// Kill ends the server at once and leaves its folder: Restart brings it back,
// Stop clears up. Confirmed persistent messages survive in queues older than some
// seconds; RabbitMQ writes declarations that late.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killProcesses()
}

// Restart stops the server in order, if it still runs, and starts it again with
// the same data and ports.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.node != nil {
		s.terminate(ctx)
	}
	s.killProcesses()
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
	s.folder.path = s.options.Dir
	if s.options.Dir == "" {
		path, err := os.MkdirTemp("", "kazoolab-rabbitmq-")
		if err != nil {
			return fmt.Errorf("rabbitmq folder: %w", err)
		}
		s.folder.path = path
	}
	if err := os.MkdirAll(s.folder.path, 0o700); err != nil {
		return fmt.Errorf("rabbitmq folder: %w", err)
	}
	claim, err := s.folder.lock()
	if err != nil {
		return fmt.Errorf("rabbitmq folder %s: %w", s.folder.path, err)
	}
	s.claim = claim
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
	began := clock.System().Now()
	// Started by us, the port mapper ends with us; RabbitMQ would leave its own.
	if s.epmd, err = launch(s.installation.epmd, nil, s.folder.path, env, log); err != nil {
		return fmt.Errorf("start epmd: %w", err)
	}
	if s.node, err = launch(s.installation.server, nil, s.folder.path, env, log, s.claim); err != nil {
		return fmt.Errorf("start rabbitmq-server: %w", err)
	}
	if err := s.await(ctx); err != nil {
		return err
	}
	s.log.Info("rabbitmq started", "port", s.ports.amqp, "folder", s.folder.path,
		"took", clock.System().Since(began).Round(time.Millisecond))
	return nil
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
		if !s.node.ended() && !s.epmd.ended() {
			continue
		}
		tail := s.folder.logTail()
		if strings.Contains(tail, "eaddrinuse") || s.epmd.ended() || !isFree(s.ports.amqp) {
			return fmt.Errorf("rabbitmq did not start: %w\n%s", ErrPortTaken, tail)
		}
		return fmt.Errorf("rabbitmq ended while starting\n%s", tail)
	}
}

// shut ends the processes and removes a temporary folder.
func (s *Server) shut(ctx context.Context, atOnce bool) error {
	if s.node != nil && !atOnce {
		s.terminate(ctx)
	}
	s.killProcesses()
	if s.claim != nil {
		_ = s.claim.Close()
		s.claim = nil
	}
	if s.options.Dir == "" && s.folder.path != "" {
		return os.RemoveAll(s.folder.path)
	}
	return nil
}

// terminate asks the server to end and waits for it, within ctx and stopLimit.
func (s *Server) terminate(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := s.node.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return
	}
	select {
	case <-s.node.done:
	case <-ctx.Done():
		s.log.Warn("rabbitmq did not stop in time and was killed", "folder", s.folder.path)
	}
}

func (s *Server) killProcesses() {
	for _, p := range []*process{s.node, s.epmd} {
		if p != nil {
			p.kill()
		}
	}
	s.node, s.epmd = nil, nil
}

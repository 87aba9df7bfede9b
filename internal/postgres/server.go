package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	startLimit = time.Minute
	stopLimit  = 15 * time.Second
	pollEvery  = 20 * time.Millisecond

	account  = "kazoolab" // superuser, and name of the first database
	sslmode  = "?sslmode=disable"
	attempts = 3 // a free port may be lost between choosing and binding it
)

// Signals that end a server: see its manual, "Shutting Down the Server".
const (
	fast      = syscall.SIGINT  // in order, without waiting for clients
	immediate = syscall.SIGQUIT // as a crash does
)

// Server is a running PostgreSQL. Its methods may be called from any goroutine.
type Server struct {
	installation Installation
	options      Options
	folder       string // private: the password stands in it, too
	password     string // nobody else's, so that who takes it is ours
	port         int

	mu      sync.Mutex // held through a start, stop or restart
	process *daemon.Process
}

// Start runs a server and returns when it accepts connections, in about 2 seconds
// on two cores. When ctx ends first, or the server does, nothing of it is left and
// the error shows the end of its log.
func (in Installation) Start(ctx context.Context, options Options) (*Server, error) {
	random := ids.New()
	for attempt := 1; ; attempt++ {
		ports, err := daemon.FreePorts(1, random)
		if err != nil {
			return nil, err
		}
		s := &Server{installation: in, options: options, port: ports[0], password: random.Hex(16)}
		err = s.open(ctx)
		if err == nil {
			return s, nil
		}
		err = errors.Join(err, s.Stop()) //nolint:contextcheck // what is left has to go, also when ctx has ended
		if attempt == attempts || !errors.Is(err, daemon.ErrPortTaken) {
			return nil, err
		}
	}
}

// URL is the address of an empty database, with the credentials of a superuser.
func (s *Server) URL() string { return s.address(account) }

func (s *Server) address(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(account, s.password), Host: daemon.Address(s.port), Path: "/" + database,
	}
	return u.String() + sslmode
}

// NewDatabase makes another empty database and returns its address.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	return CreateDatabase(ctx, s.URL())
}

// PID is the server's process, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.PID()
}

// Stop ends the server at once and leaves nothing behind. Stopping twice is no error.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.end(context.Background(), immediate)
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

// Halt ends the server in order and keeps its data for Restart.
func (s *Server) Halt(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(ctx, fast)
}

// Kill ends the server as a crash does and keeps its data for Restart.
func (s *Server) Kill(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(ctx, immediate)
}

// Restart halts the server, if it still runs, and starts it again with the same
// data and port.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.end(ctx, fast); err != nil {
		return err
	}
	return s.run(ctx)
}

func (s *Server) open(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := os.MkdirTemp("", "kazoolab-postgres-")
	if err != nil {
		return fmt.Errorf("postgres folder: %w", err)
	}
	s.folder = path
	if err := s.initialise(ctx); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	return execute(ctx, s.address("postgres"), "CREATE DATABASE "+account)
}

// initialise makes the server's data. Its text is sorted by the rules of a
// language, as is usual, so that what must be sorted by bytes has to say so.
func (s *Server) initialise(ctx context.Context) error {
	password := filepath.Join(s.folder, "password")
	if err := os.WriteFile(password, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("postgres folder: %w", err)
	}
	for _, path := range []string{s.folder, password} {
		if err := giveAway(path); err != nil {
			return fmt.Errorf("postgres folder: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.installation.initdb, "--pgdata", s.data(), "--no-sync", "--no-instructions",
		"--username", account, "--pwfile", password, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en")
	cmd.Dir, cmd.Env = s.folder, s.environment()
	if err := unprivileged(cmd); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", errors.Join(err, ctx.Err()), out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) log() string { return filepath.Join(s.folder, "postgres.log") }

// environment is complete: nothing of the caller's reaches the server, so a PG*
// variable meant for another one cannot lead it astray.
func (s *Server) environment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + s.folder}
}

// run starts the server and waits until it serves.
func (s *Server) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("postgres log: %w", err)
	}
	defer func() { _ = log.Close() }()                           // the server has it open itself
	cmd := exec.Command(s.installation.server, s.arguments()...) //nolint:noctx // it outlives the context of its start
	cmd.Dir, cmd.Env = s.folder, s.environment()
	cmd.Stdout, cmd.Stderr = log, log
	if err := unprivileged(cmd); err != nil {
		return err
	}
	// Told to quit it ends its children, too, and gives back shared memory.
	if s.process, err = daemon.Launch(cmd, immediate); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	return s.await(ctx)
}

func (s *Server) arguments() []string {
	settings := withDefaults(s.options.Settings)
	settings["listen_addresses"], settings["port"] = "127.0.0.1", strconv.Itoa(s.port)
	settings["unix_socket_directories"] = ""
	settings["logging_collector"] = "off"
	args := []string{"-D", s.data()}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

func withDefaults(settings map[string]string) map[string]string {
	all := map[string]string{"max_connections": "300"} // packages are tested side by side
	maps.Copy(all, settings)
	return all
}

// await polls until a client can log in.
func (s *Server) await(ctx context.Context) error {
	for {
		unwell := probe(ctx, s.address("postgres"))
		var refused *pgconn.PgError
		switch {
		case unwell == nil:
			return nil
		case s.process.Ended() && strings.Contains(s.logTail(), "in use"):
			return fmt.Errorf("postgres did not start: %w\n%s", daemon.ErrPortTaken, s.logTail())
		case s.process.Ended():
			return fmt.Errorf("postgres ended while starting\n%s", s.logTail())
		case errors.As(unwell, &refused) && refused.Code == "28P01": // the password is wrong
			return fmt.Errorf("another server answers: %w", daemon.ErrPortTaken)
		}
		if err := clock.Sleep(ctx, clock.System(), pollEvery); err != nil {
			return fmt.Errorf("postgres did not start: %w (%w)\n%s", err, unwell, s.logTail())
		}
	}
}

// probe returns nil when a client can log in.
func probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// logTail returns the last lines of the log, for error messages.
func (s *Server) logTail() string {
	const most = 12
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// end asks the server to end and waits for it, within ctx and stopLimit. What has
// not ended by then is killed, which is an error.
func (s *Server) end(ctx context.Context, signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	defer process.Kill()
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := process.End(ctx, signal); err != nil {
		return fmt.Errorf("postgres did not stop: %w", err)
	}
	return nil
}

package cli_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// program is one run of the whole program, in memory.
type program struct {
	t      *testing.T
	state  cli.State
	stdout buffer
	stderr buffer
	end    context.CancelCauseFunc
	hurry  chan struct{}
	code   chan int
}

// buffer is written by the program while the test reads.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// prepare makes a program without an environment but a run file of its own.
func prepare(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, hurry: make(chan struct{}), code: make(chan int, 1)}
	p.state = cli.State{
		Program: "kazoolab",
		Args:    args,
		Env: []string{
			"KAZOOLAB_RUN_FILE=" + filepath.Join(t.TempDir(), "run.json"),
			"KAZOOLAB_WEBSOCKETS_LISTEN=127.0.0.1:0", // the usual port is one for all tests
		},
		Stdin:    strings.NewReader(""),
		Stdout:   &p.stdout,
		Stderr:   &p.stderr,
		Hostname: "test.example.com",
		PID:      os.Getpid(),
		Clock:    clock.System(),
		Listen:   (&net.ListenConfig{}).Listen,
		Hurry:    p.hurry,
	}
	return p
}

// withRunFile leaves a run file as a running up would, whose REST is at base.
func (p *program) withRunFile(base string) *program {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "run.json")
	if err := demoRunFile(base).Write(path); err != nil {
		p.t.Fatal(err)
	}
	p.state.Env = []string{"KAZOOLAB_RUN_FILE=" + path}
	return p
}

const (
	customerID = "22222222222222222222222222222222"
	resellerID = "11111111111111111111111111111111"
)

func demoRunFile(base string) runfile.File {
	return runfile.File{
		PID: os.Getpid(), REST: base, Websocket: "ws://127.0.0.1:5555", AMQP: "amqp://guest:guest@127.0.0.1:1/", Receiver: "127.0.0.1:0",
		Accounts: []runfile.Account{
			{ID: resellerID, Name: "Resell Telecom", Kind: runfile.Reseller, APIKey: "key-of-reseller"},
			{
				ID: customerID, Name: "Cust Dental", Realm: "cust.sip.example.com", Kind: runfile.Customer,
				ResellerID: resellerID, APIKey: "key-of-customer", Numbers: []string{"+14155550123"},
				Users: []runfile.User{{
					ID: "daba000000000000000000000000da5c", Name: "Dana Desk", Email: "dana@cust.example.com", Extension: "1002",
				}},
			},
		},
	}
}

// start runs the program until it ends or the test does.
func (p *program) start() *program {
	ctx, end := context.WithCancelCause(context.Background())
	p.end = end
	go func() { p.code <- cli.Run(ctx, p.state) }()
	p.t.Cleanup(func() {
		end(nil)
		p.wait()
	})
	return p
}

// wait returns the exit code.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case code := <-p.code:
		p.code <- code // for whoever waits next
		return code
	case <-clock.System().After(time.Minute): // a hang, not something to wait for
		p.t.Error("the program did not end")
		return -1
	}
}

// run runs the program to its end.
func run(t *testing.T, args ...string) *program {
	t.Helper()
	p := prepare(t, args...).start()
	p.wait()
	return p
}

// expect checks the exit code and that standard error holds each of the texts.
func (p *program) expect(code int, stderr ...string) *program {
	p.t.Helper()
	if got := p.wait(); got != code {
		p.t.Errorf("%q: exit code %d, want %d\nstdout: %s\nstderr: %s", p.state.Args, got, code, &p.stdout, &p.stderr)
	}
	for _, text := range stderr {
		if !strings.Contains(p.stderr.String(), text) {
			p.t.Errorf("%q: standard error does not say %q:\n%s", p.state.Args, text, &p.stderr)
		}
	}
	return p
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

// broker is one that runs.
type broker struct {
	url     string
	pid     int                              // 0 where it is not known: its CPU and memory are not told
	limited bool                             // it was started with the plan's limit of memory
	rest    float64                          // MB that it may take beside messages
	state   func(ctx context.Context) string // what it tells of itself when it stalls; it may not survive that
	stop    func() error
}

// maker starts a broker that holds about so many bytes of messages before it tells
// publishers to wait; 0 is ample.
type maker func(ctx context.Context, memory int) (*broker, error)

// patience bounds how long a broker may take to answer, and until it has stopped.
const patience = 20 * time.Second

// startRabbitMQ starts an installed one: the processes of a container cannot be read.
func startRabbitMQ(ctx context.Context, memory int) (*broker, error) {
	installation, err := rabbitmq.Find()
	if err != nil {
		return nil, err
	}
	server, err := installation.Start(ctx, rabbitmq.Options{})
	if err != nil {
		return nil, err
	}
	if memory > 0 { // its default is 40 % of the machine's
		// Its limit is for the whole process, which at rest takes up to 220 MB.
		const atRest = 220 << 20
		if _, err := server.Control(ctx, "set_vm_memory_high_watermark", "absolute", strconv.Itoa(memory+atRest)); err != nil {
			return nil, errors.Join(err, server.Stop())
		}
	}
	return &broker{
		url: server.URL(), pid: server.PID(), limited: memory > 0, rest: 250,
		state: func(ctx context.Context) string {
			queues, err := server.Control(ctx, "list_queues", "name", "messages_ready", "messages_unacknowledged", "consumers", "state")
			connections, err2 := server.Control(ctx, "list_connections", "name", "state", "recv_oct", "send_oct", "send_pend")
			return fmt.Sprintln(queues, connections, errors.Join(err, err2))
		},
		stop: server.Stop,
	}, nil
}

// startKazoolab returns what starts the broker of a kazoolab binary.
func startKazoolab(binary string) maker {
	return func(ctx context.Context, memory int) (*broker, error) {
		if memory == 0 {
			memory = 2 << 30
		}
		ctx, cancel := context.WithCancel(ctx)
		cmd := exec.CommandContext(ctx, binary, //nolint:gosec // the binary that the user names
			"broker", "--listen", "127.0.0.1:0", "--http", "", "--max-memory", strconv.Itoa(memory), "--output", "json")
		var told strings.Builder // read when the process has ended
		cmd.Stderr = &told
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = patience
		stdout, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			cancel()
			return nil, err
		}
		var serves struct{ AMQP string }
		unread := json.NewDecoder(stdout).Decode(&serves)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // told says why it ended, if not because it was to
		}()
		b := &broker{
			url: serves.AMQP, pid: cmd.Process.Pid, limited: true, rest: 64,
			state: func(context.Context) string {
				_ = cmd.Process.Signal(syscall.SIGQUIT) // the Go runtime tells what each goroutine does, and ends
				select {
				case <-ended:
				case <-clock.System().After(patience):
					_ = cmd.Process.Kill()
					<-ended
				}
				return told.String()
			},
			stop: func() error {
				cancel()
				<-ended
				return nil
			},
		}
		if unread != nil {
			_ = b.stop()
			return nil, fmt.Errorf("%s does not say where it serves: %w\n%s", strings.Join(cmd.Args, " "), unread, told.String())
		}
		return b, nil
	}
}

// running is a broker that somebody else started.
func running(url string, pid int) maker {
	return func(context.Context, int) (*broker, error) {
		return &broker{
			url: url, pid: pid,
			state: func(context.Context) string { return "the broker is another's: look for its own report" },
			stop:  func() error { return nil },
		}, nil
	}
}

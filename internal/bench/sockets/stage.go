package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// stage is what nodes and the bare loop need.
type stage struct {
	options
	lab.Servers

	clock clock.Clock
	began time.Time
	tree  lab.Planted
}

// startLimit is how long a server may take to be ready.
const startLimit = time.Minute

// on starts a stage with so many accounts, has do play on it, and clears it.
func on(ctx context.Context, o options, accounts int, do func(context.Context, *stage) error) (err error) {
	dir, err := os.MkdirTemp("", "kazoolab-sockets-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st := &stage{options: o, clock: clock.System()}
	if st.Servers, err = lab.StartServers(ctx, o.store, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	if st.tree, err = (lab.Tree{Seed: "sockets", Accounts: accounts}).Plant(ctx, st.StoreURL, nil); err != nil {
		return err
	}
	st.began = st.clock.Now()
	return do(ctx, st)
}

func (st *stage) say(format string, args ...any) {
	fmt.Fprintf(st.out, "%6.1f s  %s\n", st.clock.Since(st.began).Seconds(), fmt.Sprintf(format, args...))
}

func (st *stage) wait(ctx context.Context, d time.Duration) error {
	return clock.Sleep(ctx, st.clock, d)
}

// server is a process that takes clients.
type server struct {
	url   string
	token string // "" for the bare loop
	used  func() figures.Used
	node  *lab.Node // nil for the bare loop
	stop  func(context.Context) error
}

// startNode starts the program, with further flags.
func (st *stage) startNode(ctx context.Context, args ...string) (*server, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	node, err := lab.NewNode(lab.NodeOptions{
		Binary: st.binary, AMQPURL: st.Broker.URL(), Store: st.StoreURL, Sockets: true, Args: args,
	})
	if err != nil {
		return nil, err
	}
	if err := node.Start(); err != nil {
		return nil, err
	}
	s := &server{url: node.SocketURL(), used: node.Used, node: node, stop: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		return node.Stop(ctx)
	}}
	if err := node.AwaitReady(ctx); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	if s.token, err = node.Login(ctx, st.tree.APIKey); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

// startAlone is startNode where webhooks get none of the events. Their queue, which the
// broker keeps on disk, bounded what sockets got: 1,150 events a second.
func (st *stage) startAlone(ctx context.Context, args ...string) (*server, error) {
	s, err := st.startNode(ctx, args...)
	if err != nil {
		return nil, err
	}
	if err := st.unbind(); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

func (st *stage) unbind() error {
	conn, err := amqp.Dial(st.Broker.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	return ch.QueueUnbind(bridge.WorkQueue, kapi.CallEventKey(kapi.ChannelCreate, "*"), kapi.ExchangeCallEvents, nil)
}

// startBare starts the bare loop, which says where it listens once it consumes.
func (st *stage) startBare(context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, bareName, "-amqp-url", st.Broker.URL()) //nolint:noctx,gosec // it outlives the start; it is this program
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	process, err := daemon.Launch(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, fmt.Errorf("start the bare loop: %w", err)
	}
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		process.Kill()
		return nil, fmt.Errorf("the bare loop has ended: %w", err)
	}
	return &server{
		url:  strings.TrimSpace(address),
		used: func() figures.Used { return figures.Process(process.PID()) },
		stop: func(context.Context) error { process.Kill(); return nil },
	}, nil
}

// at is where a client of an account connects to; a node looks at no more than that it
// is a request.
func (s *server) at(account string) string { return s.url + "?account=" + url.QueryEscape(account) }

// binding is what clients subscribe to.
const binding = "call.CHANNEL_CREATE.*"

// first is what a client says first.
func (s *server) first(account string) []byte {
	if s.token == "" {
		return nil
	}
	return fmt.Appendf(nil, `{"action":"subscribe","auth_token":%q,"request_id":"1","data":{"account_id":%q,"binding":%q}}`, s.token, account, binding)
}

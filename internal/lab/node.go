package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// NodeOptions say how a node runs.
type NodeOptions struct {
	Binary  string // the built program
	AMQPURL string
	Store   string
	Sockets bool     // serves websockets, too, at SocketURL
	Args    []string // further flags of kazoolab bridge
	Log     *os.File // where it writes; nil is standard error
}

// Node is a bridge in a process of its own, which dies with this one. Its methods may
// be called from any goroutine.
type Node struct {
	address string
	sockets string // "" where it serves none
	options NodeOptions

	mu      sync.Mutex // held through a start or stop
	process *daemon.Process
}

// NewNode prepares a node that keeps its addresses from start to start.
func NewNode(o NodeOptions) (*Node, error) {
	ports, err := daemon.FreePorts(2, ids.New())
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	n := &Node{address: daemon.Address(ports[0]), options: o}
	if o.Sockets {
		n.sockets = daemon.Address(ports[1])
	}
	return n, nil
}

// URL is where the node serves REST, without a final slash.
func (n *Node) URL() string { return "http://" + n.address }

// SocketURL is where it serves websockets.
func (n *Node) SocketURL() string { return "ws://" + n.sockets + "/" }

// Start starts the process and does not wait for it to be ready.
func (n *Node) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	args := append([]string{
		"bridge", "--amqp-url", n.options.AMQPURL, "--store", n.options.Store, "--rest-listen", n.address, "--websockets-listen=" + n.sockets,
		"--allow-loopback-targets", "--log-level", "error",
	}, n.options.Args...)
	cmd := exec.Command(n.options.Binary, args...) //nolint:noctx,gosec // it outlives the start; the program is the caller's
	cmd.Env = []string{}                           // settings of the developer's are not for it
	cmd.Stdout, cmd.Stderr = n.options.Log, n.options.Log
	process, err := daemon.Launch(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("start a node: %w", err)
	}
	n.process = process
	return nil
}

// Kill ends the process at once.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process != nil {
		n.process.Kill()
	}
}

// Stop asks the process to end, and kills it when ctx ends first, which is an error.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil || n.process.Ended() {
		return nil
	}
	if err := n.process.End(ctx, syscall.SIGTERM); err != nil {
		n.process.Kill()
		return fmt.Errorf("the node at %s did not end: %w", n.address, err)
	}
	return nil
}

// Runs tells whether the process lives.
func (n *Node) Runs() bool { return n.pid() != 0 }

func (n *Node) pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil || n.process.Ended() {
		return 0
	}
	return n.process.PID()
}

// Used is what the process has used; nothing when it does not run.
func (n *Node) Used() figures.Used { return figures.Process(n.pid()) }

// Files counts what the process has open, and the sockets among that.
func (n *Node) Files() (open, sockets int) { return figures.Files(n.pid()) }

// Ready returns nil when events flow, and otherwise why they do not.
func (n *Node) Ready(ctx context.Context) error {
	_, err := n.get(ctx, "/readyz")
	return err
}

// AwaitReady returns when the node is ready. The error says why it is not by the end
// of ctx, or that it has ended.
func (n *Node) AwaitReady(ctx context.Context) error {
	const pause = 20 * time.Millisecond
	for {
		unready := n.Ready(ctx)
		switch {
		case unready == nil:
			return nil
		case !n.Runs():
			return fmt.Errorf("the node at %s has ended", n.address)
		}
		if err := clock.Sleep(ctx, clock.System(), pause); err != nil {
			return unready
		}
	}
}

// Metrics asks for the node's figures.
func (n *Node) Metrics(ctx context.Context) (Metrics, error) {
	text, err := n.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return ParseMetrics(text)
}

// Login gives a token of the account that has an API key.
func (n *Node) Login(ctx context.Context, apiKey string) (token string, err error) {
	text, err := n.ask(ctx, http.MethodPut, "/v2/api_auth", strings.NewReader(fmt.Sprintf(`{"data":{"api_key":%q}}`, apiKey)))
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"auth_token"`
	}
	return answer.Token, json.Unmarshal(text, &answer)
}

func (n *Node) get(ctx context.Context, path string) ([]byte, error) {
	return n.ask(ctx, http.MethodGet, path, http.NoBody)
}

func (n *Node) ask(ctx context.Context, method, path string, data io.Reader) ([]byte, error) {
	const limit, enough = 5 * time.Second, 8 << 20
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, n.URL()+path, data)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // nothing is left open at the node
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %s: %s", path, resp.Status, body)
	}
	return body, err
}

// Build builds the program into dir and returns where it is.
func Build(ctx context.Context, dir string) (binary string, err error) {
	binary = dir + "/kazoolab"
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/kazoolab/kazoolab/cmd/kazoolab").CombinedOutput() //nolint:gosec // a folder of the caller's
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return binary, nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// hooksEach is how many hooks an account of a crowd has.
const hooksEach = 10

// measureCrowd starts a bridge that has so many hooks, beside a built-in broker, and
// writes to out when it took events and what memory it took at the most and at rest.
func measureCrowd(ctx context.Context, out io.Writer, kazoolab string, hooks int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "kazoolab-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	storeURL := "sqlite:" + filepath.Join(dir, "crowd.db")
	if err := seedCrowd(ctx, storeURL, hooks); err != nil {
		return err
	}
	amqp, err := freeAddress()
	if err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	ctx, _, end, err := beside(ctx, kazoolab, "broker", "--listen", amqp, "--http", "")
	if err != nil {
		return err
	}
	defer end()
	wall := clock.System()
	began := wall.Now()
	ctx, pid, end, err := beside(ctx, kazoolab, "bridge", "--amqp-url", "amqp://guest:guest@"+amqp, "--store", storeURL,
		"--rest-listen", address, "--websockets-listen=", "--log-level", "error")
	if err != nil {
		return err
	}
	defer end()
	if err := untilReady(ctx, "http://"+address+"/readyz"); err != nil {
		return err
	}
	ready, used := wall.Since(began), figures.Process(pid)
	if err := clock.Sleep(ctx, wall, crowdRest); err != nil {
		return err
	}
	rest := figures.Process(pid)
	fmt.Fprintf(out, "%d hooks  ready after %.1f s (%.1f s CPU)  %.0f MB peak  %.0f MB at rest\n",
		hooks, ready.Seconds(), used.CPU, rest.Peak, rest.Resident)
	return nil
}

// beside runs the program until end is called. running ends with it.
func beside(ctx context.Context, kazoolab string, args ...string) (running context.Context, pid int, end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, kazoolab, args...) //nolint:gosec // the program that the user names
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, 0, nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		_ = cmd.Wait()
	}()
	return ctx, cmd.Process.Pid, func() {
		cancel()
		<-ended
	}, nil
}

// crowdRest is how long the program may settle: Go gives memory back after its next
// collection, which comes within two minutes.
const crowdRest = 3 * time.Minute

func seedCrowd(ctx context.Context, url string, hooks int) error {
	random := ids.New()
	s, err := store.Open(ctx, url, store.Options{Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	events := []string{"channel_create", "channel_answer", "channel_bridge", "channel_destroy"}
	root := random.Hex(32)
	docs := []store.Document{crowdAccount(root)}
	var owner string
	for i := range hooks {
		if i%hooksEach == 0 {
			owner = random.Hex(32)
			docs = append(docs, crowdAccount(owner, root))
		}
		docs = append(docs, store.Document{
			DB: kapi.DatabaseWebhooks, ID: random.Hex(32), Type: store.TypeWebhook, AccountID: owner,
			Body: jobj.Object{
				{Key: "name", Value: "New Calls"}, {Key: "uri", Value: fmt.Sprintf("https://hooks.example.com/%06d/calls.php", i)},
				{Key: "http_verb", Value: "post"}, {Key: "hook", Value: events[i%len(events)]}, {Key: "retries", Value: 3},
				{Key: "format", Value: "form-data"}, {Key: "enabled", Value: true},
				{Key: "include_subaccounts", Value: false}, {Key: "include_internal_legs", Value: true},
			},
		})
		const batch = 5000
		if len(docs) < batch && i < hooks-1 {
			continue
		}
		if err := s.SaveAll(ctx, docs); err != nil {
			return err
		}
		docs = docs[:0]
	}
	return nil
}

func crowdAccount(id string, tree ...any) store.Document {
	return store.Document{
		DB: kapi.DatabaseAccounts, ID: id, Type: store.TypeAccount, AccountID: id,
		Body: jobj.Object{{Key: "name", Value: "Account " + id[:6]}, {Key: "realm", Value: id[:6] + ".sip.example.com"}, {Key: "pvt_tree", Value: tree}},
	}
}

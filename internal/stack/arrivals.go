package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// arrivals are what the receiver has printed: the events that it has answered 200.
type arrivals struct {
	seen *lab.Bits

	mu    sync.Mutex
	again []int // those that it had answered before
}

// twice counts the arrivals of what had arrived before, of the events from one up to
// another.
func (a *arrivals) twice(from, to int) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, event := range a.again {
		if from <= event && event < to {
			n++
		}
	}
	return n
}

// follow reads the receiver's log until the caller calls stop, which returns what kept
// it from that, if anything did.
func (s *stack) follow(ctx context.Context, events int) (a *arrivals, stop func() error, err error) {
	a = &arrivals{seen: lab.NewBits(events)}
	ctx, cancel := context.WithCancel(ctx)
	cmd := s.command(ctx, "logs", "--follow", "--no-color", "--no-log-prefix", "receiver")
	cmd.Stderr = os.Stderr
	printed, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("follow the receiver's log: %w", err)
	}
	var (
		reading sync.WaitGroup
		failed  error
	)
	reading.Go(func() {
		const longest = 1 << 20
		lines := bufio.NewScanner(printed)
		lines.Buffer(nil, longest)
		for lines.Scan() {
			a.read(lines.Bytes())
		}
		if ctx.Err() == nil {
			failed = errors.Join(errors.New("the receiver's log ended early"), lines.Err())
		}
	})
	return a, func() error {
		cancel()
		reading.Wait()
		_ = cmd.Wait() // it was told to end
		return failed
	}, nil
}

func (a *arrivals) read(line []byte) {
	var request struct {
		Answered string `json:"answered"`
		Body     string `json:"body"`
	}
	if json.Unmarshal(line, &request) != nil || request.Answered != "200" {
		return // what it says when it starts, or a request whose node was killed
	}
	if n, found := lab.Number([]byte(request.Body)); found && !a.seen.Add(n) {
		a.mu.Lock()
		a.again = append(a.again, n)
		a.mu.Unlock()
	}
}

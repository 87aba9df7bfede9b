package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// confirm asks whether something is meant that cannot be taken back. Its error is nil
// for a yes.
func (a *app) confirm(ctx context.Context, question string, args ...any) error {
	fmt.Fprintf(a.Stderr, question+" [y/N] ", args...)
	answers := make(chan string, 1)
	go func() { // a read from a terminal cannot be cut short
		answer, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		answers <- answer
	}()
	select {
	case answer := <-answers:
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return nil
		}
		if answer == "" { // nobody is there
			a.say("")
			return usagef("nobody said yes, so nothing was dropped; --yes does without the question")
		}
		return errors.New("nothing was dropped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kazoolab/kazoolab/internal/config"
)

// codedError is an error with the exit code it leads to.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usagef says that the command line or configuration is wrong.
func usagef(format string, args ...any) error {
	return &codedError{ExitUsage, fmt.Errorf(format, args...)}
}

// unreachablef says that something needed is away.
func unreachablef(format string, args ...any) error {
	return &codedError{ExitUnreachable, fmt.Errorf(format, args...)}
}

// orderly is the outcome of a command that runs until ctx ends: being told to end
// while it was starting is no failure.
func orderly(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func exitCode(err error) int {
	if code, has := codeOf(err); has {
		return code
	}
	return ExitFailed
}

// codeOf is the exit code that an error says it leads to.
func codeOf(err error) (code int, has bool) {
	if coded, ok := errors.AsType[*codedError](err); ok {
		return coded.code, true
	}
	if _, ok := errors.AsType[config.Problems](err); ok {
		return ExitUsage, true
	}
	return 0, false
}

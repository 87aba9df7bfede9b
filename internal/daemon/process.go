package daemon

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a running child that is waited for.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Launch starts cmd in a process group of its own. When this process dies without
// stopping it, the kernel sends it the signal orphaned (on Linux).
func Launch(cmd *exec.Cmd, orphaned syscall.Signal) (*Process, error) {
	isolate(cmd, orphaned)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal is tied to the thread that forked, so that thread
		// must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended says whether the process is no more.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// End sends the process a signal and waits for its end within ctx.
func (p *Process) End(ctx context.Context, signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !p.Ended() {
		return fmt.Errorf("signal: %w", err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill ends the process and its group, and waits for it. One that has ended is
// left alone: its number may be another's by now.
func (p *Process) Kill() {
	if !p.Ended() {
		killGroup(p.cmd.Process)
		<-p.done
	}
}

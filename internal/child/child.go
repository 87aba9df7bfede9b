// Package child runs the programs that tests and measurements stand on: brokers,
// databases, nodes. A child has a process group of its own and is killed by the
// kernel when its parent dies, so that nothing outlives a run that was cut short. It
// knows nothing of what it runs, and is no part of the program.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a running child that is waited for. Its methods may be called from any
// goroutine.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Launch starts a program in folder dir with the environment env and no other, its
// output added to log.
func Launch(program string, args []string, dir string, env []string, log *os.File) (*Process, error) {
	cmd := exec.Command(program, args...) //nolint:noctx,gosec // it outlives the context of its start; its callers choose the program
	cmd.Dir, cmd.Env = dir, append([]string{}, env...)
	cmd.Stdout, cmd.Stderr = log, log
	return Start(cmd)
}

// Start starts a command that was prepared elsewhere, such as for another user, and
// waits for it.
func Start(cmd *exec.Cmd) (*Process, error) {
	isolate(cmd)
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
			_ = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// PID is the process's number, which is another's once it has ended.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended tells whether it has.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Terminate asks the process to end.
func (p *Process) Terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// Kill ends the process and whatever it started, and waits for it. One that has
// ended is left alone: its number may be another's by now.
func (p *Process) Kill() {
	if !p.Ended() {
		killGroup(p.cmd.Process)
		<-p.done
	}
}

package rabbitmq

import (
	"os"
	"os/exec"
	"runtime"
)

// process is a running child that is waited for.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; read after done
}

// launch starts a program in its own process group, its output added to log.
func launch(program string, args []string, dir string, env []string, log *os.File) (*process, error) {
	cmd := exec.Command(program, args...) //nolint:noctx // it outlives the context of its start
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = log, log
	isolate(cmd)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal is tied to the thread that forked, so that thread
		// must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// kill ends the process and whatever it started, and waits for it. One that has
// ended is left alone: its number may be another's by now.
func (p *process) kill() {
	if !p.ended() {
		killGroup(p.cmd.Process)
		<-p.done
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

package rabbitmq

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// isolate keeps the terminal's Ctrl-C from the child, and lets the kernel kill
// it when this process dies without stopping it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// lock claims the folder. The server inherits the claim, so it holds until both
// have ended.
func (f folder) lock() (*os.File, error) {
	file, err := os.OpenFile(f.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errFolderInUse, file.Close())
	}
	return file, nil
}

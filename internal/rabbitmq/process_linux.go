package rabbitmq

import (
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

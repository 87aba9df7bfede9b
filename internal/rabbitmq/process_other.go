//go:build !linux

package rabbitmq

import (
	"os"
	"os/exec"
)

// isolate does nothing: only Linux packages are known to Find.
func isolate(*exec.Cmd) {}

func killGroup(p *os.Process) { _ = p.Kill() }

func (f folder) lock() (*os.File, error) {
	return os.OpenFile(f.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
}

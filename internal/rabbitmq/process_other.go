//go:build !linux

package rabbitmq

import (
	"os"
	"os/exec"
)

// isolate does nothing: only Linux packages are known to Find.
func isolate(*exec.Cmd) {}

func killGroup(p *os.Process) { _ = p.Kill() }

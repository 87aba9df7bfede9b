//go:build !linux

package daemon

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate does nothing: only Linux has packages whose servers are started.
func isolate(*exec.Cmd, syscall.Signal) {}

func killGroup(p *os.Process) { _ = p.Kill() }

//go:build real && rabbitmq

package rabbitmq

import (
	"os"
	"os/exec"
	"syscall"
)

// becomeOrdinaryUser runs cmd as nobody, so that the tests of root also show
// that a server needs no rights.
func becomeOrdinaryUser(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged has cmd run as another user where this one is root, which the server
// refuses to be.
func unprivileged(cmd *exec.Cmd) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := ordinaryUser()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	return nil
}

// giveAway hands a file to the user that the server runs as.
func giveAway(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := ordinaryUser()
	if err != nil {
		return err
	}
	return os.Chown(path, int(uid), int(gid))
}

// ordinaryUser is the package's own user, else one that every system has.
func ordinaryUser() (uid, gid uint32, err error) {
	found, err := user.Lookup("postgres")
	if err != nil {
		found, err = user.Lookup("nobody")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("a user for PostgreSQL, which does not run as root: %w", err)
	}
	u, errUser := strconv.ParseUint(found.Uid, 10, 32)
	g, errGroup := strconv.ParseUint(found.Gid, 10, 32)
	return uint32(u), uint32(g), errors.Join(errUser, errGroup)
}

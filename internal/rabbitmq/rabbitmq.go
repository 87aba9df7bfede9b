// Package rabbitmq starts a private RabbitMQ for tests and measurements and stops
// it again: from an installed package, else in a container. Of an installed one it
// owns the server's folder, ports, node name, cookie and port mapper (epmd), all on
// 127.0.0.1 and none shared, so that it never meets another RabbitMQ on the
// machine. It never uses, changes or stops a server that it did not start, and is
// no part of the program.
package rabbitmq

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotInstalled says that the machine has no RabbitMQ where distributions put it.
var ErrNotInstalled = errors.New("RabbitMQ is not installed: as root run " +
	"'apt-get install --no-install-recommends rabbitmq-server'")

// Installation is where a RabbitMQ package keeps its programs.
type Installation struct {
	server  string // the unwrapped script: the one in /usr/sbin changes user and folders
	control string
	epmd    string
}

// Find looks where the packages of Debian, Ubuntu and Fedora put RabbitMQ.
// The error is ErrNotInstalled.
func Find() (Installation, error) {
	return findIn("/usr/lib/rabbitmq/bin", "/usr/bin")
}

func findIn(scripts, erlang string) (Installation, error) {
	in := Installation{
		server:  filepath.Join(scripts, "rabbitmq-server"),
		control: filepath.Join(scripts, "rabbitmqctl"),
		epmd:    filepath.Join(erlang, "epmd"),
	}
	for _, path := range []string{in.server, in.control, in.epmd} {
		info, err := os.Stat(path)
		if err != nil || info.Mode()&0o111 == 0 {
			return Installation{}, fmt.Errorf("%w (no program %s)", ErrNotInstalled, path)
		}
	}
	return in, nil
}

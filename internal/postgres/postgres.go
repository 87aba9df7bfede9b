// Package postgres starts a private PostgreSQL for tests and measurements and stops
// it again: from an installed package, else in a container. Of an installed one it
// owns the server's folder, port and password, on 127.0.0.1 alone, so that it never
// meets another PostgreSQL of the machine. The server is an honest one: fsync is on,
// logging in takes a password, and text sorts by a language unless it is told not
// to. The package never uses, changes or stops a server that it did not start, and
// is no part of the program.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrNotInstalled says that the machine has no PostgreSQL where distributions put it.
var ErrNotInstalled = errors.New("PostgreSQL is not installed: as root run " +
	"'apt-get install --no-install-recommends postgresql'")

// Options says how to run a server.
type Options struct {
	// Settings are parameters of the server, such as max_connections, besides those
	// that keep it private.
	Settings map[string]string
}

// Running is a PostgreSQL of one's own: processes of an installed one (Server), or a
// container. Its methods may be called from any goroutine.
type Running interface {
	// URL is the address of an empty database, with the credentials of a superuser:
	// postgres://user:password@host:port/database?sslmode=disable.
	URL() string
	// NewDatabase makes another empty database and returns its address.
	NewDatabase(ctx context.Context) (string, error)
	// Halt ends the server in order, its clients cut off, and keeps its data for Restart.
	Halt(ctx context.Context) error
	// Kill ends the server as a crash does: what it has not written is read from its
	// log (WAL) by Restart.
	Kill(ctx context.Context) error
	// Restart halts the server, if it runs, and starts it again with its data and
	// at the same address.
	Restart(ctx context.Context) error
	// Stop ends it and leaves nothing behind.
	Stop() error
}

// Start runs the installed PostgreSQL, or one in a container where none is installed.
// The error says what to do when neither can be had.
func Start(ctx context.Context, options Options) (Running, error) {
	installation, missing := Find()
	if missing == nil {
		return installation.Start(ctx, options)
	}
	container, err := startContainer(ctx, options)
	if err != nil {
		return nil, errors.Join(missing, err)
	}
	return container, nil
}

// Installation is where a PostgreSQL package keeps its programs.
type Installation struct{ initdb, server string }

// Find looks where the packages of Debian and Ubuntu put PostgreSQL, of which there
// may be several versions, and where others do. The error is ErrNotInstalled.
func Find() (Installation, error) {
	return findIn("/usr/lib/postgresql", "/usr/bin")
}

func findIn(versions, programs string) (Installation, error) {
	for _, folder := range append(newestFirst(versions), programs) {
		in := Installation{initdb: filepath.Join(folder, "initdb"), server: filepath.Join(folder, "postgres")}
		if executable(in.initdb) && executable(in.server) {
			return in, nil
		}
	}
	return Installation{}, fmt.Errorf("%w (no programs in %s or %s)", ErrNotInstalled, versions, programs)
}

// newestFirst lists the folders of programs below versions, which are named by number.
func newestFirst(versions string) []string {
	entries, _ := os.ReadDir(versions) // none where there is no such folder
	var numbers []int
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var folders []string
	for _, n := range slices.Backward(numbers) {
		folders = append(folders, filepath.Join(versions, strconv.Itoa(n), "bin"))
	}
	return folders
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Package runfile is the note that a running `kazoolab up` leaves for the other
// commands: addresses, accounts, keys. It owns the note's place, form and
// lifetime; it never starts or stops anything.
package runfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// File is the note. It holds keys and passwords, so only its owner may read it.
type File struct {
	PID  int    `json:"pid"`
	REST string `json:"rest"` // base URL, http://127.0.0.1:8000
	AMQP string `json:"amqp"` // URL with its password
	// Management is the URL of the management API of a broker of its own; "" of any other.
	Management string `json:"management,omitempty"`
	Receiver   string `json:"receiver"` // address on which listen listens, 127.0.0.1:8099
	// Websocket is the URL for sockets, ws://127.0.0.1:5555; "" without any.
	Websocket string `json:"websocket,omitempty"`
	// ClockToken allows to put the lab's clock forward.
	ClockToken string    `json:"clock_token"`
	Accounts   []Account `json:"accounts"`
}

// Account is one account of the store, as far as the commands need it.
type Account struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Realm      string   `json:"realm"`
	Kind       string   `json:"kind"` // master, reseller or customer
	ResellerID string   `json:"reseller_id,omitempty"`
	APIKey     string   `json:"api_key"`
	Numbers    []string `json:"numbers,omitempty"`
	Users      []User   `json:"users,omitempty"`
}

// User can log in to an account.
type User struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name"`
	Username  string `json:"username"`
	Password  string `json:"password"`
	Email     string `json:"email,omitempty"`
	Extension string `json:"extension,omitempty"`
	// DeviceID is the document of the user's telephone, DeviceUsername with what it registers.
	DeviceID       string `json:"device_id,omitempty"`
	DeviceUsername string `json:"device_username,omitempty"`
}

// Kinds of accounts.
const (
	Master   = "master"
	Reseller = "reseller"
	Customer = "customer"
)

var (
	// ErrNotRunning says that no `up` runs: there is no note, or a stale one.
	ErrNotRunning = errors.New("kazoolab up is not running")
	// ErrNoPlace says that the environment names no folder for the note.
	ErrNoPlace = errors.New("no folder for the run file: set KAZOOLAB_RUN_FILE, XDG_RUNTIME_DIR or HOME")
)

// Path is where the note lies: the user's runtime folder, else the cache folder.
func Path(getenv func(string) string) (string, error) {
	for _, place := range []struct{ variable, below string }{
		{"XDG_RUNTIME_DIR", ""},
		{"XDG_CACHE_HOME", ""},
		{"HOME", ".cache"},
	} {
		if dir := getenv(place.variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, place.below, "kazoolab", "run.json"), nil
		}
	}
	return "", ErrNoPlace
}

// Write leaves the note at path, whole or not at all.
func (f File) Write(path string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("run file: %w", err)
	}
	// CreateTemp makes the file readable by its owner alone.
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("run file: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when all went well
	_, err = tmp.Write(append(data, '\n'))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("run file: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("run file: %w", err)
	}
	return nil
}

// Remove takes the note away, unless another process has put its own there.
func (f File) Remove(path string) error {
	current, err := read(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && current.PID != f.PID) {
		return nil
	}
	return os.Remove(path)
}

// Read returns the note of the `up` that runs. The error is ErrNotRunning,
// wrapped with the reason, or says why the note cannot be read.
func Read(ctx context.Context, path string) (File, error) {
	f, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, fmt.Errorf("%w (no run file at %s)", ErrNotRunning, path)
	}
	if err != nil {
		return File{}, err
	}
	if !f.running(ctx) {
		return File{}, fmt.Errorf("%w (the run file at %s is left over from process %d)", ErrNotRunning, path, f.PID)
	}
	return f, nil
}

func read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return File{}, fmt.Errorf("run file %s: %w", path, err)
	}
	return f, nil
}

// running asks for the process and for its port, because a process id may have
// passed to another program since.
func (f File) running(ctx context.Context) bool {
	process, err := os.FindProcess(f.PID)
	if err != nil {
		return false
	}
	if err := process.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	base, err := url.Parse(f.REST)
	if err != nil {
		return false
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", base.Host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// Default is the account that commands use when none is named: the first customer,
// else the first of all.
func (f File) Default() (Account, bool) {
	if a, ok := f.Account(Customer); ok || len(f.Accounts) == 0 {
		return a, ok
	}
	return f.Accounts[0], true
}

// Account finds an account by id, by name, or, the first of it, by kind.
func (f File) Account(which string) (Account, bool) {
	for _, matches := range []func(Account) bool{
		func(a Account) bool { return a.ID == which || a.Name == which },
		func(a Account) bool { return a.Kind == which },
	} {
		if i := slices.IndexFunc(f.Accounts, matches); i >= 0 {
			return f.Accounts[i], true
		}
	}
	return Account{}, false
}

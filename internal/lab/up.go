package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// Up is a `kazoolab up` of its own, on ports that the system chose, which dies with
// this process.
type Up struct {
	RunFile string // where it tells about itself
	File    runfile.File

	dir     string
	process *daemon.Process
}

// ErrNotUp says that an `up` ended, or did not come up in time.
var ErrNotUp = errors.New("kazoolab up did not start")

// StartUp starts an `up` whose files are in dir and waits until it is there, at most
// until ctx ends. The caller stops it.
func StartUp(ctx context.Context, binary, dir, dialect string) (*Up, error) {
	u := &Up{dir: dir, RunFile: filepath.Join(dir, "run.json")}
	log, err := os.Create(u.log())
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()                                                                      // the process has its own
	cmd := exec.Command(binary, "up", "--rest-listen", "127.0.0.1:0", "--websockets-listen", "127.0.0.1:0", //nolint:noctx,gosec // it outlives the start; the program is the caller's
		"--data", filepath.Join(dir, "data"), "--run-file", u.RunFile, "--dialect", dialect)
	cmd.Env = []string{"TMPDIR=" + dir, "HOME=" + dir} // settings of the developer's are not for it
	cmd.Stdout, cmd.Stderr = log, log
	if u.process, err = daemon.Launch(cmd, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotUp, err)
	}
	if u.File, err = u.await(ctx); err != nil {
		u.process.Kill()
		return nil, fmt.Errorf("%w: %w: %s", ErrNotUp, err, u.said())
	}
	return u, nil
}

func (u *Up) log() string { return filepath.Join(u.dir, "up.log") }

func (u *Up) await(ctx context.Context) (runfile.File, error) {
	const pause = 20 * time.Millisecond
	for {
		file, absent := runfile.Read(ctx, u.RunFile)
		switch {
		case absent == nil:
			return file, nil
		case u.process.Ended():
			return file, errors.New("it has ended")
		}
		if err := clock.Sleep(ctx, clock.System(), pause); err != nil {
			return file, absent
		}
	}
}

// said is the end of what it printed.
func (u *Up) said() []byte {
	const enough = 2000
	text, _ := os.ReadFile(u.log()) // it is for a message about something else
	text = bytes.TrimSpace(text)
	return text[max(0, len(text)-enough):]
}

// Stop asks it to end and kills it when it does not within a moment.
func (u *Up) Stop(ctx context.Context) {
	const limit = 8 * time.Second // longer than it finishes deliveries
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if u.process.End(ctx, syscall.SIGTERM) != nil {
		u.process.Kill()
	}
}

// Kill ends it at once.
func (u *Up) Kill() { u.process.Kill() }

// Certification says what is certified, and by whom.
type Certification struct {
	Binary  string // the program that certifies
	RunFile string // names the target
	Dialect string
	Run     []string // the patterns of --run; none is the whole suite
	Args    []string // further flags
}

// Certified is what came of a certification.
type Certified struct {
	Log  capture.File
	Exit int // the program's code
	// Conclusion is its word for the run; "" where it came to none.
	Conclusion string
}

// Certify certifies a target and returns what was seen. The log stays in dir, under name.
func (c Certification) Certify(ctx context.Context, dir, name string) (capture.File, error) {
	certified, err := c.Judge(ctx, dir, name)
	return certified.Log, err
}

// Judge certifies a target and returns what was seen and concluded. The log stays in dir, under name.
func (c Certification) Judge(ctx context.Context, dir, name string) (Certified, error) {
	path := filepath.Join(dir, name+".ndjson")
	args := []string{"certify", "--run-file", c.RunFile, "--dialect", c.Dialect, "--log", path, "-o", "json"}
	args = append(args, c.Args...)
	for _, p := range c.Run {
		args = append(args, "--run", p)
	}
	cmd := exec.CommandContext(ctx, c.Binary, args...) //nolint:gosec // the program that the caller built
	cmd.Env = []string{"TMPDIR=" + dir, "HOME=" + dir}
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var printed, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &said
	failed := cmd.Run() // that something is not met is a failure, too: the log tells
	if err := ctx.Err(); err != nil {
		return Certified{}, fmt.Errorf("certify: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return Certified{}, fmt.Errorf("certify left no log: %w\n%s", errors.Join(failed, err), &said)
	}
	defer func() { _ = f.Close() }()
	log, err := capture.Read(f)
	if err != nil {
		return Certified{}, fmt.Errorf("certify: %w\n%s", errors.Join(failed, err), &said)
	}
	if log.Cut {
		return Certified{}, fmt.Errorf("certify left a log that is cut: %w\n%s", errors.Join(failed, io.ErrUnexpectedEOF), &said)
	}
	var results struct{ Conclusion string }
	if err := json.Unmarshal(printed.Bytes(), &results); err != nil && printed.Len() > 0 {
		return Certified{}, fmt.Errorf("certify printed no results: %w\n%s", err, &said)
	}
	return Certified{Log: log, Exit: cmd.ProcessState.ExitCode(), Conclusion: results.Conclusion}, nil
}

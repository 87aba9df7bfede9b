package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/report"
)

// logName is the log's in the folder of --out.
const logName = "log.ndjson"

// logs are the files that get the log, and the flags that say so.
func (c *certify) logs() (logs []struct{ flag, path string }) {
	if c.log != "" {
		logs = append(logs, struct{ flag, path string }{"--log", c.log})
	}
	if c.out != "" {
		logs = append(logs, struct{ flag, path string }{"--out", filepath.Join(c.out, logName)})
	}
	return logs
}

// writable makes the folders of what is written, and finds out whether it can be. What an earlier
// run left there is taken away: nobody is to take it for what came of this one, which may end
// without a word.
func (c *certify) writable() error {
	for flag, path := range map[string]string{"--out": c.out, "--log": filepath.Dir(c.log)} {
		if path == "" {
			continue
		}
		if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // people share what stands there
			return usagef("%s: %w", flag, err)
		}
	}
	if c.out != "" {
		if err := report.Remove(c.out); err != nil {
			return usagef("--out: %w", err)
		}
	}
	for _, l := range c.logs() {
		f, err := os.Create(l.path)
		if err != nil {
			return usagef("%s: %w", l.flag, err)
		}
		if err := f.Close(); err != nil {
			return usagef("%s: %w", l.flag, err)
		}
	}
	return nil
}

// logFiles get the log of a run while it grows.
type logFiles struct {
	*capture.Recorder
	files []*os.File
}

// record begins the files.
func (c *certify) record() (*logFiles, error) {
	r := &logFiles{}
	var all []io.Writer
	for _, l := range c.logs() {
		f, err := os.Create(l.path)
		if err != nil {
			return nil, errors.Join(usagef("%s: %w", l.flag, err), r.close())
		}
		r.files = append(r.files, f)
		all = append(all, f)
	}
	if len(all) > 0 {
		r.Recorder = capture.NewRecorder(io.MultiWriter(all...), c.Clock)
	}
	return r, nil
}

// end writes what is left.
func (r *logFiles) end(facts capture.Facts) error {
	if r.Recorder == nil {
		return nil
	}
	return errors.Join(r.End(facts), r.close())
}

func (r *logFiles) close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

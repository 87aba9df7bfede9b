package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// captureFile is where a capture goes. It is written in place: whatever ends the program,
// what was written until a second before can be played.
type captureFile struct {
	io.Writer
	name      string
	overwrite bool
	stdout    io.Writer
	file      *os.File
}

// captureName is the file that was named, or one after the time.
func captureName(args []string, now time.Time) string {
	if len(args) == 1 && args[0] != "" {
		return args[0]
	}
	return now.Format("kazoolab-20060102-150405.ndjson.gz")
}

func (c *captureFile) shown() string {
	if c.name == streamName {
		return "standard output"
	}
	return c.name
}

// check finds out early what can be known early.
func (c *captureFile) check() error {
	if c.name == streamName || c.overwrite {
		return nil
	}
	if _, err := os.Lstat(c.name); err == nil {
		return c.there()
	}
	return nil
}

func (c *captureFile) there() error {
	return usagef("%s is there already; name another file, or give --overwrite", c.name)
}

// open makes the file. Only its owner may read it: what it holds can be anybody's.
func (c *captureFile) open() error {
	if c.name == streamName {
		c.Writer = c.stdout
		return nil
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if c.overwrite {
		mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	file, err := os.OpenFile(c.name, mode, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return c.there()
	case err != nil:
		return c.failed(err)
	}
	c.Writer, c.file = file, file
	return nil
}

// Close may be called again.
func (c *captureFile) Close() error {
	if c.file == nil {
		return nil
	}
	file := c.file
	c.file = nil
	return file.Close()
}

// discard removes a file in which there is nothing. A pipe or a device stays.
func (c *captureFile) discard() {
	if c.file == nil {
		return
	}
	info, err := c.file.Stat()
	_ = c.Close()
	if err == nil && info.Mode().IsRegular() {
		_ = os.Remove(c.name) // it holds a header at most
	}
}

// size is how much was written, 0 where that is not known.
func (c *captureFile) size() int64 {
	info, err := os.Stat(c.name)
	if err != nil || c.name == streamName {
		return 0
	}
	return info.Size()
}

func (c *captureFile) failed(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot write %s: %w", c.shown(), path.Err)
	}
	return fmt.Errorf("recording into %s: %w", c.shown(), err)
}

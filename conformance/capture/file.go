package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version is the form of the file that is written. Files of an earlier one are read too;
// of a later one they are refused.
const Version = 1

// maxLine bounds a line of a file, in bytes: an answer of 8 MB in base64, and its frame.
const maxLine = 32 << 20

// Facts are what judges know of a target besides what they saw.
type Facts struct {
	Target   string    `json:"target"` // its name
	Dialect  string    `json:"dialect"`
	Features []string  `json:"features"` // what could be used of it
	Absent   []Lack    `json:"absent"`   // what could not, and why
	Began    time.Time `json:"began"`
	Harness  string    `json:"harness"` // version of this program
	Seed     string    `json:"seed"`
	REST     string    `json:"rest,omitempty"`
	Sockets  string    `json:"sockets,omitempty"`
	// RealWaits says that windows of minutes passed in real time, since the target has no clock API.
	RealWaits bool `json:"real_waits"`
	// Groups are those that were planned.
	Groups []string `json:"groups"`
	// Run and Skip are the patterns by which requirements were chosen.
	Run  []string `json:"run,omitempty"`
	Skip []string `json:"skip,omitempty"`
	// Interrupted says that somebody ended the run; Faults are those of the harness outside of
	// any group. The same log is judged alike with them.
	Interrupted bool     `json:"interrupted,omitempty"`
	Faults      []string `json:"faults,omitempty"`
}

// Lack is a feature that could not be used.
type Lack struct {
	Feature string `json:"feature"`
	// Offered is false for what the target does not have, true for what it may have but the
	// harness has no access to.
	Offered bool   `json:"offered"`
	Why     string `json:"why"`
}

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Facts
}

const format = "kazoolab-certification-log"

// File is a log as it is stored.
type File struct {
	Facts   Facts
	Entries []Entry
}

// Of returns what a group saw.
func (f File) Of(group string) View {
	return View{Entries: View{Entries: f.Entries}.Where(func(e Entry) bool { return e.Group == group })}
}

// Write writes a log: a line of facts, then a line for each entry (NDJSON).
func (f File) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(header{Format: format, Version: Version, Facts: f.Facts}); err != nil {
		return err
	}
	for _, e := range f.Entries {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// ErrNoLog says that a file is no log of a certification, or of a version that is not known.
var ErrNoLog = errors.New("not a certification log that can be judged")

// Read reads a log. Its errors wrap ErrNoLog and say what is wrong in which line.
func Read(r io.Reader) (File, error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	if !scan.Scan() {
		return File{}, fmt.Errorf("%w: line 1: %w", ErrNoLog, errors.Join(scan.Err(), errors.New("the file is empty")))
	}
	var h header
	switch err := json.Unmarshal(scan.Bytes(), &h); {
	case err != nil:
		return File{}, fmt.Errorf("%w: line 1: %w", ErrNoLog, err)
	case h.Format != format:
		return File{}, fmt.Errorf("%w: line 1: format is %q, not %q; `kazoolab certify --log FILE` writes such files", ErrNoLog, h.Format, format)
	case h.Version < 1 || h.Version > Version:
		return File{}, fmt.Errorf("%w: it is of version %d, and this program reads up to %d: judge it with the program that wrote it", ErrNoLog, h.Version, Version)
	}
	f := File{Facts: h.Facts}
	for number := 2; scan.Scan(); number++ {
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		var e Entry
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			return File{}, fmt.Errorf("%w: line %d: %w", ErrNoLog, number, err)
		}
		if e.Seq != len(f.Entries)+1 {
			return File{}, fmt.Errorf("%w: line %d: entry %d where %d is due: lines are missing", ErrNoLog, number, e.Seq, len(f.Entries)+1)
		}
		f.Entries = append(f.Entries, e)
	}
	if err := scan.Err(); err != nil {
		return File{}, fmt.Errorf("%w: %w", ErrNoLog, err)
	}
	return f, nil
}

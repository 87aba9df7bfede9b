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
// of a later one they are refused. From 2 on, a file that is whole has a last line that says so.
const Version = 2

// closed is the first version with a last line.
const closed = 2

// maxLine bounds a line of a file, in bytes: an answer of 16 MiB in base64, its header and its frame.
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
	// any group; Gone says that the target was there and is no more, for which the run was ended.
	// The same log is judged alike with them. They stand in the last line.
	Interrupted bool     `json:"interrupted,omitempty"`
	Faults      []string `json:"faults,omitempty"`
	Gone        string   `json:"gone,omitempty"`
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
	// Cut says that the file ends before its end: whoever wrote it was killed, or the rest was lost.
	Cut bool
}

// last is the last line of a file that is whole.
type last struct {
	End *ending `json:"end"`
}

type ending struct {
	Entries     int      `json:"entries"` // how many there are
	Interrupted bool     `json:"interrupted,omitempty"`
	Faults      []string `json:"faults,omitempty"`
	Gone        string   `json:"gone,omitempty"`
}

// Of returns what a group saw.
func (f File) Of(group string) View {
	return View{Entries: View{Entries: f.Entries}.Where(func(e Entry) bool { return e.Group == group })}
}

// Write writes a log: a line of facts, a line for each entry, and a last one (NDJSON).
func (f File) Write(w io.Writer) error {
	p := newPen(w)
	if err := p.facts(f.Facts); err != nil {
		return err
	}
	if err := p.entries(f.Entries); err != nil {
		return err
	}
	if f.Cut {
		return p.flush()
	}
	return p.end(f.Facts)
}

// pen writes the lines of a log.
type pen struct {
	buffered *bufio.Writer
	enc      *json.Encoder
	written  int // entries
}

func newPen(w io.Writer) *pen {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	return &pen{buffered: buffered, enc: enc}
}

func (p *pen) facts(f Facts) error {
	f.Interrupted, f.Faults, f.Gone = false, nil, "" // nobody knows before the end
	return p.enc.Encode(header{Format: format, Version: Version, Facts: f})
}

func (p *pen) entries(entries []Entry) error {
	for _, e := range entries {
		if err := p.enc.Encode(e); err != nil {
			return err
		}
		p.written++
	}
	return nil
}

func (p *pen) end(f Facts) error {
	if err := p.enc.Encode(last{&ending{Entries: p.written, Interrupted: f.Interrupted, Faults: f.Faults, Gone: f.Gone}}); err != nil {
		return err
	}
	return p.flush()
}

func (p *pen) flush() error { return p.buffered.Flush() }

// ErrNoLog says that a file is no log of a certification, or of a version that is not known.
var ErrNoLog = errors.New("not a certification log that can be judged")

// Read reads a log. Its errors wrap ErrNoLog and say what is wrong in which line. One that is cut
// off somewhere behind its first line is read as far as it goes.
func Read(r io.Reader) (File, error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 64<<10), maxLine)
	whole := true // the last line that was read has its end
	scan.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		whole = bytes.IndexByte(data, '\n') >= 0
		return bufio.ScanLines(data, atEOF)
	})
	if !scan.Scan() {
		err := scan.Err() // as of a folder
		if err == nil {
			err = errors.New("the file is empty")
		}
		return File{}, fmt.Errorf("%w: line 1: %w", ErrNoLog, err)
	}
	if bytes.HasPrefix(scan.Bytes(), []byte("\x1f\x8b")) {
		return File{}, fmt.Errorf("%w: the file is gzip; unpack it first, as with gunzip", ErrNoLog)
	}
	var h header
	switch err := json.Unmarshal(scan.Bytes(), &h); {
	case err != nil && !whole:
		return File{}, fmt.Errorf("%w: line 1: the file is cut off within it: %w", ErrNoLog, err)
	case err != nil:
		return File{}, fmt.Errorf("%w: line 1: %w", ErrNoLog, err)
	case h.Format != format:
		return File{}, fmt.Errorf("%w: line 1: format is %q, not %q; `kazoolab certify --log FILE` writes such files", ErrNoLog, h.Format, format)
	case h.Version < 1 || h.Version > Version:
		return File{}, fmt.Errorf("%w: it is of version %d, and this program reads up to %d: judge it with the program that wrote it", ErrNoLog, h.Version, Version)
	}
	f := File{Facts: h.Facts, Cut: h.Version >= closed}
	number := 2
	for ended := false; scan.Scan(); number++ {
		text := bytes.TrimSpace(scan.Bytes())
		if len(text) == 0 {
			continue
		}
		if ended {
			return File{}, fmt.Errorf("%w: line %d: it stands behind the last one", ErrNoLog, number)
		}
		err := read(text, h.Version, &f, &ended)
		if err != nil && !whole {
			f.Cut = true
			break
		}
		if err != nil {
			return File{}, fmt.Errorf("%w: line %d: %w", ErrNoLog, number, err)
		}
	}
	if err := scan.Err(); err != nil {
		return File{}, fmt.Errorf("%w: line %d: %w", ErrNoLog, number, err)
	}
	return f, nil
}

// read takes a line behind the first, and tells whether it is the last one.
func read(text []byte, version int, f *File, ended *bool) error {
	if version >= closed && bytes.HasPrefix(text, []byte(`{"end"`)) {
		var l last
		if err := json.Unmarshal(text, &l); err != nil {
			return err
		}
		if l.End == nil {
			return errors.New("the last one says nothing")
		}
		if l.End.Entries != len(f.Entries) {
			return fmt.Errorf("there are %d entries where %d are due: lines are missing", len(f.Entries), l.End.Entries)
		}
		f.Facts.Interrupted, f.Facts.Faults, f.Facts.Gone = l.End.Interrupted, l.End.Faults, l.End.Gone
		f.Cut, *ended = false, true
		return nil
	}
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	if e.Seq != len(f.Entries)+1 {
		return fmt.Errorf("entry %d where %d is due: lines are missing", e.Seq, len(f.Entries)+1)
	}
	f.Entries = append(f.Entries, e)
	return nil
}

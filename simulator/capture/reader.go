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

// maxLine bounds a line. RabbitMQ takes messages of 16 MiB unless told otherwise; as
// base64 the largest it can be told has 180 MB.
const maxLine = 256 << 20

// ErrCut says that a capture ends before its end: its recording was killed, or it was
// copied while it was written. What was read before is sound.
var ErrCut = errors.New("the capture is cut off: what came after is missing")

// DamageError says which line cannot be read. What was read before is sound.
type DamageError struct {
	Line int // the first is 1
	Err  error
}

func (e *DamageError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Err) }

// Unwrap is the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Reader reads a capture. It is for one goroutine.
type Reader struct {
	// Header is the capture's.
	Header Header

	lines    *bufio.Reader
	packed   bool
	line     int
	messages int64
	last     time.Duration
	done     error
}

// NewReader reads the header. Which compression there is, it finds by itself. The error
// is a *DamageError, ErrCut within one included.
func NewReader(from io.Reader) (*Reader, error) {
	lines, packed, err := unpacked(bufio.NewReaderSize(from, 1<<16))
	if err != nil {
		return nil, &DamageError{1, err}
	}
	r := &Reader{lines: lines, packed: packed}
	line, err := r.next()
	switch {
	case errors.Is(err, ErrCut):
		return nil, &DamageError{1, errors.New("the file is empty, or cut off before its first line ends")}
	case err != nil:
		return nil, &DamageError{1, err}
	}
	if r.Header, err = parseHeader(line); err != nil {
		return nil, &DamageError{1, err}
	}
	return r, nil
}

func parseHeader(line []byte) (Header, error) {
	var h headerLine
	if err := json.Unmarshal(line, &h); err != nil || h.Format != Format {
		return Header{}, fmt.Errorf("this is no capture: the first line of one is an object with %q: %q", "format", Format)
	}
	if h.Version > Version {
		return Header{}, fmt.Errorf("the capture has version %d, and this program reads those up to %d; use a newer one", h.Version, Version)
	}
	if h.Version < 1 {
		return Header{}, fmt.Errorf("the capture has version %d, and the first is 1", h.Version)
	}
	began, err := time.Parse(time.RFC3339Nano, h.Began)
	if err != nil {
		return Header{}, fmt.Errorf(`"began" is no time: %q; write it as 2026-01-31T23:59:59.999999Z`, h.Began)
	}
	for i := range h.Bound {
		if err := checkExchange(h.Bound[i].Exchange, &h.Bound[i].Kind); err != nil {
			return Header{}, fmt.Errorf(`"bound": %w`, err)
		}
	}
	return Header{Began: began, Anonymised: h.Anonymised, Bound: h.Bound}, nil
}

// Next returns the next entry; io.EOF after the last, ErrCut where the end is missing,
// or a *DamageError, after which nothing more is read.
func (r *Reader) Next() (Entry, error) {
	if r.done != nil {
		return Entry{}, r.done
	}
	e, err := r.entry()
	if err != nil {
		r.done = err
		return Entry{}, err
	}
	if e.Gap == "" {
		r.messages++
	}
	r.last = e.At
	return e, nil
}

// Line is the line of the last entry.
func (r *Reader) Line() int { return r.line }

func (r *Reader) entry() (Entry, error) {
	line, err := r.next()
	switch {
	case errors.Is(err, ErrCut):
		return Entry{}, err
	case err != nil:
		return Entry{}, &DamageError{r.line, err}
	}
	e, end, err := parseEntry(line)
	switch {
	case err != nil:
		return Entry{}, &DamageError{r.line, err}
	case end != nil && end.Messages != r.messages:
		return Entry{}, &DamageError{r.line, fmt.Errorf("the capture had %d messages at its end, and %d were read: lines are missing", end.Messages, r.messages)}
	case end != nil:
		return Entry{}, r.nothingMore()
	case e.At < r.last:
		return Entry{}, &DamageError{r.line, errors.New(`"at" goes back in time: the lines are not in their order`)}
	}
	return e, nil
}

// nothingMore is io.EOF where the file ends with its last line. Two captures in one file
// would be taken for the first alone.
func (r *Reader) nothingMore() error {
	if _, err := r.lines.Peek(1); err != nil {
		return io.EOF // what a compressed file has after its last line is its check, which nobody misses
	}
	return &DamageError{r.line + 1, errors.New("it comes after the end of the capture: only one can be in a file")}
}

// next reads a line, without its end; ErrCut where there is none, or no whole one.
func (r *Reader) next() ([]byte, error) {
	r.line++
	var long []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		switch {
		case err == nil && long == nil:
			return bytes.TrimSuffix(part, []byte("\n")), nil
		case err == nil:
			return bytes.TrimSuffix(append(long, part...), []byte("\n")), nil
		case errors.Is(err, bufio.ErrBufferFull) && len(long)+len(part) <= maxLine:
			long = append(long, part...)
			continue
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("it is longer than %d MiB", maxLine>>20)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, ErrCut
		case r.packed:
			return nil, fmt.Errorf("the compressed file is damaged there: %w", err)
		}
		return nil, err
	}
}

package capture

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Writer writes a capture. It is for one goroutine. After an error nothing more is
// written; what was is a capture that can be read.
type Writer struct {
	buffer   *bufio.Writer
	pack     packer // nil where nothing is compressed
	began    time.Time
	last     time.Duration
	line     []byte
	messages int64
	err      error
}

// packer compresses.
type packer interface {
	io.WriteCloser
	// Flush makes what was written readable.
	Flush() error
}

// NewWriter begins a capture with its header, which is written at once.
func NewWriter(to io.Writer, compression Compression, h Header) (*Writer, error) {
	w := &Writer{began: h.Began}
	pack, err := compression.packer(to)
	if err != nil {
		return nil, err
	}
	if pack != nil {
		w.pack, to = pack, pack
	}
	w.buffer = bufio.NewWriterSize(to, 1<<16)
	if h.Bound == nil {
		h.Bound = []Bound{}
	}
	line, err := json.Marshal(headerLine{Format, Version, h.Began.UTC().Format(time.RFC3339Nano), h.Anonymised, h.Bound})
	if err != nil {
		return nil, err
	}
	w.write(append(line, '\n'))
	return w, w.Flush()
}

// Write adds a message that came at a moment. Moments never go back in a capture: one
// before the last is taken for that.
func (w *Writer) Write(at time.Time, m Message) error {
	w.entry(Entry{At: w.moment(at), Message: m})
	if w.err == nil {
		w.messages++
	}
	return w.err
}

// Gap notes that messages may be missing between the last line and a moment.
func (w *Writer) Gap(at time.Time, why string) error {
	w.entry(Entry{At: w.moment(at), Gap: why})
	return w.err
}

func (w *Writer) moment(at time.Time) time.Duration {
	w.last = max(w.last, at.Sub(w.began).Truncate(time.Microsecond))
	return w.last
}

func (w *Writer) entry(e Entry) {
	line, err := appendEntry(w.line[:0], e)
	if err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	w.line = line
	w.write(line)
}

func (w *Writer) write(line []byte) {
	if w.err == nil {
		_, w.err = w.buffer.Write(line)
	}
}

// Flush hands on what was written, so that a reader finds it whatever becomes of the
// writer.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.buffer.Flush()
	}
	if w.err == nil && w.pack != nil {
		w.err = w.pack.Flush()
	}
	return w.err
}

// Messages is how many were written.
func (w *Writer) Messages() int64 { return w.messages }

// Close ends the capture with its last line, at a moment. It does not close what is
// written to.
func (w *Writer) Close(at time.Time) error {
	line, err := json.Marshal(endLine{w.moment(at).Microseconds(), true, w.messages})
	if err != nil {
		return err
	}
	w.write(append(line, '\n'))
	if err := w.Flush(); err != nil {
		return err
	}
	if w.pack != nil {
		w.err = w.pack.Close()
	}
	return w.err
}

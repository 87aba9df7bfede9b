package capture

import (
	"io"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// What is not yet written of a log that is recorded: no more than this many entries, or what came
// within this time, as far as the disk keeps up.
const (
	recordEach  = time.Second
	recordBatch = 256
)

// Recorder writes a log while it grows, so that what was done and seen is there whatever becomes of
// this program. Without its last line, which End writes, the file says that it is cut.
type Recorder struct {
	w     io.Writer
	clock clock.Clock

	stop  chan struct{}
	ended chan struct{} // closed when nothing more is written by follow

	once sync.Once
	log  *Log
	pen  *pen
	err  error // the first that was met; read once ended is closed
}

// NewRecorder returns one that writes to w.
func NewRecorder(w io.Writer, c clock.Clock) *Recorder {
	return &Recorder{w: w, clock: c, stop: make(chan struct{}), ended: make(chan struct{})}
}

// Begin writes the facts, and from then on what comes into the log. It is called once.
func (r *Recorder) Begin(log *Log, facts Facts) {
	r.log, r.pen = log, newPen(r.w)
	if r.err = r.pen.facts(facts); r.err == nil {
		r.err = r.pen.flush()
	}
	go r.follow(log.notify())
}

// End writes what is left and the last line. The error is the first that was met since Begin,
// without which there is nothing to end.
func (r *Recorder) End(facts Facts) error {
	if r.log == nil {
		return nil
	}
	r.once.Do(func() {
		close(r.stop)
		<-r.ended
		r.write()
		if r.err == nil {
			r.err = r.pen.end(facts)
		}
	})
	return r.err
}

func (r *Recorder) follow(grown <-chan struct{}) {
	defer close(r.ended)
	ticker := r.clock.NewTicker(recordEach)
	defer ticker.Stop()
	for r.err == nil {
		select {
		case <-ticker.Chan():
		case <-grown:
		case <-r.stop:
			return
		}
		r.write()
	}
}

func (r *Recorder) write() {
	if r.err != nil {
		return
	}
	if r.err = r.pen.entries(r.log.from(r.pen.written)); r.err == nil {
		r.err = r.pen.flush()
	}
}

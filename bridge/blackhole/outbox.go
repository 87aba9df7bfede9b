package blackhole

import (
	"sync"

	"github.com/gorilla/websocket"
)

// Bounds of a socket's output beside those of its settings.
const (
	// maxReplies wait before the next command of the socket is read: they are never
	// dropped, so that whoever sends without reading has to wait.
	maxReplies = 32
	// What is written at once, at most, where several frames wait.
	maxBatch, maxBatchBytes = 64, 64 << 10
)

// frame is what one or many sockets are sent, made once.
type frame struct {
	message *websocket.PreparedMessage
	size    int
}

func newFrame(text []byte) (frame, error) {
	message, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	return frame{message, len(text)}, err
}

// kind says how a waiting frame counts.
type kind uint8

const (
	eventFrame  kind = iota // counts for the limits of a slow reader
	replayFrame             // bounded by the replay buffer
	replyFrame              // bounded by maxReplies
)

type waiting struct {
	frame
	kind kind
	past *past         // the frames of a replay, in place of one
	make func() []byte // the frame of an event from the buffer, which is made when it is written
}

// goodbye is the close frame that ends a socket.
type goodbye struct {
	code int
	text string
}

// outbox is what waits to be written to one socket. Any goroutine puts, one takes.
type outbox struct {
	frames, bytes int // of events that may wait
	wake          chan struct{}

	mu                    sync.Mutex
	room                  *sync.Cond // fewer replies wait, or it is over
	queue                 []waiting
	head                  int // of queue; those before are taken
	events                int
	size                  int // of events, in bytes
	replies               int
	owed                  int // bytes of replies and replays
	moreFrames, moreBytes int // that may wait beside, for applications
	// What was replayed since last nothing waited: as many events more may wait, which
	// came meanwhile.
	replays, replaySize int
	pong                []byte   // of the latest ping; nil for none
	end                 *goodbye // nothing more is taken in
	over                bool     // nobody writes any more
}

func newOutbox(frames, bytes int) *outbox {
	o := &outbox{frames: frames, bytes: bytes, wake: make(chan struct{}, 1)}
	o.room = sync.NewCond(&o.mu)
	return o
}

// event puts an event's frame. It is false when the reader is too slow for it: as many
// wait as may. Then the socket is to be closed.
func (o *outbox) event(f frame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil || o.over {
		return true
	}
	// One frame may always wait, however large.
	if o.events >= o.frames+o.moreFrames+o.replays || o.events > 0 && o.size+f.size > o.bytes+o.moreBytes+o.replaySize {
		return false
	}
	o.events++
	o.size += f.size
	o.put(waiting{frame: f, kind: eventFrame})
	return true
}

// widen lets so much more wait than settings say: requests that a socket has said it takes
// may come at once.
func (o *outbox) widen(frames, bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.moreFrames, o.moreBytes = frames, bytes
}

// replayText puts the frame of a gap.
func (o *outbox) replayText(text []byte) {
	if f, err := newFrame(text); err == nil { // which is so for any text
		o.unlimited(waiting{frame: f, kind: replayFrame})
	}
}

// replay puts the frames of a replay, and returns how many they are.
func (o *outbox) replay(p *past) (frames int) {
	frames, size := p.size()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil || o.over {
		return 0
	}
	o.replays += frames
	o.replaySize += size
	o.owed += size
	o.put(waiting{frame: frame{size: size}, kind: replayFrame, past: p})
	return frames
}

// reply puts an answer, whatever waits already: see awaitRoom.
func (o *outbox) reply(f frame) { o.unlimited(waiting{frame: f, kind: replyFrame}) }

func (o *outbox) unlimited(w waiting) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil || o.over {
		return
	}
	if w.kind == replyFrame {
		o.replies++
	}
	o.owed += w.size
	o.put(w)
}

// put is called with the lock held.
func (o *outbox) put(w waiting) {
	o.queue = append(o.queue, w)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

// awaitRoom returns when there is room for a reply, false when there will be none. What
// a reply or a replay may be is bounded by what the client has asked for before, not by
// what it reads.
func (o *outbox) awaitRoom() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for (o.replies >= maxReplies || o.owed > o.bytes) && o.end == nil && !o.over {
		o.room.Wait()
	}
	return o.end == nil && !o.over
}

// answerPing has a pong sent before all that waits. Only the latest ping needs one
// (RFC 6455, 5.5.3).
func (o *outbox) answerPing(data string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil && !o.over {
		o.pong = append([]byte{}, data...)
		o.signal()
	}
}

// finish has a close frame sent next, and drops what waits but for replies. It is true
// for the first to say so.
func (o *outbox) finish(code int, text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil || o.over {
		return false
	}
	o.end = &goodbye{code, text}
	var replies []waiting
	for _, w := range o.queue[o.head:] {
		if w.kind == replyFrame {
			replies = append(replies, w)
		}
	}
	o.queue, o.head, o.events, o.size, o.owed = replies, 0, 0, 0, 0
	o.room.Broadcast()
	o.signal()
	return true
}

// close says that nothing is written any more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.queue, o.head = nil, 0
	o.room.Broadcast()
	o.signal()
}

// batch is what is to be written next.
type batch struct {
	frames []waiting // valid until the next take
	pong   []byte
	end    *goodbye // after the frames; nothing comes afterwards
	over   bool
}

// take returns what is to be written next; nothing at all where nothing waits.
func (o *outbox) take(room []waiting) batch {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := batch{frames: room[:0], pong: o.pong, over: o.over}
	o.pong = nil
	replies, owed, size := 0, 0, 0
	for o.head < len(o.queue) && len(b.frames) < maxBatch {
		w := o.queue[o.head]
		if w.past != nil && size <= maxBatchBytes {
			one, more := w.past.next()
			size += one.size
			owed += one.size
			b.frames = append(b.frames, one)
			if more {
				continue
			}
			o.queue[o.head] = waiting{}
			o.head++
			continue
		}
		if len(b.frames) > 0 && size+w.size > maxBatchBytes {
			break
		}
		size += w.size
		switch w.kind {
		case eventFrame:
			o.events--
			o.size -= w.size
		case replyFrame:
			replies++
			owed += w.size
		case replayFrame:
			owed += w.size
		}
		b.frames = append(b.frames, w)
		o.queue[o.head] = waiting{}
		o.head++
	}
	o.compact()
	if owed > 0 {
		o.replies -= replies
		o.owed = max(o.owed-owed, 0) // those that outlive finish count no more
		o.room.Broadcast()
	}
	if o.head == len(o.queue) {
		b.end = o.end
		o.replays, o.replaySize = 0, 0
	}
	return b
}

// compact gives room back: most sockets have nothing waiting most of the time.
func (o *outbox) compact() {
	const keep = 16
	switch {
	case o.head == len(o.queue):
		if cap(o.queue) > keep {
			o.queue = nil
		}
		o.queue, o.head = o.queue[:0], 0
	case o.head > len(o.queue)/2:
		rest := copy(o.queue, o.queue[o.head:])
		clear(o.queue[rest:])
		o.queue, o.head = o.queue[:rest], 0
	}
}

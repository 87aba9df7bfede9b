package switchboard

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Message is what a caller is to say after the tone: an application waits until it is over.
type Message struct {
	Name        string // of the file
	Terminators string // the keys that end it
	// Limit is the longest it may be; 0 is without limit.
	Limit time.Duration
	// Silence is how long nobody may say anything; 0 is for as long as it takes.
	Silence time.Duration
}

// listener is a recording for which an application waits.
type listener struct {
	Message

	board     *Board
	ch        *pbx.Channel
	recording *pbx.Recording
	quiet     interface{ Cancel() } // the end by silence, as planned
	limit     interface{ Cancel() } // and by length
	then      func()
}

// Listen records what the caller says, until a key, a silence, the length or the end of the call
// ends it; then is told after RECORD_STOP. One that has begun to speak (see Speak) is not silent.
func (b *Board) Listen(ch *pbx.Channel, message Message, then func()) error {
	if b.listening[ch] != nil {
		return &pbx.StateError{CallID: ch.CallID(), Doing: "record", State: "recorded"}
	}
	if err := ch.OpenMedia(); err != nil {
		return err
	}
	recording, err := ch.Record(message.Name)
	if err != nil {
		return err
	}
	l := &listener{Message: message, board: b, ch: ch, recording: recording, then: then}
	b.listening[ch] = l
	if l.Limit > 0 {
		l.limit = b.Line.After(l.Limit, func() { b.report(l.stop("", false)) })
	}
	l.waitForSilence()
	return nil
}

// waitForSilence plans the end by silence anew: from now, or from when the caller will have
// stopped to speak.
func (l *listener) waitForSilence() {
	if l.quiet != nil {
		l.quiet.Cancel()
	}
	if l.Silence <= 0 {
		return
	}
	from := l.board.Line.Now()
	if until := l.board.speaks[l.ch]; until.After(from) {
		from = until
	}
	l.quiet = l.board.Line.At(from.Add(l.Silence), func() { l.board.report(l.stop("", true)) })
}

// stop ends the recording.
func (l *listener) stop(key string, silence bool) error {
	l.forget()
	if err := l.recording.Stop(key, silence); err != nil {
		return err
	}
	l.then()
	return nil
}

func (l *listener) forget() {
	delete(l.board.listening, l.ch)
	for _, end := range []interface{ Cancel() }{l.quiet, l.limit} {
		if end != nil {
			end.Cancel()
		}
	}
}

// Speak has whoever is at a channel's end speak for so long from now on: a recording that waits
// for silence goes on meanwhile.
func (b *Board) Speak(ch *pbx.Channel, d time.Duration) {
	until := b.Line.Now().Add(d)
	if ch.Gone() || !until.After(b.speaks[ch]) {
		return
	}
	b.speaks[ch] = until
	if l := b.listening[ch]; l != nil {
		l.waitForSilence()
	}
}

// StopListening ends the recording for which an application waits, if there is one.
func (b *Board) StopListening(ch *pbx.Channel) {
	if l := b.listening[ch]; l != nil {
		b.report(l.stop("", false))
	}
}

// StartRecording begins to take a channel's sound into a file of that name, and
// StopRecording ends it. One that runs goes on.
func (b *Board) StartRecording(ch *pbx.Channel, name string) error {
	if b.taking[ch] != nil {
		return nil
	}
	recording, err := ch.Record(name)
	if err == nil {
		b.taking[ch] = recording
	}
	return err
}

// StopRecording ends what StartRecording has begun.
func (b *Board) StopRecording(ch *pbx.Channel) error {
	if err := b.Recorded(ch); err != nil {
		return err
	}
	recording := b.taking[ch]
	delete(b.taking, ch)
	return recording.Stop("", false)
}

// Recorded is nil while a channel's sound is taken.
func (b *Board) Recorded(ch *pbx.Channel) error {
	if b.taking[ch] == nil {
		return &pbx.StateError{CallID: ch.CallID(), Doing: "change the recording of", State: "not recorded"}
	}
	return nil
}

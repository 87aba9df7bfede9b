package switchboard

import (
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Hold has somebody put the other end on hold, and Resume take it back.
func (b *Board) Hold(ch *pbx.Channel, then Then) { b.act(then, atOnce(ch.Hold)) }

// Resume ends a hold.
func (b *Board) Resume(ch *pbx.Channel, then Then) { b.act(then, atOnce(ch.Unhold)) }

// Press has somebody press keys, three a second.
func (b *Board) Press(ch *pbx.Channel, keys string, then Then) {
	var steps []step
	for i, key := range keys {
		pause := 333 * time.Millisecond
		if i == 0 {
			pause = 0
		}
		steps = append(steps, step{pause, pause, func() error { return ch.Press(string(key), 250*time.Millisecond) }})
	}
	b.act(then, steps...)
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

// Voicemail answers a call that nobody has taken, and has the caller leave a message of
// that length, and hang up.
func (b *Board) Voicemail(a *pbx.Channel, box *pbx.Mailbox, length time.Duration, then Then) {
	id := b.Core.NewDocumentID(true)
	var recording *pbx.Recording
	b.act(then,
		later(func() error { return b.attend(a) }),
		step{3 * time.Second, 6 * time.Second, func() error { return a.Executed("play", "FILE PLAYED") }},
		soon(func() (err error) {
			recording, err = a.Record("voicemail_" + id + ".mp3")
			return err
		}),
		step{length, length, func() error {
			a.MessageLeft()
			return recording.Stop("", false)
		}},
		later(func() error {
			peer := a.Peer() // who has come into it meanwhile
			return errors.Join(b.end(a, usual), b.drop(peer, usual))
		}),
		later(func() error { return b.Core.Left(a, box, id, length) }),
	)
}

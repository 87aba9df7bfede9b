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

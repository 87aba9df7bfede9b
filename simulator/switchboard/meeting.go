package switchboard

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Enter answers a call, and has the caller join a conference.
func (b *Board) Enter(ch *pbx.Channel, conference string, moderator bool, then Then) {
	b.EnterAs(ch, conference, pbx.Seat{Moderator: moderator}, then)
}

// EnterAs is Enter for who is not heard, or does not hear.
func (b *Board) EnterAs(ch *pbx.Channel, conference string, as pbx.Seat, then Then) {
	b.act(then, soon(func() error { return b.attend(ch) }), later(func() error {
		_, err := b.Core.EnterAs(ch, conference, as)
		return err
	}))
}

// Withdraw has a channel leave its call for a conference. Who was at its other end is dropped.
func (b *Board) Withdraw(ch *pbx.Channel, conference string, then Then) {
	left := ch.Peer()
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.Enter(ch, conference, true, then)
	}, atOnce(func() error { return b.leave(ch, left) }))
}

// Leave has a member leave the conference and hang up.
func (b *Board) Leave(ch *pbx.Channel, then Then) { b.Hangup(ch, usual, then) }

// SendFax sends a fax of so many pages to a number. cause is why no call comes about,
// "" for one that succeeds.
func (b *Board) SendFax(a pbx.Account, box pbx.FaxBox, number string, pages int, cause string, then Then) (*pbx.Fax, error) {
	f, err := b.Core.SendFax(a, box, number, pages)
	if err != nil {
		return nil, err
	}
	says := func(text, state string) func() error { return func() error { return f.State(text, state) } }
	steps := []step{
		later(says("job acquired", "start")),
		soon(says("fetching document to send", "prepare")),
		later(says("prepared document for send", "prepare")),
		soon(says("ready to send", "send")),
		later(f.Originate),
	}
	if cause != "" {
		b.act(then, append(steps, step{2 * time.Second, 6 * time.Second, b.transmitted(f, func() error { return f.Failed(cause) })})...)
		return f, nil
	}
	steps = append(steps,
		step{time.Second, 4 * time.Second, func() error { return b.pickUpFax(f) }},
		soon(says("received successful attempt to originate fax", "send")))
	b.act(then, append(steps, b.transmit(f, pages)...)...)
	return f, nil
}

func (b *Board) pickUpFax(f *pbx.Fax) error {
	if err := f.Channel().Progress(true); err != nil {
		return err
	}
	return f.Channel().Answer()
}

// ReceiveFax answers a call to a fax box and takes so many pages; broken, the
// transfer breaks off.
func (b *Board) ReceiveFax(ch *pbx.Channel, box pbx.FaxBox, pages int, broken bool, then Then) {
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		f, err := b.Core.ReceiveFax(ch, box, pages)
		if err != nil {
			b.done(then, err)
			return
		}
		if broken {
			b.act(then, fewSeconds(f.Negotiated), fewSeconds(b.transmitted(f, func() error { return f.Done(false) })), later(func() error { return f.File(false) }))
			return
		}
		b.act(then, b.transmit(f, pages)...)
	}, later(func() error { return b.attend(ch) }))
}

// transmit is what comes once both ends are connected: a page takes 20 to 40 s at 14,400
// bits a second.
func (b *Board) transmit(f *pbx.Fax, pages int) []step {
	steps := []step{fewSeconds(f.Negotiated)}
	for range pages {
		steps = append(steps, step{20 * time.Second, 40 * time.Second, f.Page})
	}
	return append(steps, fewSeconds(b.transmitted(f, func() error { return f.Done(true) })), later(func() error { return f.File(true) }))
}

// transmitted ends a fax's call, with whoever has come into that meanwhile.
func (b *Board) transmitted(f *pbx.Fax, end func() error) func() error {
	return func() error {
		peer := f.Channel().Peer()
		if err := end(); err != nil {
			return err
		}
		return b.drop(peer, usual)
	}
}

func fewSeconds(do func() error) step { return step{time.Second, 5 * time.Second, do} }

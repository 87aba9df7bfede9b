package calls

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Fax is a fax of which all is known before.
type Fax struct {
	Account pbx.Account
	Box     pbx.FaxBox
	Number  string // the other end's, E.164
	Pages   int
	// Incoming is one that comes in, which with Broken is not received whole. One that
	// goes out does not come about for Cause, "" for none.
	Incoming bool
	Broken   bool
	Cause    string
}

// Fax plays a fax. Its end is told to done, which may be nil.
func (p *Player) Fax(f Fax, done func()) {
	end := p.ended(done)
	if !f.Incoming {
		if _, err := p.board.SendFax(f.Account, f.Box, f.Number, f.Pages, f.Cause, end); err != nil {
			end(err)
		}
		return
	}
	var ch *pbx.Channel
	ch, err := p.board.Arrive(f.Account, pbx.Party{Number: f.Number}, f.Box.Number, "", "", func(err error) {
		if err != nil {
			end(err)
			return
		}
		p.board.ReceiveFax(ch, f.Box, f.Pages, f.Broken, end)
	})
	if err != nil {
		end(err)
	}
}

// Meeting is a conference, all of whose members are known before.
type Meeting struct {
	Account pbx.Account
	ID      string // of the conference
	Number  string // which is dialled for it
	Members []Member
}

// Member is who takes part in a meeting.
type Member struct {
	From   *pbx.Party // in the telephone network, or, where that is nil,
	Device pbx.Device // at a telephone of the account
	// Comes is from the meeting's beginning, Stays from then on.
	Comes, Stays time.Duration
}

// Meet plays a meeting. The first of its members is the moderator. Its end is told to done,
// which may be nil, when all have left.
func (p *Player) Meet(m Meeting, done func()) {
	left := len(m.Members)
	gone := p.ended(func() {
		if left--; left == 0 && done != nil {
			done()
		}
	})
	for n, member := range m.Members {
		p.board.Line.After(member.Comes, func() { p.attend(m, member, n == 0, gone) })
	}
}

func (p *Player) attend(m Meeting, member Member, moderator bool, gone func(error)) {
	var ch *pbx.Channel
	enter := func(err error) {
		if err != nil {
			gone(err)
			return
		}
		p.board.Enter(ch, m.ID, moderator, func(err error) {
			if err != nil {
				gone(err)
				return
			}
			p.board.Line.After(member.Stays, func() { p.board.Leave(ch, gone) })
		})
	}
	var err error
	if member.From != nil {
		ch, err = p.board.Arrive(m.Account, *member.From, m.Number, "", "", enter)
	} else {
		ch, err = p.board.Dial(m.Account, member.Device, m.Number, "", "", enter)
	}
	if err != nil {
		gone(err)
	}
}

// ended tells of an end, however it comes: that a channel is in another state is somebody
// else's doing.
func (p *Player) ended(done func()) func(error) {
	return func(err error) {
		p.board.Excuse(err)
		if done != nil {
			done()
		}
	}
}

// Register has a telephone register anew.
func (p *Player) Register(a pbx.Account, d pbx.Device) {
	p.board.Excuse(p.board.Core.Register(a, d, false))
}

// Edit has somebody change a document.
func (p *Player) Edit(a pbx.Account, typ, id string, revision int) {
	p.board.Excuse(p.board.Core.Change(a, "edited", typ, id, revision, false))
}

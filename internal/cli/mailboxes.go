package cli

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// mailboxes are the voicemail boxes in which callers have left something, and how much waits there.
type mailboxes []*pbx.Mailbox // the latest last

// mostMailboxes are known; the messages of others are counted anew.
const mostMailboxes = 1000

// of is the box that a message is left in.
func (all *mailboxes) of(m callflow.VoiceMessage) *pbx.Mailbox {
	box := &pbx.Mailbox{ID: m.BoxID, Number: m.Box.String("mailbox"), OwnerID: m.Box.String("owner_id")}
	at := slices.IndexFunc(*all, func(b *pbx.Mailbox) bool { return b.ID == m.BoxID })
	switch {
	case at >= 0:
		box = (*all)[at]
	case len(*all) >= mostMailboxes:
		at = 0
	}
	if at >= 0 {
		*all = slices.Delete(*all, at, at+1)
	}
	*all = append(*all, box)
	return box
}

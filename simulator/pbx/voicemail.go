package pbx

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Mailbox is a voicemail box.
type Mailbox struct {
	ID      string // of its document
	Number  string // of the box
	OwnerID string
	// Phones are the user names of its owner's telephones, which are told unasked.
	Phones []string
	New    int // messages that nobody has heard
	Saved  int
}

// Left says that a caller has left a message of that length in a box: its document,
// to which the sound is attached, the notification, that nobody has taken the message away
// by mail, and the lamp of the telephone (kvm_message).
func (c *Core) Left(ch *Channel, box *Mailbox, messageID string, length time.Duration) error {
	a := ch.account
	for i, action := range []string{"created", "edited"} {
		if err := c.Change(a, action, "mailbox_message", messageID, i+1, true); err != nil {
			return err
		}
	}
	message := ch.message(a, box.ID, messageID, length, c.now())
	for _, told := range []struct {
		name string
		w    way
	}{{"voicemail_new", called}, {"voicemail_saved", cast}} {
		if err := c.tell(kapi.CategoryNotification, told.name, origin{"callflow", told.w}, message); err != nil {
			return err
		}
	}
	box.New++
	return c.Lamp(a, box)
}

// Lamp tells the telephones of a box how many messages wait: its owner's, then whoever has asked
// for it (kvm_mwi).
func (c *Core) Lamp(a Account, box *Mailbox) error {
	for _, user := range box.Phones {
		fields := lamp(user+"@"+a.Realm, box.New, box.Saved)
		if err := c.tell(kapi.CategoryPresence, "mwi_unsolicited_update", origin{"callflow", cast}, fields); err != nil {
			return err
		}
	}
	return c.tell(kapi.CategoryPresence, "mwi_update", origin{"callflow", cast}, lamp(box.Number+"@"+a.Realm, box.New, box.Saved))
}

// lamp are the fields of how many messages wait in a box, which is user@realm.
func lamp(box string, fresh, saved int) jobj.Object {
	return jobj.Object{{Key: "To", Value: box}, {Key: "Messages-New", Value: fresh}, {Key: "Messages-Saved", Value: saved}}
}

// message are the fields of a message that the caller of a leg has left.
func (l leg) message(a Account, boxID, messageID string, length time.Duration, at time.Time) jobj.Object {
	return l.parties().Merge(jobj.Object{
		{Key: "Account-ID", Value: a.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(a.ID)},
		{Key: "To-Realm", Value: a.Realm},
		{Key: "Voicemail-Box", Value: boxID},
		{Key: "Voicemail-ID", Value: messageID},
		{Key: "Voicemail-Length", Value: length.Milliseconds()},
		{Key: "Voicemail-Timestamp", Value: kapi.Gregorian(at)},
	})
}

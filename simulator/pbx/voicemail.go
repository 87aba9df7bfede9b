package pbx

import (
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Mailbox is a voicemail box.
type Mailbox struct {
	ID      string // of its document
	Number  string // of the box
	OwnerID string
	New     int // messages that nobody has heard
	Saved   int
}

// Change says that a document has been written. The first write of a document has
// revision 1. A document of the month stands in the database of that month.
func (c *Core) Change(a Account, action, typ, id string, revision int, monthly bool) error {
	db := kapi.AccountDB(a.ID)
	if monthly {
		db = kapi.MonthlyDB(a.ID, c.now())
	}
	if err := c.changed(a, db, action, typ, id, revision); err != nil || typ != "account" {
		return err
	}
	// An account stands in the database of all accounts, too.
	return c.changed(a, kapi.DatabaseAccounts, action, typ, id, revision)
}

func (c *Core) changed(a Account, db, action, typ, id string, revision int) error {
	now := kapi.Gregorian(c.now())
	// The two dates are swapped on the wire (kzs_publish:publish/3).
	return c.tell(kapi.CategoryConfiguration, "doc_"+action, origin{"datamgr", cast}, jobj.Object{
		{Key: "ID", Value: id},
		{Key: "Database", Value: db},
		{Key: "Type", Value: typ},
		{Key: "Rev", Value: strconv.Itoa(revision) + "-" + c.ids.Hex(32)},
		{Key: "Account-ID", Value: a.ID},
		{Key: "Origin-Cache", Value: "kazoo_data_cache"},
		{Key: "Is-Soft-Deleted", Value: action == "deleted"},
		{Key: "Date-Modified", Value: now},
		{Key: "Date-Created", Value: now},
	})
}

// NewDocumentID is an id for a document: one of a month begins with it.
func (c *Core) NewDocumentID(monthly bool) string {
	if monthly {
		return c.now().Format("200601") + "-" + c.ids.Hex(32)
	}
	return c.ids.Hex(32)
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
	fromUser, fromRealm, _ := cutAt(ch.from)
	toUser, _, _ := cutAt(ch.to)
	message := jobj.Object{
		{Key: "Account-ID", Value: a.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(a.ID)},
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Caller-ID-Name", Value: ch.callerName},
		{Key: "Caller-ID-Number", Value: ch.callerNumber},
		{Key: "From-User", Value: fromUser},
		{Key: "From-Realm", Value: fromRealm},
		{Key: "To-User", Value: toUser},
		{Key: "To-Realm", Value: a.Realm},
		{Key: "Voicemail-Box", Value: box.ID},
		{Key: "Voicemail-ID", Value: messageID},
		{Key: "Voicemail-Length", Value: length.Milliseconds()},
		{Key: "Voicemail-Timestamp", Value: kapi.Gregorian(c.now())},
	}
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

// Lamp tells the telephones of a box how many messages wait (kvm_mwi).
func (c *Core) Lamp(a Account, box *Mailbox) error {
	return c.tell(kapi.CategoryPresence, "mwi_update", origin{"callflow", cast}, jobj.Object{
		{Key: "To", Value: box.Number + "@" + a.Realm},
		{Key: "Messages-New", Value: box.New},
		{Key: "Messages-Saved", Value: box.Saved},
	})
}

func cutAt(address string) (user, host string, ok bool) { return strings.Cut(address, "@") }

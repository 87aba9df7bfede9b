package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Types of the objects of an account that views know.
const (
	TypeDevice     = "device"
	TypeCallflow   = "callflow"
	TypeVMBox      = "vmbox"
	TypeFaxbox     = "faxbox"
	TypeConference = "conference"
)

// The views of objects: what must not be there twice in one account, under
// ValueKey, and what must not be there twice at all.
const (
	DevicesByMAC        View = "devices_by_mac"
	DevicesByUsername   View = "devices_by_username" // of sip, in any case
	CallflowsByNumber   View = "callflows_by_number"
	CallflowsByPattern  View = "callflows_by_pattern"
	BoxesByMailbox      View = "boxes_by_mailbox" // as a number
	ConferencesByNumber View = "conferences_by_number"
	// ConferencesByID: the id, whatever the account.
	ConferencesByID View = "conferences_by_id"
	UsersByHotdesk  View = "users_by_hotdesk"
	// UsersByDirectory: the directory's id.
	UsersByDirectory View = "users_by_directory"

	// DevicesByIP and DevicesByRealm look at the devices that all accounts have in
	// one database. The key of the latter is ValueKey of realm and user name.
	DevicesByIP    View = "devices_by_ip"
	DevicesByRealm View = "devices_by_realm"
	// FaxboxesByEmail: both addresses of a box, in lower case.
	FaxboxesByEmail View = "faxboxes_by_email"
	// PivotDebugsByCall: ValueKey of account and call id, in whichever month.
	PivotDebugsByCall View = "pivot_debugs_by_call"
)

// ValueKey is a key of one account's values.
func ValueKey(accountID, value string) string { return accountID + "/" + value }

// objectRows says under which keys an object is found.
func objectRows(doc Document, add func(View, string)) {
	shared := doc.DB != kapi.AccountDB(doc.AccountID)
	own := func(view View, value string) {
		if value != "" && !shared {
			add(view, ValueKey(doc.AccountID, value))
		}
	}
	switch doc.Type {
	case TypeUser:
		own(UsersByHotdesk, doc.Body.String("hotdesk", "id"))
		for _, m := range doc.Body.Object("directories") {
			own(UsersByDirectory, m.Key)
		}
	case TypeDevice:
		username := strings.ToLower(doc.Body.String("sip", "username"))
		own(DevicesByMAC, doc.Body.String("mac_address"))
		own(DevicesByUsername, username)
		if doc.DB == kapi.DatabaseSIPAuth {
			add(DevicesByIP, doc.Body.String("sip", "ip"))
			if realm := strings.ToLower(doc.Body.String("sip", "realm")); realm != "" && username != "" {
				add(DevicesByRealm, ValueKey(realm, username))
			}
		}
	case TypeCallflow:
		each(doc.Body, own, CallflowsByNumber, "numbers")
		each(doc.Body, own, CallflowsByPattern, "patterns")
	case TypeVMBox:
		if number, ok := Mailbox(doc.Body); ok {
			own(BoxesByMailbox, strconv.FormatInt(number, 10))
		}
	case TypeConference:
		if !shared {
			add(ConferencesByID, doc.ID)
		}
		for _, path := range [][]string{{"conference_numbers"}, {"member", "numbers"}, {"moderator", "numbers"}} {
			each(doc.Body, own, ConferencesByNumber, path...)
		}
	case kapi.TypePivotDebug:
		add(PivotDebugsByCall, ValueKey(doc.AccountID, doc.Body.String("call_id")))
	case TypeFaxbox:
		if doc.DB == kapi.DatabaseFaxes {
			add(FaxboxesByEmail, strings.ToLower(doc.Body.String("pvt_smtp_email_address")))
			add(FaxboxesByEmail, strings.ToLower(doc.Body.String("custom_smtp_email_address")))
		}
	}
}

// each adds the texts of a list, each once.
func each(body jobj.Object, add func(View, string), view View, path ...string) {
	value, _ := body.Get(path...)
	list, _ := value.([]any)
	for _, element := range list {
		if text, ok := element.(string); ok {
			add(view, text)
		}
	}
}

// Mailbox is the number of a voicemail box: mailboxes are compared as numbers.
func Mailbox(body jobj.Object) (number int64, ok bool) {
	value, _ := body.Get("mailbox")
	switch value := value.(type) {
	case string:
		number, err := strconv.ParseInt(value, 10, 64)
		return number, err == nil
	case json.Number:
		number, err := value.Int64()
		return number, err == nil
	}
	return 0, false
}

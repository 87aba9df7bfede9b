package bindings

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// docActions and docTypes are what can happen to documents, and which documents are
// offered (kapi_conf.hrl, doc_types.hrl).
func docActions() []string { return []string{"doc_created", "doc_edited", "doc_deleted"} }

func docTypes() []string {
	return []string{
		"account", "callflow", "device", "faxbox", "media", "user", "vmbox", typeFax, "mailbox_message", typeRecording,
	}
}

const (
	typeFax       = "fax"
	typeRecording = "call_recording"
)

// object is object.ACTION.TYPE.
func (a Asker) object(words []string) ([]Entry, error) {
	if len(words) != 2 {
		return nil, badFormat("object", words)
	}
	return a.changes(words[0], words[1], "*")
}

// oldObject is the form of Kazoo 3.22 that the documentation still has,
// ACTION.DATABASE.TYPE.ID. What is asked for stays within the account: its
// database may be named, no other.
func (a Asker) oldObject(action string, words []string) ([]Entry, error) {
	database, typ, id := words[0], words[1], words[2]
	if owner, ok := kapi.AccountOfDB(database); database != "*" && (!ok || owner != a.AccountID) {
		return nil, ErrUnavailable
	}
	return a.changes(action, typ, id)
}

// changes are the keys for changes of documents of the account.
func (a Asker) changes(action, typ, id string) ([]Entry, error) {
	known := func(word string, words []string) bool { return word == "*" || slices.Contains(words, word) }
	if !known(action, docActions()) || !known(typ, docTypes()) {
		return nil, refuse("event %s.%s not supported", action, typ)
	}
	if !a.hasDatabase() {
		return nil, ErrUnavailable
	}
	switch typ {
	case "*":
		return []Entry{a.lasting(action, typ, id), a.monthly(action, typ, id)}, nil
	case typeFax, "mailbox_message":
		return []Entry{a.monthly(action, typ, id)}, nil
	case typeRecording:
		// The reference looks for recordings where there are none (quirk accepted-undelivered).
		monthly := a.monthly(action, typ, id)
		monthly.Unlisted = true
		return []Entry{a.lasting(action, typ, id), monthly}, nil
	}
	return []Entry{a.lasting(action, typ, id)}, nil
}

func (a Asker) hasDatabase() bool { return kapi.AccountDB(a.AccountID) != "" }

// lasting and monthly are the keys for documents in the account's database and in
// that of the current month.
func (a Asker) lasting(action, typ, id string) Entry {
	return changed(action, kapi.AccountDB(a.AccountID), typ, id)
}

func (a Asker) monthly(action, typ, id string) Entry {
	entry := changed(action, kapi.MonthlyDB(a.AccountID, a.Now), typ, id)
	entry.Monthly = true
	return entry
}

func changed(action, database, typ, id string) Entry {
	key := strings.Join([]string{action, database, typ, word(id)}, ".")
	return Entry{Bind: on(kapi.ExchangeConfiguration, key), Key: key}
}

func on(exchange, key string) []kapi.Binding { return []kapi.Binding{{Exchange: exchange, Key: key}} }

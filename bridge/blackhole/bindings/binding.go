package bindings

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Asker is who asks for a binding, and of what.
type Asker struct {
	Dialect fidelity.Dialect
	Compat  fidelity.Compat
	// AccountID is the account whose events are asked for, "*" for all accounts. The
	// name of its database will do, as it does in the reference.
	AccountID string
	// Realm is that account's, "" when it has none.
	Realm string
	// Now says which month's database is the current one.
	Now time.Time
	// Extensions allows what no Kazoo has.
	Extensions bool
}

// Binding is what was asked for, resolved.
type Binding struct {
	// Client is the binding as lists show it, and the subscribed_key of its events.
	Client  string
	Entries []Entry
}

// Entry is one of the keys of a binding.
type Entry struct {
	// Bind is what the broker must route to this node.
	Bind []kapi.Binding
	// Key is the subscription key, with which the keys of events are matched.
	Key string
	// Monthly says that the key names the database of a month: it is another one when
	// the month is over.
	Monthly bool
	// Unlisted says that the reference has no such key, and so does not count it in
	// the lists of a reply.
	Unlisted bool
	// Conference is set where the key names no account: the id of the conference that
	// must be the account's own.
	Conference string
}

// ErrUnavailable refuses what has a known form, or an unknown family. The reference
// finds out only after the asker was authorised; it finds every other fault before.
var ErrUnavailable = errors.New("no available subscriptions to requested binding")

// RefusedError is why a binding is refused, in the words of the reference.
type RefusedError string

func (e RefusedError) Error() string { return string(e) }

// Resolve reads a binding. The text of the error is that of the reply: a
// RefusedError, or ErrUnavailable.
func Resolve(asked string, a Asker) (Binding, error) {
	if id, ok := kapi.AccountOfDB(a.AccountID); ok {
		a.AccountID = id // the reference takes the name, and then matches nothing (quirk accepted-undelivered)
	}
	words := strings.Split(asked, ".")
	entries, err := a.entries(words[0], words[1:])
	if err != nil {
		return Binding{}, err
	}
	return Binding{Client: a.client(asked), Entries: entries}, nil
}

// entries reads the words behind the family, which is the text before the first dot.
func (a Asker) entries(family string, words []string) ([]Entry, error) {
	switch {
	case family == "call":
		return a.call(words)
	case family == "object":
		return a.object(words)
	case family == "fax":
		return a.fax(words)
	case family == "conference":
		return a.conference(words)
	case family == familyPresence && a.Dialect != fidelity.V43:
		return a.presence(words)
	case family == familyNotifications && a.Extensions:
		return a.notifications(words)
	case a.Dialect == fidelity.Talk && strings.HasPrefix(family, "doc_") && len(words) == 3:
		return a.oldObject(family, words)
	}
	return nil, ErrUnavailable
}

// client is the binding as the client is shown it: as it sent it, but for presence,
// which loses its family (quirk presence-prefix).
func (a Asker) client(asked string) string {
	if a.Compat != fidelity.Corrected {
		return strings.TrimPrefix(asked, familyPresence+".")
	}
	return asked
}

func refuse(format string, args ...any) error {
	return RefusedError(fmt.Sprintf(format, args...))
}

func badFormat(family string, words []string) error {
	return refuse("invalid format for %s subscription : %s", family, strings.Join(words, ", "))
}

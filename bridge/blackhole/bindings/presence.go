package bindings

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

const familyPresence = "presence"

// presenceEvents are the kinds of states that sockets can have (bh_presence), with
// what names one of them.
func presenceEvents() []string { return []string{"dialog", "mwi_updates", "update"} }

// presence is presence.EVENT.CALL_ID, or USER for mwi_updates. The bus has the realm
// in the key where others have the account.
func (a Asker) presence(words []string) ([]Entry, error) {
	switch {
	case len(words) == 0:
		return nil, badFormat(familyPresence, words)
	case !slices.Contains(presenceEvents(), words[0]):
		return nil, refuse("event %s not supported", words[0])
	case len(words) != 2 || a.Realm == "" || a.AccountID == "*":
		return nil, ErrUnavailable
	}
	key := words[0] + "." + kapi.EncodeKey(a.Realm) + "." + word(words[1])
	return []Entry{{Bind: on(kapi.ExchangePresence, key), Key: key}}, nil
}

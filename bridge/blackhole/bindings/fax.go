package bindings

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// fax is fax.status.FAX_ID or fax.object.ACTION.
func (a Asker) fax(words []string) ([]Entry, error) {
	switch {
	case len(words) == 2 && words[0] == "status":
		key := "fax.status." + a.AccountID + "." + word(words[1])
		return []Entry{{Bind: on(kapi.ExchangeFaxes, key), Key: key}}, nil
	case len(words) == 2 && words[0] == "object":
		return a.faxObject(words[1])
	}
	return nil, badFormat("fax", words)
}

// faxObject takes an action in its short form, too. The reference takes any word,
// and delivers only for those that changes really begin with (quirk
// accepted-undelivered).
func (a Asker) faxObject(action string) ([]Entry, error) {
	if short := "doc_" + action; slices.Contains(docActions(), short) {
		action = short
	}
	if action != "*" && !slices.Contains(docActions(), action) {
		return nil, refuse("event %s not supported", action)
	}
	if !a.hasDatabase() {
		return nil, ErrUnavailable
	}
	return []Entry{a.monthly(action, typeFax, "*")}, nil
}

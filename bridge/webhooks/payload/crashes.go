package payload

import (
	"slices"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
)

// Crashes lists the quirks over which the reference would have crashed instead of
// sending the payload. In form text: null outside a list (quirk null-crash), and in
// a list within a list what is neither text nor a byte (quirk nested-list-bytes). In
// JSON: a key that normalising broke (quirk key-bytes).
func (p Payload) Crashes(asJSON bool) []string {
	if asJSON {
		if hasBrokenKey(p) {
			return []string{"key-bytes"}
		}
		return nil
	}
	null, nested := form.Members(p).Crashes()
	var ids []string
	if null {
		ids = append(ids, "null-crash")
	}
	if nested {
		ids = append(ids, "nested-list-bytes")
	}
	return ids
}

func hasBrokenKey(p Payload) bool {
	return slices.ContainsFunc(p, func(m Member) bool {
		return !utf8.ValidString(m.Key) || !utf8.ValidString(m.Value)
	})
}

package request

import (
	"fmt"
	"strings"
)

// The quirks that a request can show.
const (
	StrictURI      = "strict-uri"
	GetCredentials = "get-credentials"
	// ThreePartCredentials is kept, as are URLAppend and those of redirects.
	ThreePartCredentials = "three-part-credentials"
	URIPartCrash         = "uri-part-crash"
	KnownMethodCrash     = "known-method-crash"
	BodyFormatCrash      = "body-format-crash"
	VariableKeyBytes     = "variable-key-bytes"
	NullCrash            = "null-crash"
	NestedListBytes      = "nested-list-bytes"
	SilentTransport      = "silent-transport"
	URLClimb             = "url-climb"
	URLAppend            = "url-append"
)

// Note is a place where a real Kazoo and this program part, or where it does what one
// would not expect.
type Note struct {
	Quirk string // its id in the catalogue
	Text  string // what was done, in a sentence
}

// Check tells over which of the values the reference would have stumbled.
func Check(v Values) []Note {
	var notes []Note
	var names []string // that the format's base parameters ask for
	switch v.Format {
	case FormatKazoo:
		names = []string{"From", "To", "Request"}
	case FormatTwiML:
		names = []string{"From", "To"}
	}
	for _, name := range names {
		whole := text(v.Call, name)
		if whole == "" || strings.Contains(whole, "@") || text(v.Call, name+"-User") != "" && text(v.Call, name+"-Realm") != "" {
			continue
		}
		notes = append(notes, Note{URIPartCrash, fmt.Sprintf("%s %q has no @: all of it is the user, and its realm is norealm; Kazoo starts nothing", name, whole)})
	}
	for _, m := range v.Variables {
		if !ascii(m.Key) {
			notes = append(notes, Note{VariableKeyBytes, fmt.Sprintf("the variable %q goes out in UTF-8; Kazoo sends its key in Latin-1 in a form, and nothing at all in JSON", m.Key)})
		}
	}
	return notes
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

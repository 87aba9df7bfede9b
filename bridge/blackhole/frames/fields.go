package frames

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// field is a member of a message that decides where the event goes.
type field int

const (
	fieldCategory field = iota
	fieldName
	fieldCallID
	fieldAccountID
	fieldVars
	fieldRequest
	fieldTo
	fieldDatabase
	fieldCount
	noField field = -1
)

func fieldOf(key []byte) field {
	switch string(key) {
	case "Event-Category":
		return fieldCategory
	case "Event-Name":
		return fieldName
	case "Call-ID":
		return fieldCallID
	case "Account-ID":
		return fieldAccountID
	case "Custom-Channel-Vars":
		return fieldVars
	case "Request":
		return fieldRequest
	case "To":
		return fieldTo
	case "Database":
		return fieldDatabase
	}
	return noField
}

// raw is the JSON of a field as it came, nil where there is none or null.
func (w *writer) raw(f field) []byte {
	s := w.fields[f]
	if s.to == 0 || w.in[s.from] == 'n' {
		return nil
	}
	return w.in[s.from:s.to]
}

// textOf is a field that is text or a number, "" for others.
func (w *writer) textOf(f field) string {
	raw := w.raw(f)
	if len(raw) == 0 {
		return ""
	}
	switch c := raw[0]; {
	case c == '"':
		raw = raw[1 : len(raw)-1]
		if bytes.IndexByte(raw, '\\') < 0 {
			return string(raw)
		}
		text, _ := unescape(nil, raw) // which was read before
		return string(text)
	case c == '-' || '0' <= c && c <= '9':
		return string(raw)
	}
	return ""
}

// name is the JSON of Event-Name, nil where there is none.
func (w *writer) name() []byte {
	raw := w.raw(fieldName)
	if len(raw) > 0 && raw[0] == '"' {
		return jobj.AppendString(make([]byte, 0, len(raw)), w.textOf(fieldName))
	}
	return append([]byte(nil), raw...)
}

// account is whose event it is, "" if it does not say.
func (w *writer) account(category string) string {
	switch category {
	case kapi.CategoryCallEvent:
		return w.accountVar()
	case kapi.CategoryConfiguration:
		if owner, ok := kapi.AccountOfDB(w.textOf(fieldDatabase)); ok {
			return owner
		}
	case kapi.CategoryNotification:
		return w.notified()
	}
	if own := w.textOf(fieldAccountID); own != "" {
		return own
	}
	return w.accountVar()
}

func (w *writer) accountVar() string {
	return gjson.GetBytes(w.raw(fieldVars), "Account-ID").String()
}

// notified looks in all the places where notifications have their account.
func (w *writer) notified() string {
	for _, place := range kapi.NotifiedPlaces() {
		if found := gjson.GetBytes(w.in, strings.Join(place, ".")); found.Exists() {
			return found.Str
		}
	}
	return ""
}

// dialled is the user part of Request, else of To (stepswitch.inbound_user_field).
func (w *writer) dialled() string {
	for _, f := range []field{fieldRequest, fieldTo} {
		if user, _, _ := strings.Cut(w.textOf(f), "@"); user != "" {
			return user
		}
	}
	return ""
}

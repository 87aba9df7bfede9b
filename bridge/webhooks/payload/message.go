package payload

import "github.com/tidwall/gjson"

// message is a bus message, its top level read in one walk over its bytes.
type message struct {
	whole gjson.Result
	top   []field // of isTopField; of a repeated one the first
}

type field struct {
	key   string
	value gjson.Result
}

// usualFields is how many of isTopField a channel event has, or fewer.
const usualFields = 20

// isTopField names the members of a message that hooks read one by one.
func isTopField(key string) bool {
	switch key {
	case "Event-Category", "Event-Name", "Call-Direction", "Call-ID", "Callee-ID-Name", "Callee-ID-Number",
		"Caller-ID-Name", "Caller-ID-Number", "Custom-Channel-Vars", "Custom-Application-Vars",
		"From", "Inception", "Channel-Is-Loopback", "Channel-Name", "Other-Leg-Call-ID", "Request",
		"Timestamp", "To", "Other-Leg-Destination-Number", "Hangup-Cause", "Hangup-Code",
		"Duration-Seconds", "Ringing-Seconds", "Billing-Seconds",
		"Account-ID", "account_id", "account", "pvt_account_id", "_id", "id", "details", "Details",
		"ID", "Database", "Type", "Data", "Hook", "Fax-Info", "Message-ID", "Body", "Route-Type", "Charges":
		return true
	}
	return false
}

// readMessage reads a body that has passed check.
func readMessage(body string) *message {
	m := &message{whole: gjson.Parse(body), top: make([]field, 0, usualFields)}
	m.whole.ForEach(func(key, value gjson.Result) bool {
		if isTopField(key.Str) && m.get(key.Str).Raw == "" {
			m.top = append(m.top, field{key.Str, value})
		}
		return true
	})
	return m
}

// get is a member of isTopField.
func (m *message) get(key string) gjson.Result {
	for i := range m.top {
		if m.top[i].key == key {
			return m.top[i].value
		}
	}
	return gjson.Result{}
}

// text is a member that is a string, or "".
func (m *message) text(key string) string { return m.get(key).Str }

// members are all of the message's, in order.
func (m *message) members() Payload { return Parse(m.whole.Raw) }

// get follows a path through objects. Keys hold none of gjson's signs.
func get(v gjson.Result, path ...string) gjson.Result {
	for _, key := range path {
		if !v.IsObject() {
			return gjson.Result{}
		}
		v = v.Get(key)
	}
	return v
}

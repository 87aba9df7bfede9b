package payload

import "github.com/tidwall/gjson"

// message is a bus message, its top level read in one walk over its bytes.
type message struct {
	whole gjson.Result
	top   map[string]gjson.Result // of isTopField; of a repeated one the first
}

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

// readMessage reads a body that has passed Check.
func readMessage(body []byte) *message {
	m := &message{whole: gjson.ParseBytes(body), top: make(map[string]gjson.Result, 24)}
	m.whole.ForEach(func(key, value gjson.Result) bool {
		if isTopField(key.Str) {
			if _, seen := m.top[key.Str]; !seen {
				m.top[key.Str] = value
			}
		}
		return true
	})
	return m
}

// text is a member that is a string, or "".
func (m *message) text(key string) string { return m.top[key].Str }

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

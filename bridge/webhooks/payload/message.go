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
		"Duration-Seconds", "Ringing-Seconds", "Billing-Seconds":
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

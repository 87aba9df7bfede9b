// Package messages writes what a Kazoo cluster publishes on the bus, as literals, for groups
// that need an event to happen. It shares nothing with what is judged.
package messages

import (
	"fmt"
	"strings"
)

// Call is a call event of an account as a switch publishes it, on the exchange callevt. more
// are further members as text, as `"Hangup-Cause":"NORMAL_CLEARING"`; one whose name the
// message has already replaces it.
func Call(event, callID, accountID string, more ...string) []byte {
	return object([]string{
		`"Event-Category":"call_event"`, fmt.Sprintf(`"Event-Name":%q`, event), fmt.Sprintf(`"Call-ID":%q`, callID), `"Call-Direction":"inbound"`,
		`"Caller-ID-Name":"Ann & Co"`, `"Caller-ID-Number":"+12125550199"`, `"Channel-Is-Loopback":false`, `"Timestamp":63877472675`,
		`"To":"1002@acme.example.com"`, `"From":"+12125550199@acme.example.com"`, `"Request":"1002@acme.example.com"`,
		fmt.Sprintf(`"Custom-Channel-Vars":{"Account-ID":%q,"Owner-ID":"9c0a"}`, accountID),
		`"Msg-ID":"5d0c8e7f6a5b4c3d"`, `"App-Name":"ecallmgr"`, `"App-Version":"4.0.0"`,
	}, more)
}

// CallKey is the routing key of a call event whose Call-ID has only letters, digits and -.
func CallKey(event, callID string) string { return "call." + event + "." + callID }

// object joins members, of which a later one of the same name replaces an earlier in its place.
func object(members, more []string) []byte {
	for _, m := range more {
		name, _, _ := strings.Cut(m, ":")
		replaced := false
		for i := range members {
			if strings.HasPrefix(members[i], name+":") {
				members[i], replaced = m, true
			}
		}
		if !replaced {
			members = append(members, m)
		}
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

// Database is an account's database as messages name it (amqp.md 11.1), "" for what is no
// account's id: 32 digits.
func Database(accountID string) string {
	if len(accountID) != 32 {
		return ""
	}
	return "account%2F" + accountID[:2] + "%2F" + accountID[2:4] + "%2F" + accountID[4:]
}

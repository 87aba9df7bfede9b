package kapi

import "strings"

// CallKeys are the keys of a call as messages carry it, a Call, in their order (kapps_call:to_json/1).
func CallKeys() []string {
	return strings.Fields(`Account-DB Account-ID Authorizing-ID Authorizing-Type Bridge-ID Call-Bridged Call-Direction Call-ID
		Callee-ID-Name Callee-ID-Number Caller-ID-Name Caller-ID-Number Control-Queue Controller-Queue Custom-Application-Vars
		Custom-Channel-Vars Custom-SIP-Headers Fetch-ID From From-Realm From-Tag From-User Inception Is-Recording Is-Call-Forward
		Key-Value-Store Language Message-Left Other-Leg-Call-ID Owner-ID Request Request-Realm Request-User Resource-Type
		Switch-Hostname Switch-Nodename Switch-URI Switch-URL To To-Realm To-Tag To-User`)
}

package judge

import (
	"cmp"
	"strings"
)

// controlKinds are told about calls by ecallmgr: who controls one, and which command
// failed.
func controlKinds() []kind {
	usurp := func(name, required, optional string, check func(*look)) kind {
		return kind{
			topic: "usurp", category: "call_event", names: []string{name}, exchange: "callevt", source: "kapi_call:" + name + "_definition/0",
			required: required, optional: optional, deep: true, app: "ecallmgr 5.0.0", check: check,
			key:       func(f fields) string { return "call." + name + "." + encode(f.text("Call-ID")) },
			keySource: "kapi_call:publish_" + name + "/2, kz_amqp_util:encode/1",
			msgID: func(f fields) form {
				if f.text("Reason") == "redirect" {
					return formShort
				}
				return formLong
			},
			rules: map[string]string{"value": "kapi_call:" + name + "_definition/0"},
		}
	}
	return []kind{
		usurp("usurp_control", "Call-ID Fetch-ID", "Media-Node Reason", func(l *look) {
			l.oneOf("value", "Reason", "Route-Win redirect")
			l.form("value", "Media-Node", isNode, "name@host")
			if l.body.text("Reason") == "redirect" {
				l.form("value", "Fetch-ID", func(s string) bool { return isHex(s, 8) }, "8 hexadecimal digits")
				l.must(!l.body.has("Media-Node"), "value", "Media-Node", "no such field on a redirect")
			}
		}),
		usurp("usurp_publisher", "Call-ID Reference", "Media-Node Reason", func(l *look) {
			l.oneOf("value", "Reason", "redirect")
			l.form("value", "Media-Node", isNode, "name@host")
			l.form("value", "Reference", func(s string) bool { return isHex(s, 8) }, "8 hexadecimal digits")
		}),
		{
			topic: "dialplan-error", category: "error", names: []string{"dialplan"}, exchange: "callevt", source: "kapi_dialplan:error_definition/0",
			required: "Channel-Call-State Channel-State Dialplan-Error Error-Message", optional: "Custom-Channel-Vars:o Request:o Call-ID",
			deep: true, loose: true, app: "ecallmgr",
			key:       func(f fields) string { return "call.dialplan." + encode(f.text("Call-ID")) },
			keySource: "kapi_dialplan:publish_error/3",
		},
	}
}

// queryKinds are questions about channels (kapi_call), and their answers.
func queryKinds() []kind {
	ask := func(name, required, optional string, about func(fields) string) kind {
		return kind{
			topic: "channel-query", category: "call_event", names: []string{name}, exchange: "callevt", source: "kapi_call",
			required: required, optional: optional, deep: true, asked: true,
			key:       func(f fields) string { return "call.status_req." + encode(about(f)) },
			keySource: "kapi_call:publish_" + name + "/1, kz_amqp_util:encode/1",
		}
	}
	field := func(name string) func(fields) string { return func(f fields) string { return f.text(name) } }
	answer := func(name, required, optional string, check func(*look)) kind {
		return kind{
			topic: "channel-answer", category: "call_event", names: []string{name}, exchange: "targeted", source: "kapi_call",
			required: required, optional: optional, loose: true, app: "ecallmgr 5.0.0", check: check,
			rules: map[string]string{"value": "ecallmgr_fs_channels"},
		}
	}
	return []kind{
		ask("channel_status_req", "Call-ID", "Active-Only:*", field("Call-ID")),
		ask("query_auth_id_req", "Auth-ID", "", field("Auth-ID")),
		ask("query_user_channels_req", "", "Active-Only:* Authorizing-IDs:l Realm Username Usernames:l", func(f fields) string {
			switch user, realm := f.text("Username"), f.text("Realm"); {
			case user == "" && realm == "":
				return ""
			default:
				return user + ":" + realm
			}
		}),
		ask("query_account_channels_req", "Account-ID", "Active-Only:* Username Usernames:l", func(f fields) string { return cmp.Or(f.text("Account-ID"), "all") }),
		ask("query_channels_req", "", "Active-Only:* Call-ID Fields:*", func(fields) string { return "channels" }),
		answer("channel_status_resp", "Call-ID Status", `Switch-Hostname Switch-Nodename Switch-URL Other-Leg-Call-ID Realm Username
			Custom-Channel-Vars:o Custom-Application-Vars:o From-Tag To-Tag Error-Msg`, func(l *look) {
			l.oneOf("value", "Status", "active tmpdown terminated")
		}),
		answer("query_auth_id_resp", "", "Channels:l", func(l *look) { l.channels(listKeys()) }),
		answer("query_user_channels_resp", "", "Channels:l", func(l *look) { l.channels(listKeys()) }),
		answer("query_account_channels_resp", "", "Channels:l", func(l *look) { l.channels(listKeys()) }),
		answer("query_channels_resp", "", "Channels:o", func(l *look) { l.channels(objectKeys()) }),
	}
}

// listKeys are what a channel in a list can have, objectKeys what one in an object can
// (ecallmgr_fs_channel:to_json/1, to_api_json/1).
func listKeys() string {
	return ` account_billing account_id answered authorizing_id authorizing_type bridge_id callflow_id channel_authorized context
		custom_application_vars custom_channel_vars destination dialplan direction elapsed_s fetch_id from_tag handling_locally
		interaction_id is_loopback is_onhold loopback_leg_name loopback_other_leg node other_leg owner_id precedence presence_id
		profile realm reseller_billing reseller_id resource_id switch_nodename switch_url timestamp to_tag username uuid `
}

func objectKeys() string {
	return ` Account-Billing Account-ID Answered Authorizing-ID Authorizing-Type Bridge-ID Call-Direction Call-ID CallFlow-ID
		Channel-Authorized Context Custom-Application-Vars Custom-Channel-Vars Destination Dialplan Elapsed-Seconds Fetch-ID From
		From-Tag Is-Loopback Is-On-Hold Loopback-Leg-Name Loopback-Other-Leg Media-Node Other-Leg-Call-ID Owner-ID Precedence
		Presence-ID Profile Realm Reseller-Billing Reseller-ID Resource-ID Switch-URL Timestamp To To-Tag Username
		Call-Interaction-ID `
}

// channels holds the channels of an answer to what one can have.
func (l *look) channels(known string) {
	all := l.body.get("Channels")
	each := all.items
	for _, m := range all.fields {
		each = append(each, m.value)
	}
	for _, channel := range each {
		for _, m := range channel.fields {
			if !hasWord(known, m.key) {
				l.aspect("value", "Channels."+m.key, m.String(), "no such field of a channel")
			}
		}
	}
}

// hasWord reports whether a word stands in a text between white space.
func hasWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

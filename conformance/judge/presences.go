package judge

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
)

// presenceKinds are states of lines and lamps (kapi_presence).
func presenceKinds() []kind {
	lamp := kind{
		topic: "lamp", category: "presence", exchange: "presence", deep: true, check: lamps,
		required: "Messages-New:i Messages-Saved:i To",
		optional: `Call-ID Expires:* Extended-Presence-ID From From-Realm From-User Message-Account Messages-Urgent:i
			Messages-Urgent-Saved:i Messages-Waiting Presence-ID To-Realm To-User`,
		msgID: always(formShort),
		rules: map[string]string{"value": "kapi_presence:mwi_update_definition/0", "derived": "kapi_presence:mwi_update_definition/0"},
	}
	update, unsolicited := lamp, lamp
	update.names, update.source, update.keySource = []string{"mwi_update"}, "kapi_presence:mwi_update_definition/0", "kapi_presence:publish_mwi_update/1, kz_amqp_util:encode/1"
	update.key = func(f fields) string {
		to := plainTo(f)
		return "mwi_updates." + encode(hostOf(to)) + "." + encode(userOf(to))
	}
	unsolicited.names, unsolicited.source, unsolicited.keySource = []string{"mwi_unsolicited_update"}, "kapi_presence:unsolicited_mwi_update_definition/0",
		"kapi_presence:publish_unsolicited_mwi_update/1, kz_amqp_util:encode/1"
	unsolicited.key = func(f fields) string { return "mwi_unsolicited_updates." + encode(hostOf(f.text("To"))) }

	call := kind{topic: "presence", category: "presence", exchange: "presence", deep: true}
	dialog, state := call, call
	dialog.names, dialog.source = []string{"dialog_update"}, "kapi_presence:dialog_definition/0"
	dialog.required = "From To"
	dialog.optional = `Call-Cookie Call-ID Direction Event-Package Expires:i Flush-Level:* From-Realm From-Tag From-URI From-User
		Presence-ID Presentity Presentity-Realm Presentity-User State Switch-URI Target-Call-ID To-Realm To-Tag To-URI To-User`
	dialog.key = func(f fields) string {
		if !f.has("Presence-ID") {
			return ""
		}
		return "dialog." + encode(hostOf(f.text("Presence-ID"))) + "." + encode(f.text("Call-ID"))
	}
	dialog.keySource = "kapi_presence:publish_dialog/1, kz_amqp_util:encode/1"
	dialog.check = lineState
	dialog.msgID = func(f fields) form {
		switch f.text("App-Name") {
		case "park":
			return formShort
		case "ecallmgr":
			return formLong
		}
		return formAny
	}
	dialog.rules = map[string]string{"value": "ecallmgr_fs_presence", "derived": "ecallmgr_fs_presence, cf_park:update_presence/2"}
	state.names, state.source = []string{"update"}, "kapi_presence:update_definition/0"
	state.required = "Presence-ID State"
	state.optional = `Call-Direction Call-ID Event-Package From From-Realm From-Tag From-User Switch-URI Target-Call-ID To To-Realm To-Tag
		To-User`
	state.key = func(f fields) string {
		return "update." + encode(hostOf(f.text("Presence-ID"))) + "." + encode(f.text("Call-ID"))
	}
	state.keySource = "kapi_presence:publish_update/1, kz_amqp_util:encode/1"
	state.rules = map[string]string{"value": "kapi_presence:update_definition/0"}
	state.check = func(l *look) { l.oneOf("value", "State", "offline online trying confirmed early terminated") }

	kinds := []kind{update, unsolicited, dialog, state}
	for name := range strings.FieldsSeq("search_req search_partial_resp search_resp subscription probe mwi_query sync register_overwrite flush reset") {
		kinds = append(kinds, kind{
			topic: "presence-request", category: "presence", names: []string{name}, exchange: "presence", source: "kapi_presence:" + name + "_definition/0", open: true, deep: true,
		})
	}
	return kinds
}

// plainTo is the mailbox's address as the caller gave it; the build step puts sip: in
// front.
func plainTo(f fields) string { return strings.TrimPrefix(f.text("To"), "sip:") }

// lamps holds what the build step derives from To; a caller can give values of its own
// for most.
func lamps(l *look) {
	f := l.body
	for _, field := range []string{"Messages-New", "Messages-Saved", "Messages-Urgent", "Messages-Urgent-Saved"} {
		if n, ok := f.int(field); ok {
			l.must(n >= 0, "value", field, "0 or more")
		}
	}
	to := f.text("To")
	if l.name == "mwi_unsolicited_update" {
		l.must(!strings.HasPrefix(to, "sip:"), "derived", "To", "an address without sip:")
		return
	}
	l.must(strings.HasPrefix(to, "sip:") || to == "", "derived", "To", "sip:<box>@<realm>")
	plain := plainTo(f)
	sum := md5.Sum([]byte(plain))
	if to != "" {
		l.must(f.text("Call-ID") == hex.EncodeToString(sum[:]), "derived", "Call-ID", "the MD5 of "+plain)
	}
	for field := range strings.FieldsSeq("From Message-Account From-User From-Realm To-User To-Realm Presence-ID Messages-Waiting Messages-Urgent Messages-Urgent-Saved") {
		l.must(f.has(field), "derived", field, "the field, which the build step adds")
	}
	l.oneOf("value", "Messages-Waiting", "yes no")
	if n, ok := f.int("Messages-New"); ok && hasWord("yes no", f.text("Messages-Waiting")) {
		l.must((f.text("Messages-Waiting") == "yes") == (n > 0), "derived", "Messages-Waiting", fmt.Sprintf("yes or no, as Messages-New is %d", n))
	}
	for field, want := range map[string]string{"To-User": userOf(plain), "To-Realm": hostOf(plain)} {
		if to != "" && f.text(field) != "" {
			l.must(f.text(field) == want, "derived", field, want)
		}
	}
}

// lineState holds what ecallmgr says of a channel, and the callflow of a parking slot.
func lineState(l *look) {
	f := l.body
	l.oneOf("value", "State", "confirmed early terminated")
	l.oneOf("value", "Direction", "initiator recipient")
	id := f.text("Presence-ID")
	if id == "" {
		return
	}
	l.must(f.text("From") == "sip:"+id || f.text("App-Name") != "ecallmgr", "derived", "From", "sip:"+id)
	l.must(f.text("To-URI") == f.text("From") || !f.has("To-URI") || !f.has("From"), "derived", "To-URI", "From "+quote(f.text("From")))
	expires, ok := f.int("Expires")
	switch app := f.text("App-Name"); {
	case !ok || !f.has("State"):
	case app == "ecallmgr":
		want := map[bool]int64{true: 20}[f.text("State") == "terminated"]
		l.must(expires == want, "derived", "Expires", fmt.Sprint(want))
		l.form("value", "Event-Package", func(s string) bool { return s == "dialog" }, "dialog")
		if user, realm := f.text("To-User"), f.text("To-Realm"); user != "" && realm != "" {
			l.must(f.text("To") == "sip:"+user+"@"+realm, "derived", "To", "sip:"+user+"@"+realm)
		}
	case app == "park":
		want := int64(3600)
		if f.text("State") == "terminated" {
			want = 10
		}
		l.must(expires == want, "derived", "Expires", fmt.Sprint(want))
		l.must(!strings.HasPrefix(f.text("To"), "sip:"), "derived", "To", "the caller's address, without sip:")
		l.must(f.text("Direction") == "recipient", "value", "Direction", "recipient")
	}
}

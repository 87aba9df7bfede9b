package judge

import (
	"slices"
	"strings"
)

// commonHeaders may stand in any notification, behind its own fields.
const commonHeaders = ` Account-DB:* Attachment-URL:* Bcc:* Cc:* From:* HTML:* Preview:* Reply-To:* Subject:* Text:* To:*`

// notice is a row of the list of notifications (kapi_notifications:api_definitions/0).
type notice struct{ name, key, required, optional string }

// Fields that several have.
const (
	paid = `Add-Ons:* Billing-Address:* Card-Last-Four:* Currency-Code:* Discounts:* ID:* Purchase-Order:* Tax-Amount:*`
	port = `Authorized-By:* Local-Number:* Number:* Number-State:* Port:*`
	// who sent and received a fax
	faxEnds   = `Callee-ID-Name Callee-ID-Number Caller-ID-Name Caller-ID-Number`
	message   = `Account-ID From-Realm From-User To-Realm To-User Voicemail-Box Voicemail-ID Voicemail-Timestamp:i`
	recorded  = `Call-ID Caller-ID-Name Caller-ID-Number Voicemail-Length:i Voicemail-Transcription:*`
	emergency = `Emergency-Caller-ID-Name:* Emergency-Caller-ID-Number:*`
	outbound  = ` Outbound-Caller-ID-Name:* Outbound-Caller-ID-Number:*`
)

func notices() []notice {
	all := []notice{
		{"account_zone_change", "account.zone_change", "Account-ID Zones:*", ""},
		{"bill_reminder", "account.reminder", "Account-ID Due-Date:* Items:* Timestamp:*", "Payment-Token:*"},
		{"low_balance", "account.low_balance", "Account-ID Current-Balance:*", ""},
		{"new_account", "account.new", "Account-ID", "Account-API-Key:* Account-Name:* Account-Realm:*"},
		{"service_added", "account.service_added", "Account-ID Audit-Log:* Items:* Timestamp:*", ""},
		{"topup", "account.topup", "Account-ID Amount:* Response:* Success:* Timestamp:*", paid},
		{"transaction", "account.transaction", "Account-ID Amount:* Response:* Success:* Timestamp:*", "Service-Plan:* " + paid},
		{"cf_notification", "account.cf_notification", "Account-ID Template-ID", `Caller-ID-Name Caller-ID-Number Call-ID Call-Bridged:b
			Message-Left:b From-Realm From-User Notify:* To:* To-Realm To-User Timestamp:* Comments:* Notification-Media:*`},
		{"number_feature_manual_action", "account.number_feature_manual_action", "Account-ID:t! Number Feature:o!", ""},
		{"skel", "account.skel", "Account-ID User-ID", ""},
		{"inbound_fax", "fax.inbound", "Account-ID Fax-ID From-Realm From-User To-Realm To-User",
			"Call-ID " + faxEnds + " Fax-Info:o Fax-Notifications:o Fax-Timestamp:i FaxBox-ID Owner-ID"},
		{"inbound_fax_error", "fax.inbound_error", "Account-ID From-Realm From-User To-Realm To-User",
			"Call-ID " + faxEnds + " Fax-Error Fax-Info:o Fax-ID Fax-Notifications:o Fax-Timestamp:i FaxBox-ID Owner-ID"},
		{"outbound_fax", "fax.outbound", "Account-ID Callee-ID-Number Caller-ID-Number Fax-ID Fax-JobId",
			"Call-ID Callee-ID-Name Caller-ID-Name Fax-Info:o Fax-Notifications:o Fax-Timestamp:i FaxBox-ID"},
		{"outbound_fax_error", "fax.outbound_error", "Fax-ID Fax-JobId",
			"Call-ID " + faxEnds + " Fax-Error Fax-Info:o Fax-Notifications:o Fax-Timestamp:i FaxBox-ID"},
		{"outbound_smtp_fax_error", "fax.outbound_smtp_error", "Account-ID Fax-From-Email Errors:l! Timestamp:*",
			"Fax-To-Email:* FaxBox-ID:* FaxBox-Name:* FaxBox-Timezone:* Number:* Owner-ID:* Original-Number:*"},
		{"cnam_request", "number.cnam_request", "Account-ID Number Cnam:*", "Acquired-For:* Local-Number:* Number-State:* Request:*"},
		{"port_comment", "number.port_comment", "Account-ID Comment:* Port-Request-ID", port + " Version:*"},
		{"denied_emergency_bridge", "registration.denied_emergency_bridge", "Account-ID Call-ID", emergency + outbound},
		{"emergency_bridge", "registration.emergency_bridge", "Account-ID Call-ID", `Account-Name:* Authorizing-ID:* Device-Name:*
			Emergency-To-DID:* Emergency-Test-Call:* ` + emergency + ` Emergency-Address-Street-1:* Emergency-Address-Street-2:*
			Emergency-Address-City:* Emergency-Address-Region:* Emergency-Address-Postal-Code:* Emergency-Address-Latitude:*
			Emergency-Address-Longitude:* Emergency-Notfication-Contact-Emails:*` + outbound + ` Owner-ID:* User-First-Name:*
			User-Last-Name:* User-Email:*`},
		{"register", "sip.register", "Account-ID Realm Username", `Account-DB Authorizing-ID Authorizing-Type Call-ID Contact
			Event-Timestamp:i Expires:i From-Host From-User Network-IP Network-Port Owner-ID Suppress-Unregister-Notify:b To-Host
			To-User User-Agent`},
		{"deregister", "sip.deregister", "Account-ID Realm Username", `Account-DB Authorizing-ID Call-ID Contact Event-Timestamp:i
			Expires:i FreeSWITCH-Hostname From-Host From-User Network-IP Network-Port Presence-Hosts:* Profile-Name RPid:* Status:*
			Suppress-Unregister-Notify:b To-Host To-User User-Agent`},
		{"first_occurrence", "sip.first_occurrence", "Account-ID Occurrence", ""},
		{"missed_call", "sip.missed_call", "Account-ID Call-Bridged:b Call-ID Message-Left:b",
			"Caller-ID-Name Caller-ID-Number From-Realm From-User Notify:o Timestamp:i To:l To-Realm To-User"},
		{"system_alert", "system.alert", "Message Subject", "Details:* Line:* Module:* Node Pid:* Request-ID:* Section:*"},
		{"customer_update", "user.customer_update", "Account-ID", "DataBag:* Recipient-ID:* Template-ID:* User-Type:*"},
		{"new_user", "user.new", "Account-ID User-ID", "Password:*"},
		{"password_recovery", "user.password_recovery", "Account-ID Email Password-Reset-Link",
			"Account-DB First-Name:* Last-Name:* Timezone:* User-ID:*"},
		{"voicemail_full", "voicemail.full", "Account-ID Max-Message-Count:n Message-Count:n Voicemail-Box", ""},
		{"voicemail_new", "voicemail.new", message, recorded},
		{"voicemail_saved", "voicemail.saved", message, recorded},
		{"voicemail_deleted", "voicemail.deleted",
			"Account-ID From-Realm From-User To-Realm To-User Reason Voicemail-Box Voicemail-ID Voicemail-Timestamp",
			"Call-ID Caller-ID-Name Caller-ID-Number Voicemail-Length Voicemail-Transcription:*"},
		{"webhook", "webhook.callflow", "Data:o Hook:o", "Timestamp:*"},
		{"webhook_disabled", "webhook.disabled", "Account-ID Hook-ID", ""},
	}
	for name := range strings.FieldsSeq("port_cancel port_pending port_rejected port_request port_scheduled port_unconfirmed ported") {
		all = append(all, notice{name, "number." + name, "Account-ID Port-Request-ID", port + " Reason:o! Version:*"})
	}
	return all
}

// notificationKinds are all notifications, and the answer to one.
func notificationKinds() []kind {
	var all []kind
	for _, n := range notices() {
		k := kind{
			topic: "notification", category: "notification", names: []string{n.name}, exchange: "notifications",
			source: "kapi_notifications:" + n.name + "_definition/0", required: n.required, optional: n.optional + commonHeaders, deep: true,
			key:       func(fields) string { return "notifications." + n.key },
			keySource: "kapi_notifications:api_definitions/0",
			msgID:     always(formShort), asked: true, check: notification,
			rules: map[string]string{
				"value":     "kapi_notifications:" + n.name + "_definition/0",
				"id":        "kazoo_modb",
				"database":  "kzs_util:to_database/1",
				"swapped":   "kz_notify",
				"fax-info":  "fax_worker, fax_request",
				"fields":    "kvm_message, kapps_notify_publisher",
				"hook":      "cf_webhook",
				"timestamp": "kz_time:now_s/0",
			},
		}
		switch n.name {
		case "register":
			k.msgID, k.app, k.asked = always(formLong), "ecallmgr 5.0.0", false
		case "deregister":
			k.app, k.asked = "ecallmgr 5.0.0", false
		case "voicemail_saved", "voicemail_deleted", "system_alert":
			k.asked = false
		}
		all = append(all, k)
	}
	return append(all, kind{
		topic: "notification-answer", category: "notification", names: []string{"notify_update"}, exchange: "targeted",
		source: "kapi_notifications:notify_update_definition/0", required: "Status", optional: "Failure-Message:* Metadata:*" + commonHeaders,
		deep: true, rules: map[string]string{"value": "kapi_notifications:notify_update_definition/0"},
		check: func(l *look) { l.oneOf("value", "Status", "completed disabled failed ignored pending") },
	})
}

// notification holds what Kazoo's applications put into theirs.
func notification(l *look) {
	f := l.body
	l.form("database", "Account-DB", isDatabase, "an encoded name")
	for _, field := range []string{"Timestamp", "Event-Timestamp", "Fax-Timestamp", "Voicemail-Timestamp"} {
		if n, ok := f.int(field); ok {
			l.must(n > epoch, "timestamp", field, "Gregorian seconds")
		}
	}
	l.form("id", "Account-ID", func(s string) bool { return isHex(s, 32) }, "32 hexadecimal digits")
	switch l.name {
	case "system_alert":
		// kz_notify gives name and version the wrong way round.
		version, _, _ := strings.Cut(f.text("App-Name"), ".")
		l.must(isDigits(version), "swapped", "App-Name", "a version, as the two are swapped")
		l.form("value", "Subject", func(s string) bool { return strings.HasPrefix(s, "System Alert: ") }, "System Alert: …")
	case "missed_call":
		for _, field := range []string{"Call-Bridged", "Message-Left"} {
			l.must(!f.get(field).isTrue(), "value", field, "false")
		}
		l.missedEnd()
	case "first_occurrence":
		l.oneOf("value", "Occurrence", "call registration")
	case "voicemail_new", "voicemail_saved", "voicemail_deleted":
		l.voicemail()
	case "inbound_fax", "inbound_fax_error", "outbound_fax", "outbound_fax_error":
		l.fax()
	case "webhook":
		l.adHocHook()
	}
}

// missedEnd: what has ended is the call itself, which nobody of the account has made
// (cf_missed_call_alert).
func (l *look) missedEnd() {
	end := l.body.get("Notify")
	if end.sort != object {
		return
	}
	by := end.fields.get("Custom-Channel-Vars").fields.text("Authorizing-Type")
	for _, c := range [...]struct {
		field, saw, want string
		holds            bool
	}{
		{"Event-Name", end.fields.text("Event-Name"), "CHANNEL_DESTROY or CHANNEL_DISCONNECTED",
			hasWord("CHANNEL_DESTROY CHANNEL_DISCONNECTED", end.fields.text("Event-Name"))},
		{"Call-ID", end.fields.text("Call-ID"), "Call-ID " + quote(l.body.text("Call-ID")), end.fields.text("Call-ID") == l.body.text("Call-ID")},
		{"Custom-Channel-Vars.Authorizing-Type", by, "resource, sys_info or none", by == "" || hasWord("resource sys_info", by)},
	} {
		if !c.holds {
			l.aspect("value", "Notify."+c.field, quote(c.saw), c.want)
		}
	}
}

func (l *look) voicemail() {
	f := l.body
	l.form("id", "Voicemail-ID", isMonthly, "YYYYMM-<32 hexadecimal digits>")
	if l.name != "voicemail_new" {
		l.must(!f.has("Voicemail-Transcription"), "fields", "Voicemail-Transcription", "no such field")
	}
	if l.name == "voicemail_deleted" {
		l.oneOf("value", "Reason", "delete_after_notify dtmf crossbar_action")
		if _, month, ok := accountOfDB(f.text("Account-DB")); f.has("Account-DB") {
			l.must(ok && month != "", "database", "Account-DB", "the message's month")
		}
	}
}

// fax: the notification's ids are those of the document in the month's database.
func (l *look) fax() {
	f := l.body
	l.form("id", "Fax-ID", isMonthly, "YYYYMM-<32 hexadecimal digits>")
	if f.has("Fax-ID") && f.has("Fax-JobId") {
		l.must(f.text("Fax-ID") == f.text("Fax-JobId"), "id", "Fax-JobId", "Fax-ID "+quote(f.text("Fax-ID")))
	}
	if _, month, ok := accountOfDB(f.text("Account-DB")); ok && isMonthly(f.text("Fax-ID")) {
		l.must(month == monthOf(f.text("Fax-ID")), "database", "Account-DB", "the month of "+f.text("Fax-ID"))
	}
	l.faxInfo("Fax-Info", " Fax-Hangup-Code:n Fax-Hangup-Cause Fax-Result-Text")
	if strings.HasPrefix(l.name, "outbound_") {
		l.must(f.has("Fax-Notifications"), "fields", "Fax-Notifications", "an object, always")
		if v := f.get("Fax-Info"); v.sort == object {
			if code := v.fields.get("Fax-Hangup-Code"); code.sort != number || code.str != "0" {
				l.aspect("fax-info", "Fax-Info.Fax-Hangup-Code", code.String(), "0: fax events carry no code")
			}
		}
	}
	if l.name == "inbound_fax_error" {
		l.must(f.text("Fax-Error") == "unknown error", "value", "Fax-Error", "unknown error")
	}
}

// adHocHook: the callflow's message brings the hook that it is for.
func (l *look) adHocHook() {
	l.must(!l.body.has("Account-ID"), "hook", "Account-ID", "no such field: Data has the account")
	hook := l.body.get("Hook")
	if hook.sort != object {
		return
	}
	if v := hook.fields.get("_id"); v.sort != text || !isDigits(v.str) {
		l.aspect("hook", "Hook._id", v.String(), "Gregorian seconds as a string")
	}
	for _, field := range []string{"uri", "pvt_account_id"} {
		if hook.fields.text(field) == "" {
			l.aspect("hook", "Hook."+field, "nothing", "a string")
		}
	}
	i := slices.IndexFunc(l.body.get("Data").fields, func(m member) bool { return strings.ContainsAny(m.key, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ") })
	if i >= 0 {
		key := l.body.get("Data").fields[i].key
		l.aspect("hook", "Data."+key, quote(key), "a key in lower case, with underscores")
	}
}

package payloads

import "strings"

// kinds are all notifications that hooks can be sent, each with the headers that it requires
// and no other (amqp.md 12.2).
func kinds() (events []published) {
	const (
		party = "From-Realm From-User To-Realm To-User"
		port  = "Port-Request-ID"
	)
	for _, k := range []struct{ event, suffix, required string }{
		{"account_zone_change", "account.zone_change", "Zones"},
		{"bill_reminder", "account.reminder", "Due-Date Items Timestamp"},
		{"low_balance", "account.low_balance", "Current-Balance"},
		{"new_account", "account.new", ""},
		{"service_added", "account.service_added", "Audit-Log Items Timestamp"},
		{"topup", "account.topup", "Amount Response Success Timestamp"},
		{"transaction", "account.transaction", "Amount Response Success Timestamp"},
		{"cf_notification", "account.cf_notification", "Template-ID"},
		{"number_feature_manual_action", "account.number_feature_manual_action", "Number Feature"},
		{"inbound_fax", "fax.inbound", "Fax-ID " + party},
		{"inbound_fax_error", "fax.inbound_error", party},
		{"outbound_fax", "fax.outbound", "Callee-ID-Number Caller-ID-Number Fax-ID Fax-JobId"},
		{"outbound_fax_error", "fax.outbound_error", "Fax-ID Fax-JobId"},
		{"outbound_smtp_fax_error", "fax.outbound_smtp_error", "Fax-From-Email Errors Timestamp"},
		{"cnam_request", "number.cnam_request", "Number Cnam"},
		{"port_cancel", "number.port_cancel", port},
		{"port_comment", "number.port_comment", "Comment " + port},
		{"port_pending", "number.port_pending", port},
		{"port_rejected", "number.port_rejected", port},
		{"port_request", "number.port_request", port},
		{"port_scheduled", "number.port_scheduled", port},
		{"port_unconfirmed", "number.port_unconfirmed", port},
		{"ported", "number.ported", port},
		{"denied_emergency_bridge", "registration.denied_emergency_bridge", "Call-ID"},
		{"emergency_bridge", "registration.emergency_bridge", "Call-ID"},
		{"register", "sip.register", "Realm Username"},
		{"deregister", "sip.deregister", "Realm Username"},
		{"first_occurrence", "sip.first_occurrence", "Occurrence"},
		{"missed_call", "sip.missed_call", "Call-Bridged Call-ID Message-Left"},
		{"system_alert", "system.alert", "Message Subject"},
		{"customer_update", "user.customer_update", ""},
		{"new_user", "user.new", "User-ID"},
		{"password_recovery", "user.password_recovery", "Email Password-Reset-Link"},
		{"voicemail_full", "voicemail.full", "Max-Message-Count Message-Count Voicemail-Box"},
		{"voicemail_new", "voicemail.new", party + " Voicemail-Box Voicemail-ID Voicemail-Timestamp"},
		{"voicemail_saved", "voicemail.saved", party + " Voicemail-Box Voicemail-ID Voicemail-Timestamp"},
		{"webhook_disabled", "webhook.disabled", "Hook-ID"},
	} {
		members := []string{`"Account-ID":"{account}"`}
		for header := range strings.FieldsSeq(k.required) {
			members = append(members, `"`+header+`":`+required(header))
		}
		events = append(events, note("kind-"+k.event, k.event, k.suffix, members...))
	}
	return events
}

// required is a value of the type that a header must have.
func required(header string) string {
	switch header {
	case "Feature", "Cnam", "Audit-Log":
		return `{"name":"cnam"}`
	case "Items":
		return `[{"name":"x"}]`
	case "Errors", "Zones":
		return `["x"]`
	case "Timestamp", "Voicemail-Timestamp":
		return `63877472740`
	case "Call-Bridged", "Message-Left", "Success":
		return `false`
	case "Due-Date", "Current-Balance", "Amount", "Max-Message-Count", "Message-Count":
		return `5`
	case "Occurrence":
		return `"call"`
	}
	return `"x"`
}

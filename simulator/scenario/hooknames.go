package scenario

// Modifier is a member that custom_data of a hook must have, with the values it takes.
type Modifier struct {
	Name    string
	Choices []string
}

// Modifiers are those of a hook, as Kazoo's catalogue has them.
func Modifiers(hook string) []Modifier {
	switch hook {
	case "object":
		return []Modifier{
			{"type", []string{
				"all", "account", "callflow", "device", "faxbox", "media", "user", "vmbox", "fax", "mailbox_message", "call_recording",
			}},
			{"action", []string{"all", "doc_created", "doc_edited", "doc_deleted"}},
		}
	case "notifications":
		return []Modifier{{"type", []string{
			"all", "voicemail_new", "voicemail_saved", "voicemail_full", "missed_call", "inbound_fax", "inbound_fax_error", "outbound_fax",
			"outbound_fax_error", "outbound_smtp_fax_error", "register", "deregister", "first_occurrence", "webhook", "webhook_disabled",
			"transaction", "topup", "system_alert", "service_added", "ported", "port_unconfirmed", "port_scheduled", "port_request",
			"port_rejected", "port_pending", "port_comment", "port_cancel", "password_recovery", "number_feature_manual_action", "new_user",
			"new_account", "low_balance", "emergency_bridge", "denied_emergency_bridge", "customer_update", "cnam_request",
			"cf_notification", "bill_reminder", "account_zone_change",
		}}}
	}
	return nil
}

package pbx

import "github.com/kazoolab/kazoolab/bridge/kapi"

// notified makes a kind of a notification. Kinds says which of them hooks hear.
func notified(name, about string, by origin, fields string) Kind {
	return Kind{Name: name, About: about, fields: fields, category: kapi.CategoryNotification, event: name, by: by}
}

func accountKinds() []Kind {
	rest, billing := origin{"crossbar", called}, origin{"services", called}
	const paid = `"Account-ID": "{account_id}", "Amount": 25, "Currency-Code": "USD", "Success": true, "Response": "Approved",
		"ID": "{hex8}", "Card-Last-Four": "1111", "Tax-Amount": 2.06, "Timestamp": "{now}"`
	return []Kind{
		notified("new_account", "an account was created", rest,
			`{"Account-ID": "{account_id}", "Account-Name": "{account_name}", "Account-Realm": "{realm}", "Account-DB": "{account_db}"}`),
		notified("account_zone_change", "an account asks for another home zone", rest,
			`{"Account-ID": "{account_id}", "Zones": {"home": "us-east"}}`),
		notified("new_user", "a user was created", rest,
			`{"Account-ID": "{account_id}", "Account-DB": "{account_db}", "User-ID": "{owner_id}", "Password": "{hex8}"}`),
		notified("password_recovery", "a user asks for a new password", rest,
			`{"Account-ID": "{account_id}", "Account-DB": "{account_db}", "Email": "{email}", "First-Name": "{first_name}",
				"Last-Name": "{last_name}", "User-ID": "{owner_id}", "Timezone": "America/Los_Angeles",
				"Password-Reset-Link": "https://portal.example.com/#/?recovery={hex32}"}`),
		notified("customer_update", "the provider writes to the users of an account", rest,
			`{"Account-ID": "{account_id}", "User-Type": "admins", "Subject": "Maintenance on Sunday", "From": "noc@example.com",
				"HTML": "<p>Calls may drop.</p>", "Text": "Calls may drop."}`),
		notified("low_balance", "an account's balance fell below its threshold", billing,
			`{"Account-ID": "{account_id}", "Current-Balance": 4.25}`),
		notified("topup", "an account was topped up by itself", billing, "{"+paid+"}"),
		notified("transaction", "a payment was tried", billing, `{"Service-Plan": {"id": "standard"}, `+paid+"}"),
		notified("service_added", "what an account is billed for grew", billing,
			`{"Account-ID": "{account_id}", "Timestamp": "{now}", "Audit-Log": {"agent": {"type": "crossbar"}},
				"Items": [{"category": "devices", "item": "sip_device", "quantity": 3, "rate": 5}]}`),
		notified("bill_reminder", "the month's bill is near", billing,
			`{"Account-ID": "{account_id}", "Timestamp": "{now}", "Due-Date": "{month_end}",
				"Items": [{"category": "devices", "item": "sip_device", "quantity": 3, "rate": 5}],
				"Payment-Token": {"bookkeeper": "braintree", "expiration": "{month_end}"}}`),
		notified("webhook_disabled", "a hook failed too often and was disabled", origin{"webhooks", called},
			`{"Account-ID": "{account_id}", "Hook-ID": "{hook_id}"}`),
		notified("system_alert", "something needs the operator", origin{"kazoo_apps", cast},
			`{"Subject": "System Alert: blocked {caller_number} to {dialled}", "Message": "blocked {caller_number} to {dialled}",
				"Details": {"Account-ID": "{account_id}", "Format": "blocked ~s to ~s"}}`),
	}
}

func numberKinds() []Kind {
	rest := origin{"crossbar", called}
	port := func(name, about, extra string) Kind {
		return notified(name, about, rest, `{"Account-ID": "{account_id}", "Port-Request-ID": "{port_id}", "Authorized-By": "{account_id}",
			"Number": "{dialled}", "Local-Number": false, "Version": "v2"`+extra+"}")
	}
	const noted = `, "Reason": {"content": "The name on the bill differs.", "timestamp": "{now}", "user_id": "{owner_id}"}`
	return []Kind{
		port("port_unconfirmed", "a port request was made, and is not yet submitted", ""),
		port("port_request", "a port request was submitted", ""),
		port("port_pending", "a port request went to the carrier", ""),
		port("port_scheduled", "the carrier has set a date", ""),
		port("port_comment", "someone commented on a port request", `, "Comment": {"content": "When?", "timestamp": "{now}", "user_id": "{owner_id}"}`),
		port("port_rejected", "a port request was rejected", noted),
		port("port_cancel", "a port request was cancelled", noted),
		port("ported", "the numbers are ported", ""),
		notified("cnam_request", "a number is to show another name", origin{"crossbar", called},
			`{"Account-ID": "{account_id}", "Number": "{dialled}", "Cnam": {"display_name": "{account_name}"}, "Number-State": "in_service",
				"Local-Number": false, "Acquired-For": "{account_name}"}`),
		notified("number_feature_manual_action", "a feature of a number needs a hand", rest,
			`{"Account-ID": "{account_id}", "Number": "{dialled}", "Feature": {"feature": "e911", "value": "activated"}}`),
	}
}

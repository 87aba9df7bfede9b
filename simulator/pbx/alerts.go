package pbx

// callNotificationKinds are those that calls, phones and voicemail boxes give rise
// to.
func callNotificationKinds() []Kind {
	flow, own := origin{"callflow", called}, origin{"callflow", cast}
	const emergency = `"Account-ID": "{account_id}", "Call-ID": "{call_id}", "Emergency-Caller-ID-Name": "{account_name}",
		"Emergency-Caller-ID-Number": "{dialled}", "Outbound-Caller-ID-Name": "{account_name}", "Outbound-Caller-ID-Number": "{dialled}"`
	return []Kind{
		notified("voicemail_new", "a message was left in a voicemail box", flow, "").on((*scene).message),
		notified("voicemail_saved", "a message is kept in a voicemail box", own, "").on((*scene).message),
		// Its length and time are texts (kvm_message).
		notified("voicemail_deleted", "a message was deleted from a voicemail box", own,
			`{"Account-DB": "{month_db}", "Voicemail-Length": "14580", "Voicemail-Timestamp": "{now_text}", "Reason": "delete_after_notify"}`).
			on((*scene).message),
		notified("voicemail_full", "a voicemail box is full, and a caller could not leave a message", flow,
			`{"Account-ID": "{account_id}", "Account-DB": "{account_db}", "Voicemail-Box": "{vmbox_id}", "Max-Message-Count": 100,
				"Message-Count": 100}`),
		notified("missed_call", "nobody took a call; the callflow asks for this", flow, "").on((*scene).missed),
		notified("cf_notification", "a callflow's own notification", flow, `{"Template-ID": "{hex32}"}`).on((*scene).missed),
		notified("webhook", "a callflow's webhook: it brings its own hook", flow, `{"Timestamp": "{now}",
			"Data": {"account_db": "{account_db}", "account_id": "{account_id}", "call_bridged": false, "call_direction": "inbound",
				"call_id": "{call_id}", "caller_id_name": "{caller_name}", "caller_id_number": "{caller_number}", "fetch_id": "{fetch_id}",
				"from": "{caller_number}@{carrier}", "from_realm": "{carrier}", "from_user": "{caller_number}",
				"inception": "{dialled}@{public}", "message_left": false, "request": "{dialled}@{public}", "request_realm": "{public}",
				"request_user": "{dialled}", "resource_type": "audio", "switch_hostname": "{switch}", "switch_nodename": "{switch_node}",
				"switch_uri": "{switch_uri}", "switch_url": "{switch_url}", "to": "{dialled}@{public}", "to_realm": "{public}",
				"to_user": "{dialled}"},
			"Hook": {"_id": "{now_text}", "uri": "http://{receiver}/callflow", "hook": "notifications", "http_verb": "post", "retries": 2,
				"pvt_account_id": "{account_id}", "custom_data": {"step": "ivr-sales"}}}`),
		notified("register", "a phone registers for the first time", origin{"ecallmgr", direct},
			`{"Authorizing-Type": "device", "Owner-ID": "{owner_id}", "Suppress-Unregister-Notify": false}`).on((*scene).registration),
		notified("deregister", "a phone's registration ran out", origin{"ecallmgr", cast},
			`{"FreeSWITCH-Hostname": "{switch}", "Status": "Registered(UDP)", "Profile-Name": "sipinterface_1",
				"Suppress-Unregister-Notify": false}`).on((*scene).registration),
		notified("first_occurrence", "an account's first call or first registration", origin{"notify", called},
			`{"Account-ID": "{account_id}", "Occurrence": "call"}`),
		notified("emergency_bridge", "an emergency call is placed", origin{"stepswitch", called},
			"{"+emergency+`, "Account-Name": "{account_name}", "Authorizing-ID": "{device_id}", "Device-Name": "Front desk",
				"Emergency-To-DID": "911", "Emergency-Test-Call": false, "Emergency-Address-Street-1": "1 Main Street",
				"Emergency-Address-City": "San Francisco", "Emergency-Address-Region": "CA", "Emergency-Address-Postal-Code": "94105",
				"Emergency-Notfication-Contact-Emails": ["{email}"], "Owner-ID": "{owner_id}", "User-First-Name": "{first_name}",
				"User-Last-Name": "{last_name}", "User-Email": "{email}"}`),
		notified("denied_emergency_bridge", "an emergency call could not be placed", origin{"stepswitch", called}, "{"+emergency+"}"),
	}
}

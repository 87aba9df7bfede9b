package kapi

import "strings"

// CategoryNotification is the Event-Category of everything on ExchangeNotifications.
const CategoryNotification = "notification"

// Names of notifications that the code itself handles.
const (
	NotificationWebhook         = "webhook" // the callflow's: it brings its own hook
	NotificationWebhookDisabled = "webhook_disabled"
	NotificationUpdate          = "notify_update" // the answer to a notification
)

// Notification is one type of notification (kapi_notifications).
type Notification struct {
	Definition
	// Group and Suffix end the routing key: notifications.voicemail.new.
	Group, Suffix string
	// Hooked says whether the notifications hook binds it
	// (kapi_notifications:api_definitions/0 names those it does).
	Hooked bool
}

// Key is its routing key on ExchangeNotifications, and its binding. An answer
// (NotificationUpdate) has none: it goes to the queue of who asked.
func (n Notification) Key() string { return "notifications." + n.Group + "." + n.Suffix }

// Notifications lists every type, those that no hook sees included.
func Notifications() []Notification {
	kinds := make([]Notification, 0, 42)
	for _, row := range notificationTable() {
		group, suffix, _ := strings.Cut(row.key, ".")
		kinds = append(kinds, Notification{
			Definition: Definition{
				Category: CategoryNotification,
				Name:     row.name,
				Optional: withCommon(row.optional),
				Required: strings.Fields(row.required),
				Rules:    row.rules,
			},
			Group: group, Suffix: suffix,
			Hooked: !row.unhooked,
		})
	}
	return kinds
}

// notificationPublications leaves answers out.
func notificationPublications() []Publication {
	var all []Publication
	for _, n := range Notifications() {
		if n.Name != NotificationUpdate {
			all = append(all, Publication{Definition: n.Definition, Exchange: ExchangeNotifications, Address: Address{literal(n.Key())}})
		}
	}
	return all
}

// withCommon adds the headers that any notification may have. They stand behind
// its own; one that its definition names itself keeps the place it has there.
func withCommon(own string) []string {
	return append(strings.Fields(own), strings.Fields("Account-DB Attachment-URL Bcc Cc From HTML Preview Reply-To Subject Text To")...)
}

// notificationRow is a line of the table. Headers stand in the definition's order,
// on which the order of the wire depends.
type notificationRow struct {
	name, key          string
	required, optional string
	rules              []Rule
	unhooked           bool
}

// Headers that several types share.
const (
	callerID      = "Caller-ID-Name Caller-ID-Number"
	calleeID      = "Callee-ID-Name Callee-ID-Number"
	emergencyID   = "Emergency-Caller-ID-Name Emergency-Caller-ID-Number"
	outboundID    = "Outbound-Caller-ID-Name Outbound-Caller-ID-Number"
	fromTo        = "From-Realm From-User To-Realm To-User"
	transactionOf = "Add-Ons Billing-Address Card-Last-Four Currency-Code Discounts ID Purchase-Order Tax-Amount"
	portOf        = "Authorized-By Local-Number Number Number-State Port Reason Version"
	voicemailOf   = "Call-ID " + callerID + " Voicemail-Length Voicemail-Transcription"
)

func notificationTable() []notificationRow {
	reason := []Rule{{Field: "Reason", Kind: KindObject}}
	return []notificationRow{
		{name: "account_zone_change", key: "account.zone_change", required: "Account-ID Zones"},
		{
			name: "bill_reminder", key: "account.reminder",
			required: "Account-ID Due-Date Items Timestamp", optional: "Payment-Token",
			rules: []Rule{
				{Field: "Account-ID", Kind: KindWords},
				{Field: "Due-Date", Kind: KindPositive},
				{Field: "Items", Kind: KindObjects},
				{Field: "Payment-Token", Kind: KindObject},
				{Field: "Timestamp", Kind: KindPositive},
			},
		},
		{name: "low_balance", key: "account.low_balance", required: "Account-ID Current-Balance"},
		{name: "new_account", key: "account.new", required: "Account-ID", optional: "Account-API-Key Account-Name Account-Realm"},
		{
			name: "service_added", key: "account.service_added", required: "Account-ID Audit-Log Items Timestamp",
			rules: []Rule{{Field: "Items", Kind: KindObjects}},
		},
		{name: "topup", key: "account.topup", required: "Account-ID Amount Response Success Timestamp", optional: transactionOf},
		{
			name: "transaction", key: "account.transaction",
			required: "Account-ID Amount Response Success Timestamp", optional: "Service-Plan " + transactionOf,
		},
		{
			name: "cf_notification", key: "account.cf_notification", required: "Account-ID Template-ID",
			optional: callerID + " Call-ID Call-Bridged Message-Left From-Realm From-User Notify To To-Realm To-User Timestamp" +
				" Comments Notification-Media",
		},
		{
			name: "number_feature_manual_action", key: "account.number_feature_manual_action",
			required: "Account-ID Number Feature",
			rules:    []Rule{{Field: "Account-ID", Kind: KindWords}, {Field: "Feature", Kind: KindObject}},
		},
		{
			name: "inbound_fax", key: "fax.inbound", required: "Account-ID Fax-ID " + fromTo,
			optional: "Call-ID " + calleeID + " " + callerID + " Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID Owner-ID",
		},
		{
			name: "inbound_fax_error", key: "fax.inbound_error", required: "Account-ID " + fromTo,
			optional: "Call-ID " + calleeID + " " + callerID +
				" Fax-Error Fax-Info Fax-ID Fax-Notifications Fax-Timestamp FaxBox-ID Owner-ID",
		},
		{
			name: "outbound_fax", key: "fax.outbound",
			required: "Account-ID Callee-ID-Number Caller-ID-Number Fax-ID Fax-JobId",
			optional: "Call-ID Callee-ID-Name Caller-ID-Name Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID",
		},
		{
			name: "outbound_fax_error", key: "fax.outbound_error", required: "Fax-ID Fax-JobId",
			optional: "Call-ID " + calleeID + " " + callerID + " Fax-Error Fax-Info Fax-Notifications Fax-Timestamp FaxBox-ID",
		},
		{
			name: "outbound_smtp_fax_error", key: "fax.outbound_smtp_error",
			required: "Account-ID Fax-From-Email Errors Timestamp",
			optional: "Fax-To-Email FaxBox-ID FaxBox-Name FaxBox-Timezone Number Owner-ID Original-Number",
			rules:    []Rule{{Field: "Errors", Kind: KindItems}},
		},
		{
			name: "cnam_request", key: "number.cnam_request", required: "Account-ID Number Cnam",
			optional: "Acquired-For Local-Number Number-State Request",
		},
		{name: "port_cancel", key: "number.port_cancel", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{
			name: "port_comment", key: "number.port_comment", required: "Account-ID Comment Port-Request-ID",
			optional: "Authorized-By Local-Number Number Number-State Port Version",
		},
		{name: "port_pending", key: "number.port_pending", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{name: "port_rejected", key: "number.port_rejected", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{name: "port_request", key: "number.port_request", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{name: "port_scheduled", key: "number.port_scheduled", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{name: "port_unconfirmed", key: "number.port_unconfirmed", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{name: "ported", key: "number.ported", required: "Account-ID Port-Request-ID", optional: portOf, rules: reason},
		{
			name: "denied_emergency_bridge", key: "registration.denied_emergency_bridge", required: "Account-ID Call-ID",
			optional: emergencyID + " " + outboundID,
		},
		{
			name: "emergency_bridge", key: "registration.emergency_bridge", required: "Account-ID Call-ID",
			// The missing i is on the wire.
			optional: "Account-Name Authorizing-ID Device-Name Emergency-To-DID Emergency-Test-Call " + emergencyID +
				" Emergency-Address-Street-1 Emergency-Address-Street-2 Emergency-Address-City Emergency-Address-Region" +
				" Emergency-Address-Postal-Code Emergency-Address-Latitude Emergency-Address-Longitude" +
				" Emergency-Notfication-Contact-Emails " + outboundID + " Owner-ID User-First-Name User-Last-Name User-Email",
		},
		{
			name: "register", key: "sip.register", required: "Account-ID Realm Username",
			optional: "Account-DB Authorizing-ID Authorizing-Type Call-ID Contact Event-Timestamp Expires From-Host From-User" +
				" Network-IP Network-Port Owner-ID Suppress-Unregister-Notify To-Host To-User User-Agent",
		},
		{
			name: "deregister", key: "sip.deregister", required: "Account-ID Realm Username",
			optional: "Account-DB Authorizing-ID Call-ID Contact Event-Timestamp Expires FreeSWITCH-Hostname From-Host From-User" +
				" Network-IP Network-Port Presence-Hosts Profile-Name RPid Status Suppress-Unregister-Notify To-Host To-User User-Agent",
		},
		{name: "first_occurrence", key: "sip.first_occurrence", required: "Account-ID Occurrence"},
		{
			name: "missed_call", key: "sip.missed_call", required: "Account-ID Call-Bridged Call-ID Message-Left",
			optional: callerID + " From-Realm From-User Notify Timestamp To To-Realm To-User",
		},
		{
			name: "system_alert", key: "system.alert", required: "Message Subject",
			optional: "Details Line Module Node Pid Request-ID Section",
		},
		{
			name: "customer_update", key: "user.customer_update", required: "Account-ID",
			optional: "DataBag Recipient-ID Template-ID User-Type",
		},
		{name: "new_user", key: "user.new", required: "Account-ID User-ID", optional: "Password"},
		{
			name: "password_recovery", key: "user.password_recovery", required: "Account-ID Email Password-Reset-Link",
			optional: "Account-DB First-Name Last-Name Timezone User-ID",
		},
		{name: "voicemail_full", key: "voicemail.full", required: "Account-ID Max-Message-Count Message-Count Voicemail-Box"},
		{
			name: "voicemail_new", key: "voicemail.new",
			required: "Account-ID " + fromTo + " Voicemail-Box Voicemail-ID Voicemail-Timestamp", optional: voicemailOf,
		},
		{
			name: "voicemail_saved", key: "voicemail.saved",
			required: "Account-ID " + fromTo + " Voicemail-Box Voicemail-ID Voicemail-Timestamp", optional: voicemailOf,
		},
		{
			name: "voicemail_deleted", key: "voicemail.deleted", unhooked: true,
			required: "Account-ID " + fromTo + " Reason Voicemail-Box Voicemail-ID Voicemail-Timestamp", optional: voicemailOf,
		},
		{name: NotificationWebhook, key: "webhook.callflow", required: "Data Hook", optional: "Timestamp"},
		{name: NotificationWebhookDisabled, key: "webhook.disabled", required: "Account-ID Hook-ID"},
		{
			name: NotificationUpdate, required: "Status", optional: "Failure-Message Metadata", unhooked: true,
			rules: []Rule{{Field: "Status", OneOf: strings.Fields("completed disabled failed ignored pending")}},
		},
		{name: "skel", key: "account.skel", required: "Account-ID User-ID", unhooked: true},
	}
}

// NotifiedPlaces are the paths on which a notification has its account, the first
// that is there counts (kapi_notifications:find_account_id/2).
func NotifiedPlaces() [][]string {
	return [][]string{
		{"account_id"},
		{"account", "_id"},
		{"pvt_account_id"},
		{"_id"},
		{"id"},
		{"Account-ID"},
		{"details", "account_id"},
		{"Details", "Account-ID"},
		{"details", "custom_channel_vars", "account_id"},
		{"Details", "Custom-Channel-Vars", "Account-ID"},
	}
}

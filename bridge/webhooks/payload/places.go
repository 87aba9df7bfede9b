package payload

import "strings"

// notifiedPlaces are the places where notifications have their account
// (kapi_notifications:find_account_id/2).
func notifiedPlaces() [][]string {
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

// AccountFields names the members of a message, with dots between, in which the
// account of a hook's events is looked for, in order. The number that was dialled
// comes after them.
func AccountFields(hook string) []string {
	switch hook {
	case HookObject:
		return []string{"Database"}
	case "sms", "mms":
		return []string{"Account-ID"}
	case HookCallflow:
		return []string{"Hook.pvt_account_id"}
	case HookNotifications:
		var fields []string
		for _, place := range notifiedPlaces() {
			fields = append(fields, strings.Join(place, "."))
		}
		return fields
	}
	return []string{"Custom-Channel-Vars.Account-ID"}
}

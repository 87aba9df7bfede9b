package payload

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

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
		for _, place := range kapi.NotifiedPlaces() {
			fields = append(fields, strings.Join(place, "."))
		}
		return fields
	}
	return []string{"Custom-Channel-Vars.Account-ID"}
}

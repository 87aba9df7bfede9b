package disabler

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

const (
	// MessageKey is the private member that says why a hook was switched off by
	// itself; clients see it as disable_reason.
	MessageKey = "pvt_disabled_message"
	// Message is what stands there (webhooks_disabler:disable_hook/2).
	Message = "too many failed attempts"

	// AppName is the sender of Notice (webhooks.hrl).
	AppName = "webhooks"
	// AppVersion is the sender's version.
	AppVersion = "4.0.0"
)

// Disable is a hook's document once the hook is switched off.
func Disable(doc jobj.Object) jobj.Object {
	return doc.Set("enabled", false).Set(MessageKey, Message)
}

// Disabled says whether a hook was switched off by itself, not by a user
// (kzd_webhooks:is_auto_disabled/1).
func Disabled(doc jobj.Object) bool {
	return !doc.Bool(true, "enabled") && doc.String(MessageKey) != ""
}

// Enable is a hook's document once the hook is switched on again.
func Enable(doc jobj.Object) jobj.Object {
	return doc.Set("enabled", true).Delete(MessageKey)
}

// Notice is the notification webhook_disabled, as far as its sender says it
// (webhooks_disabler:send_notification/2).
func Notice(hook Key) jobj.Object {
	return jobj.Object{
		{Key: "Account-ID", Value: hook.AccountID},
		{Key: "Hook-ID", Value: hook.HookID},
		{Key: "App-Name", Value: AppName},
		{Key: "App-Version", Value: AppVersion},
	}
}

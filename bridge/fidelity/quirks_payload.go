package fidelity

// payloadQuirks are those of what an event's payload holds.
func payloadQuirks() []Quirk {
	return []Quirk{
		{
			ID: "null-as-text", Class: Keep, Area: AreaPayload,
			Notices:   "A null header or channel variable arrives as the text `null`.",
			Kazoo:     "`Owner-ID: null` is `owner_id=null`",
			Corrected: "the member is absent",
			Source:    "kz_json:get_ne_binary_value/3",
		},
		{
			ID: "request-missing", Class: Keep, Area: AreaPayload,
			Notices:   "`request` is never in a channel payload, and `inception` hardly ever.",
			Kazoo:     "`request` only if it is an object, which a switch never sends; `inception` from the top of the event",
			Corrected: "`request` from the string `Request`; `inception` from the channel variable `Inception` too",
			Source:    "kz_call_event:request/1",
		},
		{
			ID: "ccv-vanish", Class: Keep, Area: AreaPayload,
			Notices:   "`custom_channel_vars` is absent while `call_command.reserved_ccv_keys` is unset.",
			Kazoo:     "absent when the list is unset (it is set by default)",
			Corrected: "the default list counts",
			Source:    "webhooks_channel_util:non_reserved_ccvs/2",
		},
		{
			ID: "resource-used-default", Class: Keep, Area: AreaPayload,
			Notices:   "`local_resource_used` is true although no resource was used.",
			Kazoo:     "true unless `Global-Resource` is true",
			Corrected: "false without a `Resource-ID`",
			Source:    "webhooks_channel_util:base_hook_event/3",
		},
		{
			ID: "no-hook-event", Class: Keep, Area: AreaPayload,
			Notices:   "Parking, object, notifications, sms and mms payloads do not name their hook.",
			Kazoo:     "`hook_event` in channel payloads only",
			Corrected: "`hook_event` in each",
			Source:    "webhooks_parking:format/1 and its like",
		},
		{
			ID: "custom-data-reversed", Class: Keep, Area: AreaPayload,
			Notices:   "New keys of `custom_data` stand in reverse order.",
			Kazoo:     "`{\"x\":1,\"y\":2}` is `…&y=2&x=1&cluster_id=…`",
			Corrected: "`…&x=1&y=2&cluster_id=…`",
			Source:    "webhooks_util:fire_hook/2",
		},
		{
			ID: "type-action-stripped", Class: Keep, Area: AreaPayload,
			Notices:   "`type` and `action` of `custom_data` never reach the receiver, whatever the hook.",
			Kazoo:     "stripped for every hook",
			Corrected: "stripped only where they filter: object (both) and notifications (`type`)",
			Source:    "webhooks_util:fire_hook/2",
		},
	}
}

// matchingQuirks are those of which hooks an event fires.
func matchingQuirks() []Quirk {
	return []Quirk{
		{
			ID: "custom-data-blocks", Class: Keep, Area: AreaMatching,
			Notices:   "`custom_data` without `type` (and `action`) silences object and notifications hooks.",
			Kazoo:     "such a hook does not fire",
			Corrected: "what is missing means all",
			Source:    "webhooks_object:match_action_type/3",
		},
		{
			ID: "object-twice", Class: Keep, Area: AreaMatching,
			Notices:   "A change of an account fires twice: for its own database and for `accounts`.",
			Kazoo:     "both messages fire",
			Corrected: "once: the message for `accounts` does not fire",
			Source:    "webhooks_object:find_account_id/3",
		},
		{
			ID: "hook-order", Class: Keep, Area: AreaMatching,
			Notices:   "The hooks of one account fire in no order.",
			Kazoo:     "by id, which is one of Kazoo's possible orders; receivers must not build on it",
			Corrected: "by id",
			Source:    "webhooks_util:find_webhooks/3",
		},
	}
}

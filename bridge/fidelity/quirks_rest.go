package fidelity

// documentQuirks are those of how hook documents become live.
func documentQuirks() []Quirk {
	return []Quirk{
		{
			ID: "format-absent", Class: Never, Area: AreaDocuments,
			Notices:   "A hook without `format`, or with an unknown one, crashes at each event when its verb is post or put. Callflow webhooks are such hooks.",
			Kazoo:     "form-data",
			Corrected: same,
			Source:    "webhooks_util:do_fire/3",
		},
		{
			ID: "created-disabled", Class: Never, Area: AreaDocuments,
			Notices:   "A hook created with `enabled: false` fires until it is edited or the node restarts.",
			Kazoo:     "it does not fire",
			Corrected: same,
			Source:    "webhooks_listener:handle_config/3",
		},
		{
			ID: "stale-table", Class: Never, Area: AreaDocuments,
			Notices:   "When more than 100 changes come at once, some hooks stay as they were until the next edit or restart.",
			Kazoo:     "no change is dropped, and what a node has missed is looked up after each reconnection and every 30 s",
			Corrected: same,
			Source:    "webhooks_listener, its queue's x-max-length",
		},
		{
			ID: "migrated-type", Class: Keep, Area: AreaDocuments,
			Notices:   "Fax and callflow hooks of Kazoo 3, migrated, carry a top-level `type` that nothing reads: they get every notification.",
			Kazoo:     "a top-level `type` means nothing, as in Kazoo",
			Corrected: "it counts as `custom_data.type`",
			Source:    "webhooks_util:update_hook_doc/3",
		},
	}
}

// restQuirks are differences of the REST API.
func restQuirks() []Quirk {
	return []Quirk{
		{
			ID: "samples-by-hand", Class: Keep, Area: AreaREST,
			Notices:   "Samples of channel and parking hooks have members that no hook sends (`disposition`, `caller_id_Number`) and lack others; sms and mms have none.",
			Kazoo:     "Kazoo's samples; those of the talk's own hooks are payloads",
			Corrected: "each sample is a payload, made by the encoder that serves receivers",
			Source:    "crossbar/priv, the files of samples",
		},
		{
			ID: "rest-crash", Class: Never, Area: AreaREST,
			Notices:   "A request that Kazoo did not foresee is answered with 500: `init failed`, `validation failed to run on the server`.",
			Kazoo:     "a 4xx that says what is wrong",
			Corrected: same,
			Source:    "api_resource, crossbar_bindings",
		},
		{
			ID: "hook-scope", Class: Never, Area: AreaREST,
			Notices:   "A hook's id works under any account: who may use one account reads, changes and deletes everybody's hooks.",
			Kazoo:     "a hook answers under its own account only; elsewhere 404",
			Corrected: same,
			Source:    "cb_webhooks, which loads by id alone",
		},
		{
			ID: "account-id-taken", Class: Never, Area: AreaREST,
			Notices:   "Creating an account with an id in use deletes the account that has it.",
			Kazoo:     "409, and nothing is touched",
			Corrected: same,
			Source:    "cb_accounts, its clean-up after a failed creation",
		},
		{
			ID: "refused-is-kept", Class: Never, Area: AreaREST,
			Notices:   "A PATCH of an account that is refused for its name or realm is stored all the same.",
			Kazoo:     "what is refused is not stored",
			Corrected: same,
			Source:    "cb_accounts, which saves before it is done checking",
		},
		{
			ID: "re-enable-direct", Class: Never, Area: AreaREST,
			Notices:   "Re-enabling an account's hooks publishes `configuration.doc_type_update.webhook`, and some webhooks node does the work; without one, 500.",
			Kazoo:     "the hooks are switched on at once, each with its `doc_edited`, and no such message is needed",
			Corrected: same,
			Source:    "cb_webhooks; webhooks_listener",
		},
		{
			ID: "id-as-text", Class: Never, Area: AreaREST,
			Notices:   "An id that a client gives as a number stays one in answers, and cannot be found again.",
			Kazoo:     "it is text from then on",
			Corrected: same,
			Source:    "crossbar_doc",
		},
		{
			ID: "bearer-token", Class: Never, Area: AreaREST,
			Notices:   "A token of the API is refused in `Authorization: Bearer`.",
			Kazoo:     "taken there too",
			Corrected: same,
			Source:    "cb_token_auth; kz_auth",
		},
		{
			ID: "server-refusal", Class: Never, Area: AreaREST,
			Notices:   "A path with a broken escape is answered 400 with an empty body.",
			Kazoo:     "400 with a text",
			Corrected: same,
			Source:    "cowboy_req",
		},
		{
			ID: "notify-later", Class: Never, Area: AreaREST,
			Notices:   "New accounts and users are announced with a notification, for the mails that teletype sends.",
			Kazoo:     "not sent: no part of this program sends mail",
			Corrected: same,
			Source:    "cb_accounts, cb_users",
		},
		{
			ID: "socket-no-account", Class: Keep, Area: AreaREST,
			Notices:   "`GET /websockets/{socket}`, without an account, answers 500 to those who may do everything.",
			Kazoo:     "500 as in Kazoo",
			Corrected: "the socket, whosever it is",
			Source:    "cb_websockets:websockets_req/2",
		},
		{
			ID: "all-channels", Class: Never, Area: AreaREST,
			Notices:   "`GET /channels` answers 500 to those who may do everything, unless `system_wide_channels_list` is set.",
			Kazoo:     "the channels of all accounts",
			Corrected: same,
			Source:    "cb_channels:get_account_id/1",
		},
		{
			ID: "command-by-get", Class: Never, Area: AreaREST,
			Notices:   "A command to a call is sent while its request is still being checked: `GET ?verb=POST` hangs up.",
			Kazoo:     "a GET commands nothing",
			Corrected: same,
			Source:    "cb_channels:validate_channel/3",
		},
		{
			ID: "quickcall-silence", Class: Keep, Area: AreaREST,
			Notices:   "A POST of a quickcall that no switch answers succeeds; its data is the device or user, SIP password included.",
			Kazoo:     "the document as in Kazoo",
			Corrected: "500, `quickcall initiation failed`",
			Source:    "cb_quickcall:originate/4",
		},
		{
			ID: "quickcall-token", Class: Never, Area: AreaREST,
			Notices:   "Every parameter of a quickcall's query becomes a variable of the call, which events show: `auth_token` as well.",
			Kazoo:     "every one but the token",
			Corrected: same,
			Source:    "cb_modules_util:cavs_from_request/2",
		},
		{
			ID: "conference-absent", Class: Never, Area: AreaREST,
			Notices:   "Reading a conference that does not exist, a deleted one or another account's included, answers 200 with a conference made up of defaults.",
			Kazoo:     "404",
			Corrected: same,
			Source:    "cb_conferences:maybe_build_conference/2",
		},
		{
			ID: "outgoing-unlisted", Class: Never, Area: AreaREST,
			Notices:   "`GET /faxes/outgoing` was seen to be empty while a fax waits.",
			Kazoo:     "the fax is listed",
			Corrected: same,
			Source:    "cb_faxes:outgoing_summary/1",
		},
		{
			ID: "schemas-own", Class: Never, Area: AreaREST,
			Notices:   "`/schemas` lists the schemas of everything in Kazoo, with a description of each member.",
			Kazoo:     "those that data are checked against here, without the descriptions",
			Corrected: same,
			Source:    "cb_schemas",
		},
	}
}

package fidelity

// socketQuirks are those of websockets.
func socketQuirks() []Quirk {
	return []Quirk{
		{
			ID: "unsubscribe-silences", Class: Never, Area: AreaSockets,
			Notices: "One client's `unsubscribe`, even of what it never had, can silence others: the bindings of a node are counted for all sockets together, " +
				"and two families that need the same one count it apart.",
			Kazoo:     "counted by socket and binding; nobody silences another",
			Corrected: same,
			Source:    "blackhole_listener:remove_bh_binding/4; kz_hooks_listener",
		},
		{
			ID: "frames-twice", Class: Never, Area: AreaSockets,
			Notices:   "While a subscription to all accounts stands beside one to a single account, every socket of the node gets each call event twice.",
			Kazoo:     "once for each binding that matches",
			Corrected: same,
			Source:    "kz_hooks:register/0, blackhole_listener:handle_info/2",
		},
		{
			ID: "stale-reply", Class: Keep, Area: AreaSockets,
			Notices:   "An action that does nothing is answered with the data of the command before it.",
			Kazoo:     "the last data once more",
			Corrected: "`{}`",
			Source:    "bh_context, which keeps resp_data from one message to the next",
		},
		{
			ID: "dot-skips-auth", Class: Never, Area: AreaSockets,
			Notices:   "An action with a dot, `a.b`, needs no token.",
			Kazoo:     "authenticated as any other",
			Corrected: same,
			Source:    "bh_token_auth, bound to `blackhole.authenticate.*`",
		},
		{
			ID: "wildcard-action", Class: Never, Area: AreaSockets,
			Notices:   "The actions `*` and `#` run every command at once.",
			Kazoo:     "they are unknown actions",
			Corrected: same,
			Source:    "blackhole_bindings:bh_match/2, which takes wildcards on both sides",
		},
		{
			ID: "failed-first-forgets", Class: Keep, Area: AreaSockets,
			Notices:   "When the first command fails after its token was accepted, the socket forgets that it was: the next must bring a token again.",
			Kazoo:     "forgotten",
			Corrected: "the socket stays authenticated",
			Source:    "blackhole_socket_callback:recv/2",
		},
		{
			ID: "month-frozen", Class: Never, Area: AreaSockets,
			Notices:   "Bindings for documents of the month's database, faxes and voicemail messages, go silent when the month ends.",
			Kazoo:     "they follow the month",
			Corrected: same,
			Source:    "bh_object:bindings/2, bh_fax:bindings/2",
		},
		{
			ID: "subscribed-repeats", Class: Keep, Area: AreaSockets,
			Notices:   "Lists of a socket's bindings repeat a binding for each key behind it, and for each account.",
			Kazoo:     "`call.*.*` stands nine times in `subscribed` and in GET /websockets",
			Corrected: "each binding once",
			Source:    "bh_context:client_bindings/1",
		},
		{
			ID: "presence-prefix", Class: Keep, Area: AreaSockets,
			Notices:   "A presence binding loses its family: events and lists name `dialog.X`, which cannot be subscribed to.",
			Kazoo:     "`subscribed_key` is `dialog.X`",
			Corrected: "`presence.dialog.X`, as the client sent it",
			Source:    "bh_presence:bindings/2",
		},
		{
			ID: "accepted-undelivered", Class: Never, Area: AreaSockets,
			Notices: "Some bindings are accepted and never deliver: ids with special characters in the other of their two forms, " +
				"`fax.object.created`, `object.doc_created.call_recording`, and an account given by the name of its database.",
			Kazoo:     "delivered; an action of `fax.object` that does not exist is refused, `event X not supported`",
			Corrected: same,
			Source:    "bh_call, bh_fax, bh_conference, bh_presence, bh_object: bindings/2",
		},
		{
			ID: "tenant-hole", Class: Never, Area: AreaSockets,
			Notices: "A socket's id works under any account in REST; an account's list has sockets of the caller's own account in it; " +
				"a crash while the account is checked counts as permission; commands of any conference can be had.",
			Kazoo:     "refused, or not shown",
			Corrected: same,
			Source:    "cb_websockets; bh_authz_subscribe; bh_conference",
		},
		{
			ID: "token-echo", Class: Keep, Area: AreaSockets,
			Notices:   "A token that is refused is repeated in the error, and in the log.",
			Kazoo:     "`failed to authenticate token T`, to the socket that sent T; never in a log",
			Corrected: "`failed to authenticate token`, without it",
			Source:    "bh_token_auth:authenticate/2",
		},
		{
			ID: "peer-budget", Class: Never, Area: AreaSockets,
			Notices:   "Behind a proxy all clients share one limit of connections; Kazoo 5 believes any `X-Forwarded-For`.",
			Kazoo:     "the forwarded address counts, if one of the proxies that the settings name sends it",
			Corrected: same,
			Source:    "blackhole_socket_handler:init/2",
		},
		{
			ID: "socket-metadata", Class: Never, Area: AreaSockets,
			Notices:   "What a socket says of itself, `name` and `metadata`, may be as large as a frame; it is kept and listed for as long as the socket is open.",
			Kazoo:     "a command with more than 256 bytes of `name`, or 4,096 of `metadata`, is refused with the field and its size",
			Corrected: same,
			Source:    "bh_context:to_json/1",
		},
		{
			ID: "dates-swapped", Class: Keep, Area: AreaSockets,
			Notices:   "`date_created` and `date_modified` of a document's event are exchanged.",
			Kazoo:     "exchanged",
			Corrected: "the right way round",
			Source:    "kzs_publish:publish/3",
		},
		{
			ID: "reply-dropped", Class: Never, Area: AreaSockets,
			Notices:   "A slow reader loses frames without notice, replies among them; Kazoo 5's notifications go to every account.",
			Kazoo:     "a socket that does not read is closed with a stated code; replies are never dropped; each family is filtered by account",
			Corrected: same,
			Source:    "blackhole_socket_handler, max_queued_messages; bh_notifications",
		},
		{
			ID: "garbage-noop", Class: Keep, Area: AreaSockets,
			Notices:   "A frame that is no JSON is taken for an empty object, which asks for nothing and succeeds.",
			Kazoo:     "taken for `{}`; the socket stays open where the reference's own log would crash it",
			Corrected: "an error that says so",
			Source:    "kz_json:decode/2",
		},
		{
			ID: "nonstring-crash", Class: Never, Area: AreaSockets,
			Notices:   "A binding that is no text, or a frame that is JSON but no object, closes the socket.",
			Kazoo:     "an error, and the socket stays open",
			Corrected: same,
			Source:    "bh_events:validate_subscription/2; blackhole_socket_handler",
		},
	}
}

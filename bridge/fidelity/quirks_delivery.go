package fidelity

// requestQuirks are those of the request that a receiver gets.
func requestQuirks() []Quirk {
	return []Quirk{
		{
			ID: "double-question", Class: Keep, Area: AreaRequest,
			Notices:   "GET puts a second `?` behind a uri that has a query.",
			Kazoo:     "`/p?a=1?account_id=…`",
			Corrected: "`/p?a=1&account_id=…`",
			Source:    "webhooks_util:do_fire/3",
		},
		{
			ID: "fragment-query", Class: Keep, Area: AreaRequest,
			Notices:   "GET puts the fields behind the `#` of a uri, so they are not sent.",
			Kazoo:     "of `http://h/p#f` only `/p` is asked for",
			Corrected: "`/p?account_id=…`",
			Source:    "webhooks_util:do_fire/3",
		},
		{
			ID: "uri-brackets", Class: Never, Area: AreaRequest,
			Notices:   "The HTTP client of newer Erlang releases refuses a GET whose query has `[` or `]`: a failed attempt, `invalid_uri`.",
			Kazoo:     "sent, as older releases do",
			Corrected: same,
			Source:    "Erlang's uri_string:parse/1",
		},
		{
			ID: "get-raw-bytes", Class: Never, Area: AreaRequest,
			Notices:   "A key of an event can put blanks, `#` or line breaks into the request line of a GET.",
			Kazoo:     "bytes that are illegal in a query are percent-encoded, `[` and `]` aside",
			Corrected: same,
			Source:    "webhooks_util:do_fire/3",
		},
		{
			ID: "three-part-credentials", Class: Keep, Area: AreaRequest,
			Notices:   "Credentials of a URL are parted at every colon: of `user:pa:ss@` none are sent, and `:pass@` is a user. So it is with Pivot's URLs.",
			Kazoo:     "without `Authorization`",
			Corrected: "the first colon parts them: the password is `pa:ss`",
			Source:    "Erlang's httpc",
		},
		{
			ID: "redirect-drop", Class: Keep, Area: AreaRequest,
			Notices:   "301, 302 and 303 turn a POST into an empty GET, to any host; PUT and 308 are not followed.",
			Kazoo:     "as Erlang's client",
			Corrected: "only 307 and 308, within the host, with method and body",
			Source:    "Erlang's httpc, autoredirect",
		},
		{
			ID: "tls-unverified", Class: Never, Area: AreaRequest,
			Notices:   "Certificates and host names of https receivers are not checked.",
			Kazoo:     "checked, unless `webhooks.tls-verify` is false",
			Corrected: same,
			Source:    "Erlang's httpc defaults",
		},
		{
			ID: "guard-literal", Class: Never, Area: AreaRequest,
			Notices:   "Only addresses that are literally on the block list are refused, and only by REST: a name, a redirect or a changed document gets around it.",
			Kazoo:     "REST refuses what Kazoo's does; the address is checked again whenever a connection is made, redirects included (`webhooks.guard`)",
			Corrected: same,
			Source:    "kz_json_schema_extensions:url_validation/2",
		},
	}
}

// outcomeQuirks are those of what counts as success and what is tried again.
func outcomeQuirks() []Quirk {
	return []Quirk{
		{
			ID: "status-final", Class: Keep, Area: AreaOutcome,
			Notices:   "204, 429 and 5xx are final failures: only a connection without an answer is tried again.",
			Kazoo:     "200 is success, and 201 for a PUT; any other status is a failure and ends the delivery",
			Corrected: "any 2xx is success; 5xx and 429 are tried again",
			Source:    "webhooks_util:handle_resp/5",
		},
		{
			ID: "retries-are-tries", Class: Keep, Area: AreaOutcome,
			Notices:   "`retries` is the number of tries: 0 and 1 both mean one, 2 means one retry.",
			Kazoo:     "`retries: 2` makes two tries at most",
			Corrected: "`retries: 2` makes three",
			Source:    "kzd_webhooks:retries/1; webhooks_util:retry_hook/3",
		},
		{
			ID: "no-timeout", Class: Never, Area: AreaOutcome,
			Notices:   "A receiver that accepts and stays silent is never given up; no attempt is written.",
			Kazoo:     "given up after `webhooks.request-timeout`, 60 s by default",
			Corrected: "given up after 10 s by default",
			Source:    "webhooks_util:do_fire/3",
		},
		{
			ID: "tls-wait", Class: Never, Area: AreaOutcome,
			Notices:   "A server that does not speak TLS is given 10 s a try.",
			Kazoo:     "what is no TLS is seen at its first bytes; silence ends at the connect timeout",
			Corrected: same,
			Source:    "Erlang's ssl:connect/4",
		},
		{
			ID: "failure-per-millisecond", Class: Keep, Area: AreaOutcome,
			Notices:   "A burst of events that all fail at once takes longer to disable the hook.",
			Kazoo:     "failures of a hook in the same millisecond count as one",
			Corrected: "each counts",
			Source:    "webhooks_util:note_failed_attempt/3, whose time is part of the key",
		},
		{
			ID: "disabler-per-node", Class: Never, Area: AreaOutcome,
			Notices:   "Failures are counted on each node by itself: with N nodes a hook may fail nearly N times as often before it is disabled.",
			Kazoo:     "those of all nodes count together, each node having the others' from the store about a second later; neither a restart nor a kill of a node forgets those written",
			Corrected: same,
			Source:    "webhooks_disabler:find_failures/0",
		},
	}
}

// attemptQuirks are those of attempt documents.
func attemptQuirks() []Quirk {
	return []Quirk{
		{
			ID: "retries-left", Class: Keep, Area: AreaAttempts,
			Notices:   "`retries_left` counts the try that has just failed after a transport error, and names tries that are never made after a status.",
			Kazoo:     "of 2 tries: `2` at the first transport error, `1` at a 503, at the last try the text `retries exceeded`",
			Corrected: "the tries that follow, always a number: `1` at the first transport error, `0` at the last, and `0` at a status that ends the delivery",
			Source:    "webhooks_util:handle_resp/5, debug_resp/3",
		},
		{
			ID: "put-201-failure", Class: Keep, Area: AreaAttempts,
			Notices:   "The logged success of a PUT answered with 201 reads `failure`.",
			Kazoo:     "`result: failure`, `reason: bad response code`",
			Corrected: "`result: success`",
			Source:    "webhooks_util:debug_resp/3",
		},
		{
			ID: "body-as-list", Class: Keep, Area: AreaAttempts,
			Notices:   "`req_body` of a form request is a nested list, whose texts joined depth-first are the body.",
			Kazoo:     "`[[\"a\",\"=\",\"1\"],\"&\",[\"b\",\"=\",\"2\"]]`",
			Corrected: "`\"a=1&b=2\"`",
			Source:    "webhooks_util:debug_req/5",
		},
		{
			ID: "headers-lowered", Class: Keep, Area: AreaAttempts,
			Notices:   "Header values are lower-cased in attempts.",
			Kazoo:     "`\"server\":\"nginx/1.0 (debian)\"`",
			Corrected: "as sent: `\"server\":\"nginx/1.0 (Debian)\"`; names stay lower case",
			Source:    "webhooks_util:debug_req/5, debug_resp/3",
		},
		{
			ID: "attempt-pages", Class: Never, Area: AreaAttempts,
			Notices:   "The start keys of a list of attempts are seconds: a page full of attempts of one second is followed by itself, for ever.",
			Kazoo:     "a start key names the last attempt shown, so each is shown once",
			Corrected: same,
			Source:    "crossbar_view; view webhooks/attempts_by_time_listing",
		},
		{
			ID: "attempts-unbounded", Class: Never, Area: AreaAttempts,
			Notices:   "Request bodies of any length are kept in attempts, and a list holds as many as are asked for.",
			Kazoo:     "of a body the first 256 KiB are kept, with its length in `req_body_bytes`; a page ends at 32 MiB or 50,000 attempts looked at, a whole list that long is refused (416)",
			Corrected: same,
			Source:    "webhooks_util:debug_req/5; crossbar_view",
		},
	}
}

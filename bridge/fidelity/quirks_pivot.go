package fidelity

// pivotQuirks are those of Pivot: what an app is asked, and what becomes of its answers.
func pivotQuirks() []Quirk {
	return append(pivotKept(), pivotNever()...)
}

func pivotKept() []Quirk {
	kept := func(id, notices, kazoo, corrected, source string) Quirk {
		return Quirk{ID: id, Class: Keep, Area: AreaPivot, Notices: notices, Kazoo: kazoo, Corrected: corrected, Source: source}
	}
	return []Quirk{
		kept("type-guess", "A Content-Type other than the three that are known, letter case included, has the answer read as TwiML and as JSON, whichever fits.",
			"guessed by the body", "letter case does not count; guessed, with a warning", "kzt_translator:find_candidate_translators/1"),
		kept("redirect-get", "301 to 303 turn a POST into a GET without parameters; 308 is not followed; a relative Location is put behind the folder as it stands: dots stay, and a query alone loses the name before it.",
			"as described", "only 307 and 308 are followed, with method and body; Locations as RFC 3986 has them", "httpc"),
		kept("retry-after", "503 with a `Retry-After` below 100 s has the same request sent again after that time.",
			"sent again", "sent again only if that is within the request's timeout", "httpc"),
		kept("utf8-only", "An answer that is not UTF-8 fails, whatever charset it declares. One in UTF-8 whose XML declaration says ISO-8859-1 or ASCII is garbled: each byte counts as a character.",
			"`failed`; garbled, with a warning", "the declared charset is heeded; the XML declaration is not", "kzt_translator:exec/4"),
		kept("default-terminator", "A schema's default beats what the answer says: `terminator` `#` hides `terminators` of `collect_dtmf`, and a `device` without `timeout` rings for 0 s.",
			"the default wins", "`terminators` wins; 0 is 20 s", "kz_json_schema:add_defaults/2"),
		kept("latin1-attributes", "An attribute of TwiML whose value has a character beyond Latin-1 counts as absent: a Variable's value, a name, an address.",
			"absent", "taken as it is", "props:get_binary_value/3"),
		kept("stale-variables", "Setting a variable freezes `Digits`, `CallStatus` and the like among the variables, which later requests repeat.",
			"frozen with it", "only the variable is set", "kzt_translator:get_user_vars/1, set_user_vars/2"),
		kept("record-digits-stay", "After a Record, `Digits` is the key that ended it for the rest of the call, and hides what a later Gather collects.",
			"the Record's key", "what was collected last", "kzt_util:get_digit_pressed/1"),
		kept("stale-dial", "Status, call id and leg of an earlier Dial stay, and count for the next one.",
			"they stay", "each Dial begins without", "kzt_receiver:dial_status/1"),
		kept("url-append", "Relative URLs: a dot in the last part decides whether it is replaced, a leading slash means nothing, and a path may land behind a query.",
			"`http://h/ivr/start` and `next` give `http://h/ivr/start/next`", "as RFC 3986 has it: `http://h/ivr/next`", "kz_http_util:resolve_uri/2"),
		kept("gather-total-timeout", "`timeout` of a Gather is for all digits together, not between two.",
			"in total", "restarted by each digit", "kzt_receiver:collect_dtmfs/5"),
		kept("recording-to-action", "A recording is PUT below the action URL, under one name for each call: a second one replaces the first.",
			"as described", "each recording has a name of its own", "kzt_twiml:record_call/2"),
		kept("dial-record", "`record` on a Dial gives the limit in milliseconds, stores an empty document, uploads nothing and tells no URL.",
			"as described", "seconds, and the URL is told", "kzt_receiver:maybe_start_recording/1"),
		kept("dial-hangs-up", "When a Dial's bridge ends, the caller is hung up, even if nobody answered.",
			"the caller is hung up", "the document goes on", "kzt_receiver:wait_for_offnet/2"),
		kept("dial-timeout", "A Dial that times out rings on, and `DialCallStatus` stays `ringing`.",
			"it rings on", "it is cancelled, and is `no-answer`", "kzt_receiver:wait_for_offnet/2"),
		kept("conference-no-action", "`action` of a Dial into a conference is never asked.",
			"the document ends", "asked", "kzt_twiml_dial:exec/3"),
		kept("any-leg-destroy", "The end of any leg posts a CDR, and ends the worker 3 s later.",
			"each leg's", "the caller's alone, once", "pivot_call:handle_info/2"),
		kept("cdr-no-id", "The CDR does not name its call or account.",
			"without both", "with `Call-ID` and `Account-ID`", "pivot_call:handle_cast/2"),
		kept("hangup-answers", "`<Hangup/>` first answers a call that nobody has answered.",
			"answered first", "not answered", "kzt_twiml:exec/2"),
		kept("late-pivot", "An answer of JSON is run even if the callflow had given up waiting and gone on.",
			"it is run", "it is run while the callflow waits", "cf_exe:handle_channel_pivoted/4"),
	}
}

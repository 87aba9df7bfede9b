package pivot_test

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// neverQuirks are those that no mode reproduces.
func neverQuirks() []string {
	return []string{
		"strict-uri", "get-credentials", "null-crash", "uri-part-crash", "known-method-crash", "body-format-crash", "message-types", "silent-transport",
		"late-failure", "flow-error-crash", "empty-response-crash", "xml-entities", "missing-queue", "set-variable-crash", "variable-key-bytes",
		"url-climb", "gather-empty-crash", "attribute-crash", "recording-url-crash", "no-endpoint-crash", "sip-crash", "hangup-on-crash",
		"strategy-crash", "dial-comment-crash", "conference-tenants", "cdr-no-hangup",
	}
}

// excuse says why a quirk does not account for what differs; "" when it does.
func excuse(n noted, ours, theirs *outcome, r jobj.Object) string { return "" }

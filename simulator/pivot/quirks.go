package pivot

import "github.com/kazoolab/kazoolab/simulator/pivot/request"

// Ids of the catalogue that the engine notes. Those of class never are noted wherever a real Kazoo
// would have crashed, hung or harmed.
const (
	typeGuess          = "type-guess"
	silentTransport    = "silent-transport"
	lateFailure        = "late-failure"
	utf8Only           = "utf8-only"
	flowErrorCrash     = "flow-error-crash"
	emptyResponseCrash = "empty-response-crash"
	xmlEntities        = "xml-entities"
	missingQueue       = "missing-queue"
	messageTypes       = "message-types"
	knownMethodCrash   = "known-method-crash"
	setVariableCrash   = "set-variable-crash"
	staleVariables     = "stale-variables"
	recordDigitsStay   = "record-digits-stay"
	staleDial          = "stale-dial"
	gatherEmptyCrash   = "gather-empty-crash"
	gatherTotalTimeout = "gather-total-timeout"
	attributeCrash     = "attribute-crash"
	latin1Attributes   = "latin1-attributes"
	recordingURLCrash  = "recording-url-crash"
	recordingToAction  = "recording-to-action"
	noEndpointCrash    = "no-endpoint-crash"
	sipCrash           = "sip-crash"
	hangupOnCrash      = "hangup-on-crash"
	strategyCrash      = "strategy-crash"
	dialCommentCrash   = "dial-comment-crash"
	dialRecord         = "dial-record"
	dialHangsUp        = "dial-hangs-up"
	dialTimeout        = "dial-timeout"
	conferenceNoAction = "conference-no-action"
	conferenceTenants  = "conference-tenants"
	cdrNoHangup        = "cdr-no-hangup"
	anyLegDestroy      = "any-leg-destroy"
	cdrNoID            = "cdr-no-id"
	nullCrash          = "null-crash"
	hangupAnswers      = "hangup-answers"
)

// kept is whether a quirk is one that compat kazoo reproduces.
func kept(quirk string) bool {
	switch quirk {
	case typeGuess, utf8Only, staleVariables, recordDigitsStay, staleDial, gatherTotalTimeout, recordingToAction, dialRecord, dialHangsUp, dialTimeout,
		conferenceNoAction, anyLegDestroy, cdrNoID, hangupAnswers, request.URLAppend, request.ThreePartCredentials:
		return true
	}
	return false
}

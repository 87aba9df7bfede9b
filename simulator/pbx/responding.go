package pbx

import "fmt"

// Respond ends a call that nobody has answered with a SIP status of 300 or more.
func (ch *Channel) Respond(code int) error {
	if err := ch.must("refuse", isRinging, isEarly); err != nil {
		return err
	}
	ch.failed, ch.failedCode = causeOf(code), fmt.Sprintf("sip:%d", code)
	return ch.Hangup(ch.failed)
}

// causeOf is the cause that goes with a final SIP status (FreeSWITCH's sofia_glue).
func causeOf(code int) string {
	switch code {
	case 401, 402, 403, 407, 603, 608:
		return "CALL_REJECTED"
	case 404, 485, 604:
		return "UNALLOCATED_NUMBER"
	case 405:
		return "SERVICE_UNAVAILABLE"
	case 406, 415, 501:
		return "SERVICE_NOT_IMPLEMENTED"
	case 408, 504:
		return "RECOVERY_ON_TIMER_EXPIRE"
	case 410:
		return "NUMBER_CHANGED"
	case 480:
		return "NO_USER_RESPONSE"
	case 400, 481, 500, 503:
		return "NORMAL_TEMPORARY_FAILURE"
	case 482, 483:
		return "EXCHANGE_ROUTING_ERROR"
	case 484:
		return "INVALID_NUMBER_FORMAT"
	case 486, 600:
		return "USER_BUSY"
	case 487:
		return "ORIGINATOR_CANCEL"
	case 488, 606:
		return "INCOMPATIBLE_DESTINATION"
	case 502:
		return "NETWORK_OUT_OF_ORDER"
	}
	return "NORMAL_UNSPECIFIED"
}

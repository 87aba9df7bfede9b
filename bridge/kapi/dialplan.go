package kapi

// DialplanError says that a command to a call was not done (kapi_dialplan:publish_error/3).
func DialplanError() Publication {
	return Publication{
		Definition: Definition{
			Category: "error",
			Name:     "dialplan",
			Optional: []string{"Custom-Channel-Vars", "Request", "Call-ID"},
			Required: []string{"Channel-Call-State", "Channel-State", "Dialplan-Error", "Error-Message"},
		},
		Exchange: ExchangeCallEvents,
		Address:  Address{literal("call.dialplan"), encoded("Call-ID")},
	}
}

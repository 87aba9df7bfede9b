package kapi

import "strings"

// CategoryCallRecord is the Event-Category of ExchangeCallRecords.
const CategoryCallRecord = "cdr"

// callPublications are what a switch says of its calls, and who commands them.
func callPublications() []Publication {
	usurp := func(name, what string) Publication {
		return Publication{
			Definition: Definition{
				Category: CategoryCallEvent,
				Name:     name,
				Optional: []string{"Media-Node", "Reason"},
				Required: []string{"Call-ID", what},
			},
			Exchange: ExchangeCallEvents,
			Address:  Address{literal("call." + name), encoded("Call-ID")},
		}
	}
	return []Publication{
		RouteRequest(),
		usurp("usurp_control", "Fetch-ID"),
		usurp("usurp_publisher", "Reference"),
		{
			Definition: CallEvent(),
			Exchange:   ExchangeCallEvents,
			Address:    Address{literal("call"), raw("Event-Name"), callEventSegment()},
			Labelled:   true,
		},
		{
			Definition: callRecord(),
			Exchange:   ExchangeCallRecords,
			Address:    Address{literal("cdr.report"), raw("Account-ID"), encoded("Call-ID")},
		},
	}
}

// callRecord is the definition of a call's record (kapi_cdr).
func callRecord() Definition {
	return Definition{
		Category: CategoryCallRecord,
		Name:     "report",
		Optional: strings.Fields(`
			Timestamp Channel-Created-Time Call-Interaction Call-Direction Channel-State
			Channel-Call-State Channel-Name Channel-Answer-State Caller-ID-Number Caller-ID-Name
			Callee-ID-Number Callee-ID-Name Caller-Profile Caller-Context Caller-Dialplan To-Tag
			From-Tag Presence-ID Media-Server Switch-Hostname Switch-Nodename Switch-URL
			Switch-URI User-Agent Custom-Application-Vars Custom-Channel-Vars
			Custom-SIP-Headers Call-Control Request To To-URI From From-URI
			Caller-Destination-Number Originated-Legs Other-Leg-Direction
			Other-Leg-Caller-ID-Name Other-Leg-Caller-ID-Number Other-Leg-Destination-Number
			Other-Leg-Call-ID Other-Leg Remote-SDP Local-SDP Duration-Seconds Ringing-Seconds
			Billing-Seconds Hangup-Code Hangup-Cause Disposition Extended-Data Transfer-History
			Originating-Leg-UUID Call-Debug`),
		Required: []string{"Account-ID", "Call-ID"},
	}
}

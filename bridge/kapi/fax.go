package kapi

import "strings"

// Event-Categories of ExchangeFaxes.
const (
	CategoryFax      = "fax"
	CategoryFaxStart = "start"
)

// faxPublications are the states of faxes and the requests to send and receive them
// (kapi_fax).
func faxPublications() []Publication {
	start := func(name string, to Segment, required ...string) Publication {
		return Publication{
			Definition: Definition{Category: CategoryFaxStart, Name: name, Required: required},
			Exchange:   ExchangeFaxes,
			Address:    Address{literal("fax.start." + name), to},
		}
	}
	return []Publication{
		{
			Definition: Definition{
				Category: CategoryFax,
				Name:     "status",
				Optional: strings.Fields(`Status FaxBox-ID Account-ID Fax-Info Cloud-Job-ID Cloud-Printer-ID Fax-State
					Direction Page Stage Caller-ID-Number Caller-ID-Name Callee-ID-Number Callee-ID-Name`),
				Required: []string{"Job-ID"},
				Rules: []Rule{
					{Field: "Fax-State", OneOf: strings.Fields("start prepare send receive end error")},
					{Field: "Direction", OneOf: []string{"incoming", "outgoing"}},
				},
			},
			Exchange: ExchangeFaxes,
			Address:  Address{literal("fax.status"), raw("Account-ID"), encoded("Fax-ID", "Job-ID")},
		},
		start("account", encoded("Account-ID"), "Account-ID"),
		start("job", encoded("Job-ID"), "Job-ID", "Account-ID", "To-Number", "Control-Queue"),
		{
			Definition: Definition{
				Category: CategoryDialplan,
				Name:     "fax_req",
				Optional: []string{"Owner-ID", "FaxBox-ID", "Fax-T38-Option"},
				Required: []string{"Call", "Action"},
				Rules: []Rule{
					{Field: "Call", Kind: KindObject},
					{Field: "Action", OneOf: []string{"receive", "transmit"}},
				},
			},
			Exchange: ExchangeCallManager,
			Address:  Address{literal("fax.req")},
		},
	}
}

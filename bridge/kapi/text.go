package kapi

import "strings"

// Event-Categories of ExchangeMessages.
const (
	CategorySMS = "sms"
	CategoryMMS = "mms"
)

// InboundMessage is the definition of a text message that arrived
// (kapi_im:inbound_definition/0); category is CategorySMS or CategoryMMS.
func InboundMessage(category string) Definition {
	return Definition{
		Category: category,
		Name:     "inbound",
		Optional: strings.Fields("Custom-Vars Custom-SIP-Headers Request Account-ID Route-Type System-ID Route-ID Transaction-ID Charges"),
		Required: strings.Fields("Message-ID Body From To"),
		Rules:    messageRules(),
	}
}

func messageRules() []Rule {
	return []Rule{
		{Field: "To", Kind: KindText},
		{Field: "From", Kind: KindText},
		{Field: "Request", Kind: KindText},
		{Field: "Message-ID", Kind: KindText},
		{Field: "System-ID", Kind: KindText},
		{Field: "Body", Kind: KindText},
		{Field: "Custom-Vars", Kind: KindObject},
		{Field: "Route-Type", OneOf: []string{"onnet", "offnet"}},
	}
}

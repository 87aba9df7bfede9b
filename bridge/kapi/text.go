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

// outboundMessage is the definition of one that is to be sent
// (kapi_im:outbound_definition/0).
func outboundMessage(category string) Definition {
	return Definition{
		Category: category,
		Name:     "outbound",
		Optional: strings.Fields(`Custom-Vars Custom-SIP-Headers Request Account-ID Application-ID Route-Type System-ID
			Route-ID Originator-Properties Target-Properties Originator-Flags Target-Flags Endpoints Transaction-ID Charges`),
		Required: strings.Fields("Message-ID Body From To"),
		Rules:    append(messageRules(), Rule{Field: "Endpoints", Kind: KindList}),
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

// textPublications are text messages that came and that are to go. The body of an
// MMS travels compressed.
func textPublications() []Publication {
	on := func(def Definition, route string) Publication {
		way := encoded(route).of(strings.ToLower)
		way.Optional = true // without it the key is a word short, and no hook's binding matches
		return Publication{
			Definition: def,
			Exchange:   ExchangeMessages,
			Address:    Address{literal(def.Category + "." + def.Name), way, encoded("Message-ID")},
			Gzip:       def.Category == CategoryMMS,
		}
	}
	return []Publication{
		on(InboundMessage(CategorySMS), "Route-Type"),
		on(InboundMessage(CategoryMMS), "Route-Type"),
		on(outboundMessage(CategorySMS), "Route-ID"),
		on(outboundMessage(CategoryMMS), "Route-ID"),
	}
}

package kapi

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// PivotTrouble is the message by which an engine tells whoever made a call, in sentences, that its
// application has failed. It is ours: Kazoo writes that into a log at most.
func PivotTrouble() Definition {
	return Definition{
		Category: categoryPivot,
		Name:     "trouble",
		Required: []string{"Account-ID", "Call-ID", "Text"},
		Optional: []string{"Kazoo", "Debug"},
		Rules:    []Rule{{Field: "Debug", Kind: KindBoolean}},
	}
}

// PivotTroubleKey is the routing key of those of a call.
func PivotTroubleKey(callID string) string { return "trouble." + EncodeKey(callID) }

// PivotTroubleMessage is one. text says what has failed and why, kazoo what a real Kazoo does, or is "";
// debug is whether requests and answers are stored. The error is an *InvalidMessageError.
func PivotTroubleMessage(from Sender, accountID, callID, text, kazoo string, debug bool) (Message, error) {
	return Publication{Definition: PivotTrouble(), Exchange: ExchangePivot, Address: Address{literal("trouble"), encoded("Call-ID")}}.Message(from, jobj.Object{
		{Key: "Account-ID", Value: accountID},
		{Key: "Call-ID", Value: callID},
		{Key: "Text", Value: text},
		{Key: "Kazoo", Value: kazoo},
		{Key: "Debug", Value: debug},
	})
}

package kapi

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

const (
	// ExchangePivot carries what a Pivot engine and the nodes of a bridge have to say to each
	// other. It is ours: Kazoo's engine writes into the database that it shares with REST.
	ExchangePivot = "kazoolab.pivot"
	// PivotDebugKey is the routing key of debug documents.
	PivotDebugKey = "debug"
	// TypePivotDebug is the pvt_type of such a document (kzt_util, pivot_call:store_debug/2).
	TypePivotDebug = "pivot_debug"
)

// categoryPivot is the Event-Category of what a Pivot engine says.
const categoryPivot = "pivot"

// PivotDebug is the message by which an engine has a debug document stored: a request, a
// response, or what is wrong with an answer. Document is as it is to be stored, without _id.
func PivotDebug() Definition {
	return Definition{
		Category: categoryPivot,
		Name:     "debug",
		Required: []string{"Account-ID", "Document"},
		Rules:    []Rule{{Field: "Document", Kind: KindObject}},
	}
}

// PivotDebugMessage is a debug document of an account on its way to a bridge. The error is an
// *InvalidMessageError.
func PivotDebugMessage(from Sender, accountID string, document jobj.Object) (Message, error) {
	m, err := Publication{Definition: PivotDebug(), Exchange: ExchangePivot, Address: Address{literal(PivotDebugKey)}}.Message(from, jobj.Object{
		{Key: "Account-ID", Value: accountID},
		{Key: "Document", Value: document},
	})
	return m, err
}

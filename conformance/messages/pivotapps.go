package messages

import "fmt"

// What engines and nodes have to say to each other of apps of Pivot at websockets goes by the exchange
// targeted, but for this, which is for all: the first from nodes, the second from engines.
const (
	PivotAppsExchange = "kapps"
	PivotAppsKey      = "kazoolab.pivot.apps"
	PivotAskKey       = "kazoolab.pivot.ask"
)

// PivotApps is a message of an engine or a node to the other, which answers at queue. more are further
// members as text.
func PivotApps(name, queue, messageID string, more ...string) []byte {
	return object([]string{
		`"Event-Category":"kazoolab_pivot_apps"`, fmt.Sprintf(`"Event-Name":%q`, name), fmt.Sprintf(`"Msg-ID":%q`, messageID),
		`"Node":"kazoolab@certify.example.com"`, `"App-Name":"kazoolab"`, `"App-Version":"4.0.0"`, fmt.Sprintf(`"Server-ID":%q`, queue),
	}, more)
}

// PivotApp is an app at a node that the harness plays: ID is that of its registration, Queue the node's.
type PivotApp struct{ ID, Account, Name, Queue string }

// Announced says that the node has the app.
func (a PivotApp) Announced(messageID string) []byte {
	return a.told(messageID, "")
}

// Withdrawn says that it has it no more.
func (a PivotApp) Withdrawn(messageID string) []byte {
	return a.told(messageID, `,"Withdrawn":true`)
}

func (a PivotApp) told(messageID, more string) []byte {
	return PivotApps("apps", a.Queue, messageID, `"Run":"certify"`,
		fmt.Sprintf(`"Apps":[{"ID":%q,"Account-ID":%q,"App":%q,"Max-Calls":100%s}]`, a.ID, a.Account, a.Name, more))
}

// Failing answers a request with a status that nothing is done of.
func (a PivotApp) Failing(requestID, messageID string) []byte {
	return PivotApps("answer", a.Queue, messageID, fmt.Sprintf(`"Pivot-ID":%q`, requestID), fmt.Sprintf(`"Registration":%q`, a.ID), `"Status":404`)
}

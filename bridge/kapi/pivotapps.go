package kapi

import (
	"encoding/json"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// CategoryPivotApps is the Event-Category of messages between an engine that runs calls
// and the nodes whose websockets serve Pivot applications. They are none of Kazoo's.
const CategoryPivotApps = "kazoolab_pivot_apps"

// Routing keys on ExchangeApplications. All else goes straight to the queue of an engine
// or a node, by ExchangeTargeted.
const (
	PivotAppsKey    = "kazoolab.pivot.apps" // from nodes: which applications they have
	PivotAppsAskKey = "kazoolab.pivot.ask"  // from an engine: all nodes are to say that again
)

// Event-Names of these messages.
const (
	PivotApps    = "apps"    // node to all: Apps, which replace those of the same id
	PivotAsk     = "ask"     // engine to all
	PivotRequest = "request" // engine to node: Data is for the socket of Registration
	PivotRefused = "refused" // node to engine: the request went nowhere; Reason says why
	PivotLost    = "lost"    // node to engine: the socket is gone, and had not answered
	PivotAnswer  = "answer"  // node to engine
	PivotVerdict = "verdict" // engine to node: Reason is what becomes of the answer
	PivotCancel  = "cancel"  // engine to node: the request is not wanted any more, by Reason
	PivotResult  = "result"  // engine to node: what the answer led to, in Data
	PivotCDR     = "cdr"     // engine to node: Data is for the socket of Registration
)

// Reasons of PivotRefused.
const (
	PivotBusy = "busy" // the application has as many requests as it accepts
	PivotGone = "gone" // there is no such registration
)

// Reasons of PivotVerdict.
const (
	PivotAccepted = "accepted"
	PivotAnswered = "answered" // another answer was before
	PivotExpired  = "expired"
	PivotUnknown  = "unknown"
)

// Reasons of PivotCancel.
const (
	PivotHangup  = "hangup"
	PivotTimeout = "timeout"
)

// PivotApp is one application at one socket of a node.
type PivotApp struct {
	ID        string `json:"ID"` // of the registration
	AccountID string `json:"Account-ID"`
	App       string `json:"App"`
	MaxCalls  int    `json:"Max-Calls"`           // requests at one time
	Resumes   string `json:"Resumes,omitempty"`   // the registration whose calls it takes over
	Leaving   bool   `json:"Leaving,omitempty"`   // it takes no new calls
	Withdrawn bool   `json:"Withdrawn,omitempty"` // it is gone
}

// PivotAppsMessage is any of these messages. Its JSON is its text on the bus.
type PivotAppsMessage struct {
	Category string `json:"Event-Category"`
	Name     string `json:"Event-Name"`
	MsgID    string `json:"Msg-ID"`
	Node     string `json:"Node"` // name of the sender, as name@host
	AppName  string `json:"App-Name"`
	Version  string `json:"App-Version"`
	// ServerID is the queue of the sender.
	ServerID string `json:"Server-ID,omitempty"`
	// Run tells the runs of a node apart.
	Run  string     `json:"Run,omitempty"`
	Apps []PivotApp `json:"Apps,omitempty"`

	PivotID      string      `json:"Pivot-ID,omitempty"` // of the request
	Registration string      `json:"Registration,omitempty"`
	AccountID    string      `json:"Account-ID,omitempty"`
	App          string      `json:"App,omitempty"`
	Left         int64       `json:"Time-Left,omitempty"` // milliseconds for an answer
	Redelivered  bool        `json:"Redelivered,omitempty"`
	Data         jobj.Object `json:"Data,omitempty"`
	Reason       string      `json:"Reason,omitempty"`

	// Of an answer.
	Status      int    `json:"Status,omitempty"`
	ContentType string `json:"Content-Type,omitempty"`
	Body        string `json:"Body,omitempty"`
}

// Text is the message as JSON.
func (m PivotAppsMessage) Text() ([]byte, error) { return json.Marshal(m) }

// ReadPivotAppsMessage reads one.
func ReadPivotAppsMessage(text []byte) (PivotAppsMessage, error) {
	var m PivotAppsMessage
	err := json.Unmarshal(text, &m)
	return m, err
}

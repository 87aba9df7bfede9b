package bridge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// debugQueue is shared by all nodes: each document is stored once.
	debugQueue = "kazoolab.pivot.debug"
	// maxDebugWaiting is how many documents wait while no node is there, and maxDebugBytes how
	// large they are together; older ones go first.
	maxDebugWaiting = 10_000
	maxDebugBytes   = 64 << 20
	// debugPrefetch is how many documents are in a node's hands at once.
	debugPrefetch = 16
	// debugPause is between two tries to store a document, which the database may refuse for as
	// long as it is away.
	debugPause = time.Second
	// maxDebugMember is how much of a member of a document is kept, in bytes: of a text, such as
	// the body of an answer, its beginning; of anything else all or nothing.
	maxDebugMember = 256 << 10
	// debugCut is behind the name of the member that says how large one was that is not whole.
	debugCut = "_cut"
	// maxDebugCallID is the longest call id by which documents are found, in bytes.
	maxDebugCallID = 400
)

// pivotDebug stores the debug documents of Pivot's engines, which have no database of their own.
type pivotDebug struct{ *Bridge }

// subscribe begins to take documents. What is told of no account of this bridge is dropped.
func (p pivotDebug) subscribe() error {
	running := p.changes.running
	p.bus.DeclareExchange(kapi.ExchangePivot, kapi.ExchangeType(kapi.ExchangePivot))
	_, err := p.bus.Consume(bus.Consumer{
		Queue: bus.Queue{Name: debugQueue, Durable: true, Args: map[string]any{
			"x-max-length": int32(maxDebugWaiting), "x-max-length-bytes": int32(maxDebugBytes), "x-overflow": "drop-head",
		}},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangePivot, Key: kapi.PivotDebugKey}},
		Prefetch: debugPrefetch,
		Handle: func(d bus.Delivery) {
			doc, err := p.read(d.Body)
			if err != nil {
				p.cfg.Log.Warn("a debug document of Pivot is dropped", "error", err)
				_ = d.Ack()
				return
			}
			if _, err := p.cfg.Store.Save(running, doc); err != nil {
				p.cfg.Log.Warn("a debug document of Pivot is not stored yet", "account_id", doc.AccountID, "call_id", doc.Body.String("call_id"), "error", err)
				_ = clock.Sleep(running, clock.System(), debugPause)
				_ = d.Nack(true)
				return
			}
			_ = d.Ack() // where the connection is lost the document comes again, and stands twice
		},
	})
	return err
}

// read makes a document of a message: it lies in the database of the month that it is now.
func (p pivotDebug) read(body []byte) (store.Document, error) {
	message, err := jobj.ParseObject(body)
	if err != nil {
		return store.Document{}, fmt.Errorf("the message cannot be read: %w", err)
	}
	accountID, document := message.String("Account-ID"), message.Object("Document")
	owner, known := p.directory.Get(accountID)
	switch {
	case !known:
		return store.Document{}, errors.New("Account-ID is no account of this bridge")
	case document.String("call_id") == "" || len(document.String("call_id")) > maxDebugCallID:
		return store.Document{}, fmt.Errorf("the call_id of Document must have 1 to %d bytes", maxDebugCallID)
	}
	document = bounded(document)
	db := kapi.MonthlyDB(owner.ID, p.cfg.Clock.Now())
	return store.Document{
		DB: db, ID: p.cfg.IDs.Hex(32), Type: kapi.TypePivotDebug, AccountID: owner.ID,
		Body: document.Set("pvt_account_db", db).Set("pvt_node", message.String("Node")),
	}, nil
}

// bounded is a document of which each member has its limit. Engines are asked by what anybody
// wrote, so that a URL or a list of mistakes may be as large as a body.
func bounded(document jobj.Object) jobj.Object {
	kept := make(jobj.Object, 0, len(document))
	var cut jobj.Object
	for _, m := range document {
		var size int
		switch v := m.Value.(type) {
		case string:
			if size = len(v); size > maxDebugMember {
				m.Value = strings.ToValidUTF8(v[:maxDebugMember], "")
			}
			kept = append(kept, m)
		default:
			if size = len(jobj.Append(nil, v)); size <= maxDebugMember {
				kept = append(kept, m)
			}
		}
		if size > maxDebugMember {
			cut = append(cut, jobj.Member{Key: m.Key + debugCut, Value: size})
		}
	}
	for _, m := range cut {
		kept = kept.Put(m.Key, m.Value)
	}
	return kept
}

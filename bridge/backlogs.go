package bridge

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// retryKey routes the word that a backlog is to be tried again to every node, on
// ExchangeApplications. It is ours: in Kazoo nothing waits. On the exchange of document
// changes it reached the work queue, too, and became a dead letter.
const retryKey = "kazoolab.backlog.retry"

// presence is the store as a node shows itself in it.
type presence struct {
	*store.Store
	sockets bool
}

// Seen notes that the node lives, and whether it answers for websockets.
func (p presence) Seen(ctx context.Context, node string) error {
	return p.Store.Seen(ctx, node, p.sockets)
}

// backlogs are the deliveries that wait in the store, as REST sees them.
type backlogs struct{ *Bridge }

// Backlogs lists those of an account, "" being all.
func (b backlogs) Backlogs(ctx context.Context, accountID string) ([]crossbar.Backlog, error) {
	found, err := b.cfg.Store.Backlogs(ctx, accountID)
	var rows []crossbar.Backlog
	for _, row := range found {
		if row.Waiting <= 0 { // the node that has it finds that in a moment
			continue
		}
		rows = append(rows, crossbar.Backlog{
			AccountID: row.AccountID, HookID: row.HookID, Waiting: int(row.Waiting), Since: row.Since, Node: nameOfRun(row.Holder),
		})
	}
	return rows, err
}

// runMark stands between the name of a node and what tells its runs apart.
const runMark = "#"

// newRun is what a node is called in the store: never as in an earlier run.
func newRun(nodeName string) string { return nodeName + runMark + ids.New().Hex(16) }

// nameOfRun is the name of the node, as it is in the log and in dead letters.
func nameOfRun(run string) string {
	name, _, _ := strings.Cut(run, runMark)
	return name
}

// DropBacklog deletes what waits for a hook. What a node has taken out already is
// delivered all the same.
func (b backlogs) DropBacklog(ctx context.Context, accountID, hookID string) (int, error) {
	n, err := b.cfg.Store.DropParked(ctx, store.HookKey{AccountID: accountID, HookID: hookID})
	return int(n), err
}

// retry names a hook in the word that its backlog is to be tried again.
type retry struct {
	AccountID string `json:"Account-ID"`
	HookID    string `json:"Hook-ID"`
}

// ProbeBacklog tells every node, of which one has the backlog.
func (b backlogs) ProbeBacklog(ctx context.Context, accountID, hookID string) error {
	body, err := json.Marshal(retry{accountID, hookID})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	return b.bus.Publish(ctx, bus.Message{Exchange: kapi.ExchangeApplications, Key: retryKey, Body: body})
}

// hearRetries has backlogs tried again here that any node was asked for.
func (b *Bridge) hearRetries() error {
	b.bus.DeclareExchange(kapi.ExchangeApplications, kapi.ExchangeType(kapi.ExchangeApplications))
	_, err := b.bus.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "backlogs", Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeApplications, Key: retryKey}},
		NoAck:    true, // one that is lost is asked for again
		Handle: func(d bus.Delivery) {
			var hook retry
			if err := json.Unmarshal(d.Body, &hook); err != nil {
				b.cfg.Log.Warn("message about a backlog dropped", "error", err)
				return
			}
			b.engine.Probe(store.HookKey(hook))
		},
	})
	return err
}

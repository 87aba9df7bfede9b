package crossbar

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// extension is the endpoint of all that Kazoo does not have, below an account and
// with the same rights as everything there.
const extension = "kazoolab"

func (h *handler) extensionFamily() family {
	return family{name: extension, clauses: []clause{
		{args: []string{"failures"}, operations: []operation{{method: http.MethodGet, within: h.listFailures}}},
		{args: []string{"hooks", "*", "test"}, operations: []operation{{method: http.MethodPost, within: h.tryHook, metered: true}}},
		{args: []string{"events"}, operations: []operation{{method: http.MethodGet, within: h.listEvents}}},
		{args: []string{"events", "*"}, operations: []operation{{method: http.MethodGet, within: h.explainEvent}}},
		{args: []string{"attempts"}, operations: []operation{{method: http.MethodGet, within: h.listMarkedAttempts}}},
		{args: []string{"attempts", "*"}, operations: []operation{{method: http.MethodGet, within: h.getAttempt}}},
		{args: []string{"attempts", "*", "replay"}, operations: []operation{{method: http.MethodPost, within: h.replayAttempt}}},
		{args: []string{"backlogs"}, operations: []operation{{method: http.MethodGet, within: h.listBacklogs}}},
		{args: []string{"backlogs", "*"}, operations: []operation{
			{method: http.MethodPost, within: h.retryBacklog}, {method: http.MethodDelete, within: h.dropBacklog},
		}},
	}}
}

// listFailures tells of each hook how many of its failures count now, and how many
// within how long would switch it off.
func (h *handler) listFailures(ctx context.Context, req *request) (outcome, error) {
	docs, err := h.hooksOf(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	hooks, limits := make([]disabler.Key, len(docs)), make(map[disabler.Key]disabler.Limit, len(docs))
	for i, doc := range docs {
		hooks[i] = disabler.Key{AccountID: doc.AccountID, HookID: doc.ID, Revision: doc.Revision()}
		limits[hooks[i]] = h.failureLimit(doc)
	}
	var counts map[disabler.Key]int // nil where nobody counts
	if h.Failures != nil {
		if counts, err = h.Failures.Count(ctx, req.account.ID, limits); err != nil {
			return outcome{}, err
		}
	}
	rows := make([]row, len(docs))
	for i, doc := range docs {
		limit := limits[hooks[i]]
		rows[i] = row{key: doc.ID, stored: stored(doc), value: jobj.Object{
			{Key: "id", Value: doc.ID},
			{Key: "failures", Value: counts[hooks[i]]},
			{Key: disabler.CountKey, Value: limit.Failures},
			{Key: disabler.WindowKey, Value: limit.Within.Milliseconds()},
		}}
	}
	return req.listing(rows, true)
}

// failureLimit is what holds for a hook.
func (h *handler) failureLimit(doc store.Document) disabler.Limit {
	if h.Failures == nil {
		return h.FailureLimit
	}
	return disabler.OfHook(doc.Body).Or(h.Failures.Limit(doc.AccountID))
}

package crossbar

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Backlog is the deliveries that wait in the store for one hook.
type Backlog struct {
	AccountID, HookID string
	Waiting           int       // deliveries
	Since             time.Time // when the oldest came
	Node              string    // who delivers it now; "" is nobody
}

// Backlogs are those of all nodes.
type Backlogs interface {
	// Backlogs lists those of one account, and with "" those of every account.
	Backlogs(ctx context.Context, accountID string) ([]Backlog, error)
	// DropBacklog deletes what waits for a hook, and returns how many deliveries that
	// were.
	DropBacklog(ctx context.Context, accountID, hookID string) (int, error)
	// ProbeBacklog has the hook's receiver tried without delay, by whichever node
	// delivers the backlog.
	ProbeBacklog(ctx context.Context, accountID, hookID string) error
}

// listBacklogs tells for which hooks of the account and of those below it deliveries
// wait.
func (h *handler) listBacklogs(ctx context.Context, req *request) (outcome, error) {
	backlogs, err := h.backlogsOf(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	rows := make([]row, len(backlogs))
	for i, b := range backlogs {
		rows[i] = row{key: b.AccountID + b.HookID, value: backlogView(b)}
	}
	return req.listing(rows, true)
}

func backlogView(b Backlog) jobj.Object {
	return jobj.Object{
		{Key: "account_id", Value: b.AccountID},
		{Key: "hook_id", Value: b.HookID},
		{Key: "waiting", Value: b.Waiting},
		{Key: "since", Value: b.Since.UTC().Format(time.RFC3339)},
		{Key: "node", Value: b.Node},
	}
}

// backlogsOf reads those of the path's account and of the accounts below it.
func (h *handler) backlogsOf(ctx context.Context, req *request) ([]Backlog, error) {
	if h.Backlogs == nil {
		return nil, nil
	}
	all, err := h.Backlogs.Backlogs(ctx, "")
	if err != nil {
		return nil, err
	}
	shown := h.within(req)
	return slices.DeleteFunc(all, func(b Backlog) bool { return !shown(b.AccountID) }), nil
}

// loadBacklog finds that of the path's hook, of the account account_id where that is
// given: hooks that callflows bring may have the same id in several. To those who may
// not know of it, it does not exist.
func (h *handler) loadBacklog(ctx context.Context, req *request) (Backlog, error) {
	id := req.arg(1)
	backlogs, err := h.backlogsOf(ctx, req)
	if err != nil {
		return Backlog{}, err
	}
	owner := cmp.Or(req.text("account_id"), req.account.ID)
	found := slices.DeleteFunc(backlogs, func(b Backlog) bool { return b.HookID != id })
	i := slices.IndexFunc(found, func(b Backlog) bool { return b.AccountID == owner })
	switch {
	case i >= 0:
		return found[i], nil
	case len(found) > 0 && req.text("account_id") == "":
		return found[0], nil
	}
	req.hint("nothing waits for hook %s", id)
	return Backlog{}, badIdentifier(id)
}

// dropBacklog deletes what waits for a hook. The answer is the backlog, with how many
// deliveries were dropped as what waited.
func (h *handler) dropBacklog(ctx context.Context, req *request) (outcome, error) {
	b, err := h.loadBacklog(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: backlogView(b), commit: func(ctx context.Context) (outcome, error) {
		b.Waiting, err = h.Backlogs.DropBacklog(ctx, b.AccountID, b.HookID)
		return outcome{data: backlogView(b)}, err
	}}, nil
}

// retryBacklog has a hook's receiver tried now instead of after its pause.
func (h *handler) retryBacklog(ctx context.Context, req *request) (outcome, error) {
	b, err := h.loadBacklog(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	if action, _ := req.object().Get("action"); action != "retry" {
		return outcome{}, violation("action", "enum", "value not found in enumerated list of values",
			jobj.Member{Key: "target", Value: []any{"retry"}})
	}
	return outcome{data: backlogView(b), commit: func(ctx context.Context) (outcome, error) {
		return outcome{data: backlogView(b)}, h.Backlogs.ProbeBacklog(ctx, b.AccountID, b.HookID)
	}}, nil
}

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// disabling switches hooks off that fail too often (webhooks_disabler), on whatever
// nodes they do.
type disabling struct {
	failures *failures
	settings *disabler.Settings
	hooks    *webhooks.Registry
	store    hookDocuments
	publish  func(context.Context, ...kapi.DocChange) // returns when the hooks have left the table
	send     func(bus.Message)
	clock    clock.Clock
	ids      *ids.Source
	log      *slog.Logger
	node     string
	every    time.Duration // between two checks; 0 checks never
	disabled prometheus.Counter
}

type hookDocuments interface {
	Get(ctx context.Context, db, id string) (store.Document, error)
	Save(ctx context.Context, doc store.Document) (store.Document, error)
}

// newDisabling makes what New can make of it; Run adds what it starts itself.
func newDisabling(cfg Config, hooks *webhooks.Registry, reseller func(accountID string) string) *disabling {
	d := &disabling{
		failures: newFailures(cfg),
		settings: disabler.NewSettings(cfg.Webhooks.FailureLimit, cfg.Webhooks.Dialect, reseller),
		hooks:    hooks, store: cfg.Store, clock: cfg.Clock, ids: cfg.IDs, log: cfg.Log, node: cfg.NodeName,
		disabled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kazoolab_webhook_disabled_total", Help: "Hooks that this node switched off for their failures.",
		}),
	}
	if !cfg.Webhooks.DisableDisabler {
		d.every = cfg.Webhooks.FailureLimit.Within / 4
	}
	return d
}

// Failed remembers a failed try. The hook that a callflow's message brings is no
// document that could be switched off.
func (d *disabling) Failed(hook *webhooks.Hook, at time.Time) {
	if hook.Own {
		return
	}
	d.failures.failed(versionOf(hook), at, hook.Limit.Or(d.settings.Limit(hook.AccountID)))
}

func versionOf(hook *webhooks.Hook) disabler.Key {
	return disabler.Key{AccountID: hook.AccountID, HookID: hook.ID, Revision: hook.Revision}
}

// Count is how many failures of an account's hooks count now, whichever node met them.
func (d *disabling) Count(ctx context.Context, accountID string, hooks map[disabler.Key]disabler.Limit) (map[disabler.Key]int, error) {
	return d.failures.count(ctx, accountID, hooks)
}

// Limit is what holds for the hooks of an account that say nothing themselves.
func (d *disabling) Limit(accountID string) disabler.Limit { return d.settings.Limit(accountID) }

// run checks until ctx ends.
func (d *disabling) run(ctx context.Context) {
	if d.every <= 0 {
		return
	}
	for clock.Sleep(ctx, d.clock, d.every) == nil {
		d.check(ctx)
	}
}

// check switches off every hook that has failed too often. Nodes check by themselves,
// each what all have met; of two that find the same the one that saves first tells.
func (d *disabling) check(ctx context.Context) {
	suspects, err := d.suspects(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.log.Error("failures of other nodes cannot be read; looked at again later", "error", err, "later", d.every)
		}
		return
	}
	var changes []kapi.DocChange
	var off []disabler.Key
	for _, s := range suspects {
		saved, err := d.switchOff(ctx, s.hook)
		switch {
		case errors.Is(err, errNothingToDo):
		case err != nil:
			d.log.Error("a webhook that fails too often cannot be switched off; tried again later",
				"hook_id", s.hook.HookID, "account_id", s.hook.AccountID, "failures", s.failures, "error", err)
			continue
		default:
			d.disabled.Inc()
			d.log.Warn("webhook switched off: too many failed attempts", "hook_id", s.hook.HookID, "account_id", s.hook.AccountID,
				"failures", s.failures, "limit", s.limit.Failures, "within", s.limit.Within)
			changes = append(changes, saved.Change(kapi.ActionEdited))
			off = append(off, s.hook)
		}
		d.failures.forget(s.hook)
	}
	if len(off) == 0 {
		return
	}
	d.publish(ctx, changes...)
	for _, key := range off {
		d.notify(key)
	}
}

// suspect is a hook that has failed too often.
type suspect struct {
	hook     disabler.Key
	failures int
	limit    disabler.Limit
}

// suspects looks at the failures of every hook that is on, and forgets those of what
// is no longer on in that version.
func (d *disabling) suspects(ctx context.Context) ([]suspect, error) {
	var found []suspect
	for failed, err := range d.failures.everywhere(ctx) {
		if err != nil {
			return nil, err
		}
		hook := d.hooks.Get(failed.hook.AccountID, failed.hook.HookID)
		if hook == nil || hook.Revision != failed.hook.Revision {
			d.failures.forget(failed.hook)
			continue
		}
		limit := hook.Limit.Or(d.settings.Limit(hook.AccountID))
		if verdict := d.failures.look(failed, limit); verdict.TooMany {
			found = append(found, suspect{hook: failed.hook, failures: verdict.Failures, limit: limit})
		}
	}
	return found, nil
}

// errNothingToDo says that the hook is no longer what it was when it failed: someone
// has edited, deleted or switched it off.
var errNothingToDo = errors.New("the webhook is no longer the one that failed")

// switchOff saves a hook's document as disabled, unless another node or a person has
// written it since it failed: what is new has a fresh start.
func (d *disabling) switchOff(ctx context.Context, key disabler.Key) (store.Document, error) {
	doc, err := d.store.Get(ctx, kapi.DatabaseWebhooks, key.HookID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return doc, errNothingToDo
	case err != nil:
		return doc, err
	case doc.Revision() != key.Revision:
		return doc, errNothingToDo
	}
	doc.Body = disabler.Disable(doc.Body)
	doc, err = d.store.Save(ctx, doc)
	if errors.Is(err, store.ErrConflict) {
		return doc, errNothingToDo
	}
	return doc, err
}

// notify tells the world, hooks for notifications among it.
func (d *disabling) notify(key disabler.Key) {
	notice, err := disabledNotice(key, d.node, d.ids)
	if err != nil {
		d.log.Error("notification not published", "hook_id", key.HookID, "error", err)
		return
	}
	go d.send(bus.Message{Exchange: notice.Exchange, Key: notice.Key, Body: notice.Body})
}

// disabledNotice is the message webhook_disabled. It carries an address for answers
// as everything does that kapps_notify_publisher sends; none is waited for.
func disabledNotice(key disabler.Key, node string, source *ids.Source) (kapi.Message, error) {
	id := source.Hex(16)
	kind, _ := kapi.FindPublication(kapi.CategoryNotification, kapi.NotificationWebhookDisabled)
	return kind.Message(kapi.Sender{
		Node: node, AppName: disabler.AppName, AppVersion: disabler.AppVersion, MsgID: func() string { return id },
	}, append(disabler.Notice(key),
		jobj.Member{Key: "Server-ID", Value: fmt.Sprintf("%s-<0.%d.0>-%s", node, 100+source.IntN(900), source.Hex(8))},
		jobj.Member{Key: "System-Log-ID", Value: id},
	))
}

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// disabling switches hooks off that fail too often (webhooks_disabler). Failures are
// remembered by the node that met them, and forgotten when it ends, as in the
// reference: a restart gives every hook a fresh start.
type disabling struct {
	tracker  *disabler.Tracker
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
		tracker:  disabler.New(disabler.Options{Collapse: cfg.Webhooks.Compat != fidelity.Corrected}),
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
	key := disabler.Key{AccountID: hook.AccountID, HookID: hook.ID}
	d.tracker.Failed(key, at, hook.Limit.Or(d.settings.Limit(hook.AccountID)))
}

// Count is how many failures of a hook count now.
func (d *disabling) Count(hook disabler.Key, limit disabler.Limit) int {
	return d.tracker.Look(hook, d.clock.Now(), limit).Failures
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

// check switches off every hook that has failed too often.
func (d *disabling) check(ctx context.Context) {
	var changes []kapi.DocChange
	var off []disabler.Key
	for _, key := range d.tracker.Hooks() {
		limit := d.settings.Limit(key.AccountID)
		if hook := d.hooks.Get(key.AccountID, key.HookID); hook != nil {
			limit = hook.Limit.Or(limit)
		}
		verdict := d.tracker.Look(key, d.clock.Now(), limit)
		if !verdict.TooMany {
			continue
		}
		saved, err := d.switchOff(ctx, key)
		switch {
		case errors.Is(err, errNothingToDo):
		case err != nil:
			d.log.Error("a webhook that fails too often cannot be switched off; tried again later",
				"hook_id", key.HookID, "account_id", key.AccountID, "failures", verdict.Failures, "error", err)
			continue
		default:
			d.disabled.Inc()
			d.log.Warn("webhook switched off: too many failed attempts", "hook_id", key.HookID, "account_id", key.AccountID,
				"failures", verdict.Failures, "limit", limit.Failures, "within", limit.Within)
			changes = append(changes, saved.Change(kapi.ActionEdited))
			off = append(off, key)
		}
		d.tracker.Forget(key)
	}
	if len(off) == 0 {
		return
	}
	d.publish(ctx, changes...)
	for _, key := range off {
		d.notify(key)
	}
}

// errNothingToDo says that there is no such hook, or that it is off already.
var errNothingToDo = errors.New("no webhook that is on")

// switchOff saves a hook's document as disabled. A document that someone else has
// written meanwhile is read again; one that does not exist is not made.
func (d *disabling) switchOff(ctx context.Context, key disabler.Key) (store.Document, error) {
	const tries = 5
	var conflict error
	for range tries {
		doc, err := d.store.Get(ctx, kapi.DatabaseWebhooks, key.HookID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return doc, errNothingToDo
		case err != nil:
			return doc, err
		case doc.Deleted || doc.Type != store.TypeWebhook || doc.AccountID != key.AccountID || !webhooks.Loadable(doc.Body):
			return doc, errNothingToDo
		}
		doc.Body = disabler.Disable(doc.Body)
		saved, err := d.store.Save(ctx, doc)
		if !errors.Is(err, store.ErrConflict) {
			return saved, err
		}
		conflict = err
	}
	return store.Document{}, fmt.Errorf("%d times: %w", tries, conflict)
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

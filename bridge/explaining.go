package bridge

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/webhooks/explain"
)

// explainer says why events fired or not.
func (b *Bridge) explainer() *explain.Explainer {
	return explain.New(explain.Dependencies{
		Journal: b.journal, Engine: b.engine, Documents: b.cfg.Store, Accounts: b.directory, Live: b.hooks,
		Parse: b.changes.read,
	})
}

// listening says since when this node takes events, if it does.
func (b *Bridge) listening() (since time.Time, ok bool) {
	at := b.taking.Load()
	if at == nil || !b.bus.State().Connected || !b.subscribed() {
		return time.Time{}, false
	}
	return *at, true
}

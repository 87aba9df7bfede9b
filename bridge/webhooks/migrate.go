package webhooks

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Prepare gives a hook document the members that a version of Kazoo assumes where
// it has none.
//
// The 4.3 branch takes get for a verb that is missing or unknown, 3 for retries,
// and an empty custom_data for none (kzd_webhook:verb/1, retries/1, custom_data/1
// there).
//
// A hook that was migrated has its type where nothing reads it, so that it takes
// every notification; corrected, the type filters (quirk migrated-type).
func Prepare(doc jobj.Object, dialect fidelity.Dialect, compat fidelity.Compat) jobj.Object {
	if dialect == fidelity.V43 {
		if !slices.Contains(verbs(), doc.String("http_verb")) {
			doc = doc.Set("http_verb", "get")
		}
		if _, ok := retries(doc); !ok {
			doc = doc.Set("retries", "3")
		}
		if data, ok := doc.Get("custom_data"); ok {
			if obj, _ := data.(jobj.Object); len(obj) == 0 {
				doc = doc.Delete("custom_data")
			}
		}
	}
	if compat != fidelity.Corrected || doc.String("hook") != payload.HookNotifications {
		return doc
	}
	if kind := doc.String("type"); kind != "" && !doc.Object("custom_data").Has("type") {
		return doc.Set("custom_data", doc.Object("custom_data").Set("type", kind))
	}
	return doc
}

// Migrate turns a hook of Kazoo 3.22 into one of today's, which has its events
// under notifications (webhooks_util:update_hook_doc/3). A hook for faxes becomes
// two, the second for their errors: extra, to be stored under extraID; it is nil
// for another hook. ok is false for a document that needs no migration.
func Migrate(doc jobj.Object, id, extraID string) (migrated, extra jobj.Object, ok bool) {
	typed := func(kind, otherID string) jobj.Object {
		doc := doc.Set("hook", payload.HookNotifications).Set("type", kind)
		if otherID != "" {
			doc = doc.Set("other_id", otherID)
		}
		return doc
	}
	switch hook := doc.String("hook"); hook {
	case payload.HookCallflow:
		return typed(hook, ""), nil, true
	case payload.HookInboundFax, payload.HookOutboundFax:
		return typed(hook, extraID), typed(hook+"_error", id), true
	}
	return nil, nil, false
}

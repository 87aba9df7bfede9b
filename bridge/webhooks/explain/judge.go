package explain

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// Silent is a hook that did not take the event, and all that kept it from that.
type Silent struct {
	Hook
	Obstacles []Obstacle
}

// Reasons beside those of the engine.
const (
	ReasonCreatedAfter webhooks.Reason = "created_after"
	ReasonChangedAfter webhooks.Reason = "changed_after"
	ReasonNotLive      webhooks.Reason = "not_live"
	ReasonAutoDisabled webhooks.Reason = "auto_disabled"
	ReasonDisabled     webhooks.Reason = "disabled"
	ReasonUnreadable   webhooks.Reason = "not_loadable"
	ReasonForeign      webhooks.Reason = "other_account"
	ReasonDeleted      webhooks.Reason = "deleted"
	ReasonDropped      webhooks.Reason = "dropped"
	ReasonNoAccount    webhooks.Reason = "no_account"
	ReasonNoDocument   webhooks.Reason = "account_unknown"
	ReasonForgotten    webhooks.Reason = "too_large_to_remember"
)

// distance is how far from firing a single reason leaves a hook: first what time
// alone mends, then one member of the document, then what another document would
// be needed for.
func distance(reason webhooks.Reason) int {
	return slices.Index([]webhooks.Reason{
		ReasonCreatedAfter, ReasonChangedAfter, ReasonNotLive, ReasonAutoDisabled, ReasonDisabled, ReasonUnreadable,
		webhooks.ReasonInternalLeg, webhooks.ReasonNoDescendant, webhooks.ReasonModifier, webhooks.ReasonType, webhooks.ReasonAction,
		ReasonForeign, webhooks.ReasonOtherEvent, ReasonDeleted, ReasonNoDocument,
	}, reason)
}

// nearer orders misses: what can be mended in a hook that is for the event before what
// would take another hook, then the fewer obstacles the nearer, then by what they are,
// then the account's own before others'.
func nearer(a, b Silent) int {
	farthest := func(s Silent) int {
		most := 0
		for _, o := range s.Obstacles {
			most = max(most, distance(o.Reason))
		}
		return most
	}
	another := func(s Silent) int {
		if farthest(s) >= distance(webhooks.ReasonOtherEvent) {
			return 1
		}
		return 0
	}
	kin := func(s Silent) int { return slices.Index([]Relation{Own, Ancestor, Descendant, Sibling}, s.Relation) }
	return cmp.Or(
		cmp.Compare(another(a), another(b)), cmp.Compare(len(a.Obstacles), len(b.Obstacles)), cmp.Compare(farthest(a), farthest(b)),
		cmp.Compare(kin(a), kin(b)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID),
	)
}

// judge judges documents by one event.
type judge struct {
	event   *journal.Event
	reading webhooks.Reading
	parse   func(store.Document) (*webhooks.Hook, error)
}

func (j judge) fired(doc store.Document) bool {
	return slices.ContainsFunc(j.event.Deliveries(), func(d journal.Delivery) bool {
		return d.HookID == doc.ID && d.AccountID == doc.AccountID
	})
}

// obstacles lists everything that keeps a hook as it is stored now from taking the
// event; of a hook that nothing keeps, what else it was.
func (j judge) obstacles(doc store.Document) []Obstacle {
	var all []Obstacle
	came := kapi.Gregorian(j.event.At)
	if doc.Created > came {
		all = append(all, createdAfter(j.since(doc.Created)))
	}
	switch {
	case doc.Deleted:
		all = append(all, deleted(doc))
	case !webhooks.Loadable(doc.Body):
		all = append(all, disabled(doc))
	}
	hook, err := j.parse(doc)
	if err != nil {
		all = append(all, unreadable(err))
	} else {
		for _, refusal := range j.reading.Refusals(hook) {
			all = append(all, refused(refusal))
		}
	}
	switch {
	case j.event.AccountID == "":
		all = append(all, noDocument(doc.AccountID))
	case len(all) > 0:
	case doc.Modified > came:
		all = append(all, changedAfter(j.since(doc.Modified)))
	default:
		all = append(all, notLive())
	}
	return all
}

// since is how long after the event a moment was, in Gregorian seconds.
func (j judge) since(seconds int64) time.Duration {
	return time.Duration(seconds-kapi.Gregorian(j.event.At)) * time.Second
}

// asDocumentError finds the field of a document that keeps it from being loaded.
func asDocumentError(err error) (field, reason string) {
	if refused, ok := errors.AsType[*webhooks.DocumentError](err); ok {
		return refused.Field, refused.Reason
	}
	return "", err.Error()
}

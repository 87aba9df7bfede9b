package blackhole

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// everyAccount is the account id that stands for all.
const everyAccount = "*"

// wish is one binding that is asked for.
type wish struct {
	asked    string
	resolved bindings.Binding
}

// target is what a command about bindings is about.
type target struct {
	accountID string // as it is matched: the name of its database will do
	wishes    []wish
	// unavailable is found out only after the asker was authorised.
	unavailable error
}

// readTarget checks data.account_id and the binding or bindings.
func (x *exchange) readTarget() (target, error) {
	if len(x.Data) == 0 {
		return target{}, errNoData
	}
	asked, problem := x.asked()
	var missing []string
	id, _ := x.Data.Get("account_id")
	text, _ := command.Text(id)
	if !x.Data.Has("account_id") {
		missing = append(missing, "account_id")
	}
	if len(asked) == 0 && problem == nil {
		missing = append(missing, "binding")
	}
	if len(missing) > 0 {
		return target{}, refusal("missing required keys : " + strings.Join(missing, ", "))
	}
	if problem != nil {
		return target{}, problem
	}
	t := target{accountID: text}
	if raw, ok := kapi.AccountOfDB(text); ok {
		t.accountID = raw
	}
	return t, x.resolve(&t, asked)
}

// asked are the bindings of data. A list is taken in the talk, which subscribes to
// several at once, and refused in later dialects, where binding is the one that counts.
func (x *exchange) asked() ([]string, error) {
	if one, there := x.Data.Get("binding"); there {
		text, isText := one.(string)
		if !isText {
			return nil, errBindingType
		}
		return []string{text}, nil
	}
	many, there := x.Data.Get("bindings")
	if !there || x.hub.cfg.Dialect != fidelity.Talk {
		return nil, nil
	}
	list, isList := many.([]any)
	if limit := x.hub.cfg.MaxBindings; limit > 0 && len(list) > limit {
		return nil, errManyBindings
	}
	var asked []string
	seen := map[string]bool{}
	for _, one := range list {
		text, isText := one.(string)
		if !isText {
			return nil, errBindingsType
		}
		if !seen[text] {
			seen[text] = true
			asked = append(asked, text)
		}
	}
	if !isList {
		return nil, errBindingsType
	}
	return asked, nil
}

// resolve reads the bindings: all of them, or none.
func (x *exchange) resolve(t *target, asked []string) error {
	for _, text := range asked {
		resolved, err := x.hub.resolve(text, t.accountID)
		if errors.Is(err, bindings.ErrUnavailable) {
			t.unavailable = cmp.Or(t.unavailable, err)
		} else if err != nil {
			return err
		}
		t.wishes = append(t.wishes, wish{text, resolved})
	}
	return nil
}

// Around the turn of a month both databases are listened to, as clocks differ and what
// began before it ends after it.
const (
	monthLead = time.Minute
	monthLag  = time.Hour
)

// resolve reads one binding, as it is now and as it will be soon, or was lately.
func (h *Hub) resolve(asked, accountID string) (bindings.Binding, error) {
	now := h.dep.Clock.Now()
	asker := bindings.Asker{
		Dialect: h.cfg.Dialect, Compat: h.cfg.Compat, AccountID: accountID, Realm: h.account(accountID).Realm,
		Now: now, Extensions: h.cfg.Extensions,
	}
	resolved, err := bindings.Resolve(asked, asker)
	if err == nil && (len(asked) > kapi.MaxRoutingKey || tooLong(resolved)) {
		return resolved, bindings.ErrUnavailable
	}
	if err != nil || !slices.ContainsFunc(resolved.Entries, func(e bindings.Entry) bool { return e.Monthly }) {
		return resolved, err
	}
	for _, at := range []time.Time{now.Add(monthLead), now.Add(-monthLag)} {
		asker.Now = at
		beside, err := bindings.Resolve(asked, asker)
		if err != nil {
			return resolved, err
		}
		for _, e := range beside.Entries {
			e.Unlisted = true
			if !slices.ContainsFunc(resolved.Entries, func(own bindings.Entry) bool { return own.Key == e.Key }) {
				resolved.Entries = append(resolved.Entries, e)
			}
		}
	}
	return resolved, nil
}

// subscribing is the action subscribe (bh_events).
type subscribing struct {
	*exchange
	target
	resume bool
	since  []string
}

func (x *exchange) readSubscribe() (job, error) {
	t, err := x.readTarget()
	if err != nil {
		return nil, err
	}
	sub := &subscribing{exchange: x, target: t}
	if x.hub.cfg.Extensions {
		err = sub.readResume()
	}
	return sub, err
}

func (sub *subscribing) readResume() error {
	asked, _ := sub.Data.Get("resume")
	var isBool bool
	if sub.resume, isBool = asked.(bool); !isBool && asked != nil {
		return errResumeType
	}
	since, there := sub.Data.Get("since")
	switch {
	case !there || since == nil || since == "":
		return nil
	case !sub.resume:
		return errSinceAlone
	}
	list, isList := since.([]any)
	if !isList {
		list = []any{since}
	}
	if len(list) > maxSince {
		return errManySince
	}
	for _, one := range list {
		id, isText := one.(string)
		if !isText || id == "" {
			return errSinceType
		}
		sub.since = append(sub.since, id)
	}
	return nil
}

// authorize tells what is refused before what there is not.
func (sub *subscribing) authorize(accountID string) error {
	if accountID == "" && sub.target.accountID != everyAccount {
		return errNoAccount
	}
	if err := sub.hub.authorize(accountID, sub.target.accountID); err != nil {
		return err
	}
	return sub.unavailable
}

// run has the subscriptions live at the broker before it replies. What it adds, its
// reply and what is replayed come to the socket in that order, and live events after
// them, none twice and none left out.
func (sub *subscribing) run(ctx context.Context) (jobj.Object, error) {
	h := sub.hub
	wanted := sub.unknown()
	if limit := h.cfg.MaxBindings; limit > 0 && len(sub.subscriptions)+len(wanted) > limit {
		return nil, errManyBindings
	}
	fresh := make([]*subscription, len(wanted))
	for i, w := range wanted {
		fresh[i] = h.subscription(ctx, sub.target.accountID, w, sub.resume)
	}
	for _, one := range fresh {
		h.broker.hold(one.bind())
	}
	asked := slices.Concat(fresh, sub.wished())
	err := h.broker.await(ctx, h.bindingsOf(asked))
	if err != nil {
		h.dep.Log.Warn("subscriptions not live yet", "socket", sub.session.id, "binding", sub.wishes[0].asked, "cause", err)
	}
	agreed := int64(0)
	if sub.resume {
		agreed = h.agree(ctx, asked)
	}
	return sub.begin(fresh, asked, err != nil, agreed)
}

// begin makes the fresh among those that were asked for the socket's. late says that the
// broker may not have their bindings yet; agreed is what Hub.agree has returned.
func (sub *subscribing) begin(fresh, asked []*subscription, late bool, agreed int64) (jobj.Object, error) {
	h := sub.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	// Rights may have ended since they were asked for, before the broker was.
	err := h.authorize(sub.account, sub.target.accountID)
	if err == nil && slices.ContainsFunc(fresh, h.resolvedElse) {
		err = bindings.ErrUnavailable
	}
	if err != nil {
		for _, one := range fresh {
			h.broker.release(one.bind())
		}
		return nil, err
	}
	var resumed []*subscription
	if sub.resume {
		resumed = append(slices.Clone(fresh), sub.plain()...)
	}
	h.keep(resumed, late)
	for _, one := range fresh {
		h.join(sub.session, one)
	}
	for _, one := range resumed {
		if !one.resume {
			one.renew()
		}
	}
	data := jobj.Object{{Key: "subscribed", Value: sub.list()}}
	if sub.resume && !late {
		mark := h.mark(h.dep.Clock.Now(), h.elsewhere(asked, agreed))
		data = append(data, jobj.Member{Key: "since", Value: mark})
	}
	sub.reply(command.Success, data)
	sub.answered = true
	if sub.since != nil {
		h.replay(sub)
	}
	return data, nil
}

// bindingsOf are what the broker needs for subscriptions, some of which may be turned
// to another month at this moment.
func (h *Hub) bindingsOf(subs []*subscription) (all []kapi.Binding) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, one := range subs {
		all = append(all, one.bind()...)
	}
	return all
}

// own are the socket's subscriptions of the account, as the client knows them.
func (sub *subscribing) own() map[string]*subscription {
	own := map[string]*subscription{}
	for _, s := range sub.subscriptions {
		if s.account == sub.target.accountID {
			own[s.client] = s
		}
	}
	return own
}

// unknown are the wishes that the socket does not have.
func (sub *subscribing) unknown() (wanted []wish) {
	own := sub.own()
	for _, w := range sub.wishes {
		if _, known := own[w.resolved.Client]; !known {
			own[w.resolved.Client] = nil
			wanted = append(wanted, w)
		}
	}
	return wanted
}

// wished are the socket's subscriptions that were asked for, held before or not.
func (sub *subscribing) wished() (all []*subscription) {
	own := sub.own()
	for _, w := range sub.wishes {
		if one := own[w.resolved.Client]; one != nil {
			all = append(all, one)
			delete(own, w.resolved.Client)
		}
	}
	return all
}

// plain are those of the wished that have not asked to be resumed yet.
func (sub *subscribing) plain() (all []*subscription) {
	for _, one := range sub.wished() {
		if !one.resume {
			all = append(all, one)
		}
	}
	return all
}

// renew gives ids to the frames of a subscription that had none. The hub is locked.
func (s *subscription) renew() {
	s.resume = true
	for _, m := range s.memberships {
		m.resume = true
	}
}

// maxSince is how many ids a client may go on from: one of each node that it knew.
const maxSince = 100

// tooLong tells a binding that no broker could make.
func tooLong(b bindings.Binding) bool {
	return slices.ContainsFunc(bindOf(b.Entries), func(bound kapi.Binding) bool { return len(bound.Key) > kapi.MaxRoutingKey })
}

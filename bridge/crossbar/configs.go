package crossbar

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// configsFamily is cb_configs, of which one category is served: what an account
// says of its webhooks.
func (h *handler) configsFamily() family {
	f := absentFamily("configs", allMethods())
	f.clauses = append([]clause{{args: []string{"webhooks"}, operations: []operation{
		{method: http.MethodGet, within: h.getConfig},
		{method: http.MethodPut, within: h.replaceConfig}, // the same as POST
		{method: http.MethodPost, within: h.replaceConfig},
		{method: http.MethodPatch, within: h.patchConfig},
		{method: http.MethodDelete, within: h.deleteConfig},
	}}}, f.clauses...)
	return f
}

// accountConfig is a configuration and what it stands on.
type accountConfig struct {
	own store.Document // as it is stored; without a revision when nothing is
	// parent is what holds where the account says nothing: the reseller's word
	// over the system's.
	parent jobj.Object
}

// shown is the whole that holds (kapps_config_util:get_config/2).
func (c accountConfig) shown() jobj.Object {
	return known(c.parent.Merge(c.own.Body)).Set("id", kapi.ConfigWebhooks)
}

// known are the members that anything reads.
func known(config jobj.Object) jobj.Object {
	return config.Filter(func(m jobj.Member) bool { return m.Key == disabler.CountKey || m.Key == disabler.WindowKey })
}

func (h *handler) config(ctx context.Context, req *request) (accountConfig, error) {
	var c accountConfig
	var err error
	if c.own, err = h.storedConfig(ctx, req.account.ID); err != nil {
		return c, err
	}
	c.parent = jobj.Object{
		{Key: disabler.CountKey, Value: number(int64(h.FailureLimit.Failures))},
		{Key: disabler.WindowKey, Value: number(h.FailureLimit.Within.Milliseconds())},
	}
	if reseller := req.account.ResellerID; reseller != "" && reseller != req.account.ID {
		theirs, err := h.storedConfig(ctx, reseller)
		if err != nil {
			return c, err
		}
		c.parent = c.parent.Merge(known(theirs.Body))
	}
	return c, nil
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// storedConfig reads an account's configuration; where there is none it is an empty
// document, ready to be saved.
func (h *handler) storedConfig(ctx context.Context, accountID string) (store.Document, error) {
	doc, err := h.load(ctx, kapi.AccountDB(accountID), kapi.ConfigWebhooks, store.TypeAccountConfig, accountID)
	if _, missing := errors.AsType[*fault](err); missing {
		return store.Document{
			DB: kapi.AccountDB(accountID), ID: kapi.ConfigWebhooks, Type: store.TypeAccountConfig, AccountID: accountID,
		}, nil
	}
	return doc, err
}

func (h *handler) getConfig(ctx context.Context, req *request) (outcome, error) {
	c, err := h.config(ctx, req)
	return outcome{data: c.shown(), revision: c.own.Rev}, err
}

func (h *handler) replaceConfig(ctx context.Context, req *request) (outcome, error) {
	c, err := h.config(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	return h.configUpdate(req, c, req.data)
}

// patchConfig lays data over what the account has said before. The reference keeps
// only the data, and so loses the rest.
func (h *handler) patchConfig(ctx context.Context, req *request) (outcome, error) {
	c, err := h.config(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	if _, ok := req.data.(jobj.Object); !ok {
		return h.configUpdate(req, c, req.data) // which refuses it
	}
	return h.configUpdate(req, c, patched(publicMembers(c.own.Body), req.object()))
}

// configUpdate stores what differs from the parent; where nothing does, there is no
// document (cb_configs:maybe_save_or_delete/2).
func (h *handler) configUpdate(req *request, c accountConfig, data any) (outcome, error) {
	value, wrong := h.configForm.Check(data)
	var v violations
	v.addAll(wrong)
	if err := v.err(); err != nil {
		return outcome{}, err
	}
	body, _ := value.(jobj.Object)
	body = body.Filter(func(m jobj.Member) bool { return !isPrivate(m.Key) && m.Key != "id" })
	hintUnread(req, body)
	differs := body.Filter(func(m jobj.Member) bool {
		inherited, ok := c.parent.Get(m.Key)
		return !ok || string(jobj.Append(nil, inherited)) != string(jobj.Append(nil, m.Value))
	})
	changed := c
	changed.own.Body = replaced(c.own.Body, differs)
	return outcome{data: changed.shown(), revision: c.own.Rev, commit: func(ctx context.Context) (outcome, error) {
		if len(differs) == 0 {
			return outcome{data: changed.shown()}, h.removeConfig(ctx, c.own)
		}
		action := kapi.ActionEdited
		if c.own.Rev == "" {
			action = kapi.ActionCreated
		}
		saved, err := h.save(ctx, req, action, changed.own)
		return outcome{data: changed.shown(), revision: saved.Rev}, err
	}}, nil
}

// hintUnread tells of members that are kept, as the reference keeps them, but mean
// nothing.
func hintUnread(req *request, body jobj.Object) {
	var unread []string
	for _, m := range body {
		if !slices.Contains([]string{disabler.CountKey, disabler.WindowKey}, m.Key) {
			unread = append(unread, strconv.QuoteToASCII(m.Key))
		}
	}
	if len(unread) > 0 {
		req.hint("nothing reads %s; the settings are %s and %s", strings.Join(unread, ", "), disabler.CountKey, disabler.WindowKey)
	}
}

func (h *handler) deleteConfig(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.storedConfig(ctx, req.account.ID)
	if err != nil || doc.Rev == "" {
		return outcome{data: jobj.Object{}}, err
	}
	gone := outcome{
		data:     public(doc).Set("_read_only", jobj.Object{{Key: "deleted", Value: true}}),
		revision: doc.Rev,
	}
	o := gone
	o.commit = func(ctx context.Context) (outcome, error) { return gone, h.removeConfig(ctx, doc) }
	return o, nil
}

func (h *handler) removeConfig(ctx context.Context, doc store.Document) error {
	if doc.Rev == "" {
		return nil
	}
	change, err := h.remove(ctx, doc)
	if err == nil {
		h.Changes.Publish(ctx, change)
	}
	return err
}

package crossbar

import (
	"context"
	_ "embed"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// WebhooksApp is the id of Monster UI's webhooks application in the apps store: the
// same in every account, so that users can list it as theirs.
const WebhooksApp = "1985670141398f849d3fe6a064556887"

//go:embed icons/webhooks.svg
var webhooksIcon []byte

// appsStoreFamily is cb_apps_store, of which reading is served: one application,
// which everyone may use.
func (h *handler) appsStoreFamily() family {
	installing := absentOperations([]string{http.MethodPut, http.MethodPost, http.MethodDelete})
	return family{name: "apps_store", clauses: []clause{
		{operations: []operation{{method: http.MethodGet, within: h.listApps}}},
		{args: []string{"*"}, operations: append(installing, operation{method: http.MethodGet, within: h.getApp})},
		{args: []string{"*", "icon"}, operations: []operation{
			{method: http.MethodGet, within: h.getAppIcon, bare: h.getAppIcon, open: true},
		}},
	}}
}

// webhooksApp is what Monster UI reads of an application. An api_url or source_url
// would send it elsewhere, so there is none.
func webhooksApp() jobj.Object {
	return jobj.Object{
		{Key: "id", Value: WebhooksApp},
		{Key: "name", Value: "webhooks"},
		{Key: "i18n", Value: jobj.Object{{Key: "en-US", Value: jobj.Object{
			{Key: "label", Value: "Webhooks"},
			{Key: "description", Value: "Sends the events of calls, faxes and documents to your own servers"},
		}}}},
		{Key: "tags", Value: []any{"developer"}},
		{Key: "allowed_users", Value: "all"},
		{Key: "users", Value: []any{}},
		{Key: "masqueradable", Value: true},
	}
}

func (h *handler) listApps(context.Context, *request) (outcome, error) {
	return outcome{data: []any{webhooksApp()}}, nil
}

func (h *handler) getApp(_ context.Context, req *request) (outcome, error) {
	if id := req.arg(0); id != WebhooksApp {
		return outcome{}, badIdentifier(id)
	}
	return outcome{data: webhooksApp()}, nil
}

func (h *handler) getAppIcon(_ context.Context, req *request) (outcome, error) {
	if id := req.arg(0); id != WebhooksApp {
		return outcome{}, badIdentifier(id)
	}
	return outcome{file: &file{contentType: "image/svg+xml", content: webhooksIcon}}, nil
}

// alertsFamily is cb_alerts. There is nothing here that would raise an alert.
func (h *handler) alertsFamily() family {
	none := func(context.Context, *request) (outcome, error) { return outcome{data: []any{}}, nil }
	return family{name: "alerts", clauses: []clause{
		{operations: append(absentOperations([]string{http.MethodPut}), operation{method: http.MethodGet, within: none})},
		{args: []string{"*"}, operations: absentOperations([]string{http.MethodGet, http.MethodDelete})},
	}}
}

// whitelabelFamily is cb_whitelabel: no domain has a brand of its own. Browsers ask
// before anyone has logged in.
func (h *handler) whitelabelFamily() family {
	unknown := func(_ context.Context, req *request) (outcome, error) { return outcome{}, badIdentifier(req.arg(0)) }
	get := []operation{{method: http.MethodGet, within: unknown, bare: unknown, open: true}}
	changing := absentOperations([]string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete})
	return family{name: "whitelabel", clauses: []clause{
		{operations: changing},
		{args: []string{"*"}, operations: get},
		{args: []string{"*", "logo"}, operations: get},
		{args: []string{"*", "icon"}, operations: get},
		{args: []string{"*", "welcome"}, operations: get},
	}}
}

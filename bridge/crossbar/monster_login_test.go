package crossbar_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
)

// Before anyone has logged in Monster UI's token is the text undefined.
func TestNoDomainHasABrandOfItsOwn(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	for _, path := range []string{"ui.example.org", "ui.example.org/logo", "ui.example.org/icon", "ui.example.org/welcome"} {
		for _, token := range []string{"", "undefined"} {
			got := w.call(t, "GET", "/v2/whitelabel/"+path, token, "").want(t, http.StatusNotFound)
			if got.header.Get("Content-Type") != "application/json" || got.data().String("cause") != "ui.example.org" {
				t.Errorf("%s: %v %s", path, got.header, got.text)
			}
		}
	}
	w.call(t, "POST", "/v2/whitelabel/ui.example.org", w.token(t, "customer"), `{"data":{}}`).want(t, http.StatusMethodNotAllowed)
}

func TestTheAppsStoreHasWebhooks(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	store := "/v2/accounts/" + customerID + "/apps_store"
	apps := w.call(t, "GET", store, w.token(t, "clerk"), "").want(t, http.StatusOK).rows()
	if len(apps) != 1 || apps[0].String("id") != crossbar.WebhooksApp || apps[0].String("name") != "webhooks" || apps[0].String("allowed_users") != "all" ||
		apps[0].String("i18n", "en-US", "label") == "" || apps[0].Has("api_url") || apps[0].Has("source_url") {
		t.Errorf("apps %v", apps)
	}
	if one := w.call(t, "GET", store+"/"+crossbar.WebhooksApp, w.token(t, "customer"), "").want(t, http.StatusOK).data(); one.String("name") != "webhooks" {
		t.Errorf("app %v", one)
	}
	// An icon is an image of a page: no header can carry its token.
	for _, path := range []string{store, "/v2/apps_store"} {
		icon := w.call(t, "GET", path+"/"+crossbar.WebhooksApp+"/icon?auth_token="+w.token(t, "customer"), "", "", "Accept", "image/avif,image/webp,*/*;q=0.8").want(t, http.StatusOK)
		if icon.header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(icon.text, "<svg") {
			t.Errorf("%v %s", icon.header, icon.text)
		}
	}
	w.call(t, "GET", store+"/other/icon", w.token(t, "customer"), "").want(t, http.StatusNotFound)
	w.call(t, "GET", store, w.token(t, "sibling"), "").want(t, http.StatusForbidden)
}

func TestThereAreNoAlerts(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	if got := w.call(t, "GET", "/v2/accounts/"+customerID+"/alerts", w.token(t, "customer"), "").want(t, http.StatusOK); !strings.Contains(got.text, `"data":[]`) {
		t.Error(got.text)
	}
}

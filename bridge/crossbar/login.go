package crossbar

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/schema"
)

// signatureSecret is half of what ties tokens to their holder; it is made at the
// first login.
const signatureSecret = "pvt_signature_secret"

// userAuthFamily is cb_user_auth without the recovery of passwords, which would need
// mail. Those who ask for it have no token yet, and a browser asks whether it may.
func (h *handler) userAuthFamily() family {
	recovery := absentOperations([]string{http.MethodPut, http.MethodPost})
	for i := range recovery {
		recovery[i].bare, recovery[i].open = recovery[i].within, true
	}
	return family{name: "user_auth", clauses: []clause{
		{operations: []operation{
			{method: http.MethodPut, within: h.userLogin, bare: h.userLogin, open: true, metered: true},
		}},
		{args: []string{"recovery"}, operations: recovery},
	}}
}

func (h *handler) apiAuthFamily() family {
	return family{name: "api_auth", clauses: []clause{{operations: []operation{
		{method: http.MethodPut, within: h.keyLogin, bare: h.keyLogin, open: true},
	}}}}
}

func check(form *schema.Schema, data any) (jobj.Object, error) {
	value, wrong := form.Check(data)
	var v violations
	v.addAll(wrong)
	object, _ := value.(jobj.Object)
	return object, v.err()
}

// userLogin trades the digest of name:password for a token (cb_user_auth).
func (h *handler) userLogin(ctx context.Context, req *request) (outcome, error) {
	form, err := check(h.userForm, req.data)
	if err != nil {
		return outcome{}, err
	}
	candidates, err := h.findAccounts(ctx, form)
	if err != nil {
		return outcome{}, err
	}
	refused := invalidCredentials()
	for _, id := range candidates {
		user, ok, err := h.findUser(ctx, id, form)
		if err != nil {
			return outcome{}, err
		}
		refused.found = new(int)
		if !ok {
			continue
		}
		one := 1
		holder, ok := h.Accounts.Get(id)
		if !ok {
			continue
		}
		if !holder.Enabled {
			var v violations
			v.add("account", "disabled", "account disabled")
			f := h.faultOf(req, v.err()) //nolint:contextcheck // the request has its own
			f.found = &one
			return outcome{}, f
		}
		o := outcome{data: jobj.Object{}, automatic: true, found: &one}
		o.commit = func(ctx context.Context) (outcome, error) {
			if err := h.ensureSecret(ctx, req, user); err != nil {
				return outcome{}, err
			}
			return h.login(ctx, req, holder, user)
		}
		return o, nil
	}
	return outcome{}, refused
}

// findAccounts looks by number, then by realm, then by name; names may be shared.
func (h *handler) findAccounts(ctx context.Context, form jobj.Object) ([]string, error) {
	if number := form.String("phone_number"); number != "" {
		if owner, ok := h.Accounts.NumberOwner(e164(number)); ok {
			return []string{owner}, nil
		}
	}
	realm := form.String("account_realm")
	if realm == "" {
		realm = form.String("realm")
	}
	for _, by := range []struct {
		view store.View
		key  string
	}{{store.AccountsByRealm, realm}, {store.AccountsByName, form.String("account_name")}} {
		docs, err := h.Store.Find(ctx, by.view, by.key)
		if err != nil {
			return nil, err
		}
		if len(docs) > 0 {
			found := make([]string, len(docs))
			for i, doc := range docs {
				found[i] = doc.ID
			}
			return found, nil
		}
	}
	return nil, nil
}

// e164 is a number as people write it, in the form that the store has.
func e164(number string) string {
	return kapi.E164(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '+' {
			return c
		}
		return -1
	}, number))
}

// findUser finds the enabled user of an account that a digest belongs to. Digests
// are compared as they are: one in upper case belongs to nobody.
func (h *handler) findUser(ctx context.Context, accountID string, form jobj.Object) (store.Document, bool, error) {
	view := store.UsersByMD5
	if form.String("method") == "sha" {
		view = store.UsersBySHA1
	}
	users, err := h.Store.Find(ctx, view, form.String("credentials"))
	if err != nil {
		return store.Document{}, false, err
	}
	for _, user := range users {
		if user.AccountID == accountID && user.DB == kapi.AccountDB(accountID) {
			return user, true, nil
		}
	}
	return store.Document{}, false, nil
}

// keyLogin trades the key of an account for a token (cb_api_auth). A disabled
// account gets one too.
func (h *handler) keyLogin(ctx context.Context, req *request) (outcome, error) {
	form, err := check(h.keyForm, req.data)
	if err != nil {
		return outcome{}, err
	}
	key := form.String("api_key")
	docs, err := h.Store.Find(ctx, store.AccountsByAPIKey, key)
	if err != nil {
		return outcome{}, err
	}
	unknown := unknownName(key)
	unknown.found = new(int)
	if len(docs) != 1 {
		return outcome{}, unknown
	}
	holder, ok := h.Accounts.Get(docs[0].ID)
	if !ok {
		return outcome{}, unknown
	}
	one := 1
	return outcome{data: jobj.Object{}, automatic: true, found: &one, commit: func(ctx context.Context) (outcome, error) {
		if docs[0].Body.String(signatureSecret) == "" {
			if err := h.ensureAccountSecret(ctx, req, holder.ID); err != nil {
				return outcome{}, err
			}
		}
		return h.login(ctx, req, holder, store.Document{})
	}}, nil
}

// login issues the token and says whose it is. user is empty for a key.
func (h *handler) login(ctx context.Context, req *request, holder account.Account, user store.Document) (outcome, error) {
	claims := account.Claims{AccountID: holder.ID, OwnerID: user.ID, Method: account.MethodUserAuth}
	created := user.ID
	if user.ID == "" {
		claims.Method, created = account.MethodAPIAuth, holder.ID
	}
	token, err := h.Tokens.Issue(ctx, claims)
	if err != nil {
		return outcome{}, err
	}
	req.holder, req.caller = &claims, holder
	data, err := h.authData(ctx, holder, user)
	if err != nil {
		return outcome{}, err
	}
	one := 1
	return outcome{data: data, automatic: true, found: &one, created: created, token: token}, nil
}

// authData describes the holder of a token (crossbar_auth:create_auth_token/2).
func (h *handler) authData(ctx context.Context, holder account.Account, user store.Document) (jobj.Object, error) {
	doc, err := h.accountDocument(ctx, holder.ID)
	if err != nil {
		return nil, err
	}
	language := user.Body.String("language")
	if language == "" {
		language = doc.Body.String("language")
	}
	if language == "" {
		language = "en-us"
	}
	data := jobj.Object{{Key: "account_id", Value: holder.ID}}
	if user.ID != "" {
		data = append(data, jobj.Member{Key: "owner_id", Value: user.ID})
	}
	return append(data,
		jobj.Member{Key: "account_name", Value: doc.Body.String("name")},
		jobj.Member{Key: "language", Value: language},
		jobj.Member{Key: "reseller_id", Value: holder.ResellerID},
		jobj.Member{Key: "is_reseller", Value: holder.IsReseller},
		jobj.Member{Key: "is_master_account", Value: isMaster(holder)},
		jobj.Member{Key: "cluster_id", Value: h.ClusterID},
		jobj.Member{Key: "apps", Value: []any{}},
		jobj.Member{Key: "capabilities", Value: jobj.Object{{Key: "voicemail", Value: jobj.Object{
			{Key: "transcription", Value: jobj.Object{{Key: "default", Value: false}, {Key: "available", Value: false}}},
		}}}},
		jobj.Member{Key: "ui_config", Value: jobj.Object{}},
	), nil
}

// ensureSecret gives a user the secret that tokens are signed with. Of two first
// logins at once the later finds that it is done.
func (h *handler) ensureSecret(ctx context.Context, req *request, user store.Document) error {
	for user.Body.String(signatureSecret) == "" {
		user.Body = user.Body.Set(signatureSecret, h.IDs.Hex(32))
		_, err := h.update(ctx, req, user)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if user, err = h.Store.Get(ctx, user.DB, user.ID); err != nil {
			return err
		}
	}
	return nil
}

func (h *handler) ensureAccountSecret(ctx context.Context, req *request, accountID string) error {
	doc, err := h.accountDocument(ctx, accountID)
	if err != nil || doc.Body.String(signatureSecret) != "" {
		return err // it has one but for its first login, and all others need no turn
	}
	release, err := h.accountWrites.Take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if doc, err = h.accountDocument(ctx, accountID); err != nil || doc.Body.String(signatureSecret) != "" {
		return err
	}
	doc.Body = doc.Body.Set(signatureSecret, h.IDs.Hex(32))
	_, err = h.saveAccount(ctx, req, doc)
	return err
}

package crossbar

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const (
	apiKey       = "pvt_api_key"
	apiKeyLength = 64
)

// getAPIKey shows an account's key to any token that may work on the account.
func (h *handler) getAPIKey(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.accountDocument(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: keyView(doc.Body.String(apiKey))}, nil
}

// renewAPIKey draws another key. Only a user who administers may; a token that was
// got for a key may not. Tokens made with the old key stay good.
func (h *handler) renewAPIKey(ctx context.Context, req *request) (outcome, error) {
	admin, err := h.isAdmin(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	if !admin {
		return outcome{}, forbidden()
	}
	return outcome{data: jobj.Object{}, commit: func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		doc, err := h.accountDocument(ctx, req.account.ID)
		if err != nil {
			return outcome{}, err
		}
		key := h.IDs.Hex(apiKeyLength)
		doc.Body = doc.Body.Set(apiKey, key)
		saved, err := h.saveAccount(ctx, req, doc)
		return outcome{data: keyView(key), revision: saved.Rev, created: saved.ID}, err
	}}, nil
}

func keyView(key string) jobj.Object { return jobj.Object{{Key: "api_key", Value: key}} }

// isAdmin says whether the token is that of a user who administers its account.
func (h *handler) isAdmin(ctx context.Context, req *request) (bool, error) {
	if req.holder.OwnerID == "" {
		return false, nil
	}
	user, err := h.Store.Get(ctx, kapi.AccountDB(req.holder.AccountID), req.holder.OwnerID)
	if err != nil {
		return false, err
	}
	return user.Body.String("priv_level") == "admin", nil
}

package crossbar

import (
	"context"
	"errors"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// authFamily is what cb_auth says of tokens.
func (h *handler) authFamily() family {
	return family{name: "auth", clauses: []clause{{args: []string{"tokeninfo"}, operations: []operation{
		{method: http.MethodGet, bare: h.tokenInfo, open: true},
		{method: http.MethodPost, bare: h.tokenInfo, open: true},
	}}}}
}

// tokenAuthFamily is what cb_token_auth says of the caller's own token. Its deletion looks
// for a stored one and finds none: a JWT stays valid until it expires.
func (h *handler) tokenAuthFamily() family {
	show := func(ctx context.Context, req *request) (outcome, error) { return h.holderOf(ctx, *req.holder) }
	forget := func(context.Context, *request) (outcome, error) { return outcome{data: jobj.Object{}}, nil }
	return family{name: "token_auth", clauses: []clause{{operations: []operation{
		{method: http.MethodGet, within: show, bare: show}, {method: http.MethodDelete, within: forget, bare: forget},
	}}}}
}

// tokenInfo says whose a token is, to anyone who has it.
func (h *handler) tokenInfo(ctx context.Context, req *request) (outcome, error) {
	token := req.text("token")
	if token == "" {
		where := "params"
		if req.verb == http.MethodPost {
			where = "request"
		}
		return outcome{}, &fault{status: http.StatusNotFound, message: "missing token in " + where, data: jobj.Object{}}
	}
	claims, err := h.Tokens.Verify(ctx, token)
	if errors.Is(err, account.ErrExpired) || errors.Is(err, account.ErrInvalidToken) {
		return outcome{}, &fault{status: http.StatusUnauthorized, message: "invalid_jwt", data: jobj.Object{}}
	}
	if err != nil {
		return outcome{}, err
	}
	return h.holderOf(ctx, claims)
}

// holderOf shows whose claims they are.
func (h *handler) holderOf(ctx context.Context, claims account.Claims) (outcome, error) {
	holder, ok := h.Accounts.Get(claims.AccountID)
	if !ok {
		return outcome{}, &fault{status: http.StatusUnauthorized, message: "invalid_jwt", data: jobj.Object{}}
	}
	var user store.Document
	var err error
	if claims.OwnerID != "" {
		if user, err = h.Store.Get(ctx, kapi.AccountDB(claims.AccountID), claims.OwnerID); err != nil {
			return outcome{}, err
		}
	}
	data, err := h.authData(ctx, holder, user)
	return outcome{data: data}, err
}

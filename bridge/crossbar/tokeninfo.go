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
	holder, ok := h.Accounts.Get(claims.AccountID)
	if !ok {
		return outcome{}, &fault{status: http.StatusUnauthorized, message: "invalid_jwt", data: jobj.Object{}}
	}
	var user store.Document
	if claims.OwnerID != "" {
		if user, err = h.Store.Get(ctx, kapi.AccountDB(claims.AccountID), claims.OwnerID); err != nil {
			return outcome{}, err
		}
	}
	data, err := h.authData(ctx, holder, user)
	return outcome{data: data}, err
}

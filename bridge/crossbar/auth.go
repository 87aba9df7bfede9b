package crossbar

import (
	"errors"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
)

// carriedToken is the token of a request, and whether it may be one of ours. The
// header comes first, and a bad one there is not made good by a later carrier.
func (r *request) carriedToken() (token string, usable bool) {
	if token, _ := r.header("X-Auth-Token"); token != "" {
		return token, true
	}
	if token := r.text("auth_token"); token != "" {
		return token, true
	}
	authorization, given := r.header("Authorization")
	if !given {
		authorization = r.text("authorization")
	}
	scheme, rest, ok := strings.Cut(strings.TrimSpace(authorization), " ")
	switch {
	case ok && strings.EqualFold(scheme, "Bearer"):
		// Kazoo takes only the id of a stored document here; that a token is
		// accepted is more than it does.
		return strings.TrimSpace(rest), true
	case ok && strings.EqualFold(scheme, "Basic"):
		return strings.TrimSpace(rest), false
	}
	return authorization, false
}

// identify finds out whose token it is. A token that is no good makes a caller
// without one; only one that was good once is refused everywhere.
func (h *handler) identify(req *request) error {
	var usable bool
	if req.token, usable = req.carriedToken(); !usable {
		return nil
	}
	claims, err := h.Tokens.Verify(req.http.Context(), req.token)
	switch {
	case errors.Is(err, account.ErrExpired):
		return expiredCredentials()
	case errors.Is(err, account.ErrInvalidToken):
		return nil
	case err != nil:
		return err
	}
	if asked, given := req.header("X-Auth-Account-Id"); given && asked != claims.AccountID {
		req.hint("X-Auth-Account-ID is not the account of the token")
		return nil
	}
	caller, ok := h.Accounts.Get(claims.AccountID)
	if !ok {
		return nil
	}
	req.holder, req.caller = &claims, caller
	return nil
}

// expandOwnAccount makes /account/… the path of the token's account.
func (h *handler) expandOwnAccount(req *request) error {
	if len(req.route.tokens) == 0 || req.route.tokens[0] != "account" || len(req.route.nouns) > 0 {
		return nil
	}
	if !req.authenticated() {
		return invalidCredentials()
	}
	req.route.tokens = slices.Concat([]string{"accounts", req.caller.ID}, req.route.tokens[1:])
	req.route.nouns = parseNouns(req.route.tokens, h.known)
	return nil
}

// admit decides whether the request may go on, and to which operation: method,
// account, token, rights, in this order. That the account is looked up before the
// token is the reference's order: callers without a token can tell which accounts
// exist.
func (h *handler) admit(req *request) (operation, error) {
	if err := req.checkMethod(); err != nil {
		return operation{}, err
	}
	if err := h.checkAccount(req); err != nil {
		return operation{}, err
	}
	op, _ := req.clause.operation(req.verb)
	// An operation without an account is one on a path that consists of it alone.
	alone := req.account.ID == "" && len(req.route.nouns) == 1 && op.bare != nil
	if op.metered && !h.buckets.take(req.bucket()) {
		return op, tooManyRequests()
	}
	if alone && op.open {
		return op, nil
	}
	if !req.authenticated() {
		if !h.buckets.take(req.bucket()) {
			return op, tooManyRequests()
		}
		return op, invalidCredentials()
	}
	alone = alone && (!op.superduper || req.caller.Superduper)
	within := req.account.ID != "" && op.within != nil && account.MayAccess(req.caller, req.account)
	if !alone && !within {
		return op, forbidden()
	}
	return op, nil
}

// checkAccount refuses accounts that do not exist. No other form of an id than 32
// bytes is understood.
func (h *handler) checkAccount(req *request) error {
	args, ok := req.route.account()
	if !ok || req.account.ID != "" {
		return nil
	}
	if len(args[0]) != 32 {
		f := unknownName("")
		f.data = messageData("invalid account_id '" + args[0] + "'")
		return f
	}
	return badIdentifier(args[0])
}

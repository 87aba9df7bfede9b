package bridge

import (
	"context"
	"errors"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// identities reads the secrets that tokens are tied to out of the documents of
// users and accounts (kz_auth_identity).
type identities struct{ store *store.Store }

// IdentitySecret is the pvt_signature_secret of a user, or of the account when
// ownerID is "". A deleted document has none.
func (i identities) IdentitySecret(ctx context.Context, accountID, ownerID string) (string, error) {
	db, id := kapi.DatabaseAccounts, accountID
	if ownerID != "" {
		db, id = kapi.AccountDB(accountID), ownerID
	}
	doc, err := i.store.Get(ctx, db, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && doc.Deleted {
		return "", nil
	}
	return doc.Body.String("pvt_signature_secret"), err
}

func (b *Bridge) tokenConfig() account.TokensConfig {
	return account.TokensConfig{
		Secrets: b.cfg.Store, Identities: identities{b.cfg.Store}, Clock: b.cfg.Clock,
	}
}

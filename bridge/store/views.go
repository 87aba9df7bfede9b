package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Types of documents that views know.
const (
	TypeAccount = "account"
	TypeUser    = "user"
	TypeWebhook = "webhook"
	TypeNumber  = "number"
	// TypeAccountConfig is a configuration of one account (kapps_account_config).
	TypeAccountConfig = "account_config"
)

// View names a way to find documents by something else than their id. Only
// documents that are not deleted are found.
type View string

// The views. Account views look at the database "accounts" alone, since an account
// document stands in the account's own database too.
const (
	// AccountsByName: the name, compared as NormalName gives it.
	AccountsByName View = "accounts_by_name"
	// AccountsByRealm: the realm, in any case.
	AccountsByRealm View = "accounts_by_realm"
	// AccountsByAPIKey: pvt_api_key.
	AccountsByAPIKey View = "accounts_by_api_key"
	// UsersByMD5 and UsersBySHA1: pvt_md5_auth and pvt_sha1_auth of enabled users,
	// whatever their account (users/creds_by_md5, users/creds_by_sha).
	UsersByMD5  View = "users_by_md5"
	UsersBySHA1 View = "users_by_sha1"
	// UsersByUsername: UserKey of the account and the name.
	UsersByUsername View = "users_by_username"
	// NumbersByAccount: the owner's id.
	NumbersByAccount View = "numbers_by_account"
	// AccountConfigs: the id, which names the category, such as configs_webhooks.
	AccountConfigs View = "account_configs"
)

// viewsVersion counts changes of viewRows. Open derives all rows again when the
// database was written with another one, so a new view is never silently empty.
const viewsVersion = 5

type viewRow struct {
	view View
	key  string
}

// viewRows is the one place that says under which keys a document is found.
func viewRows(doc Document) []viewRow {
	if doc.Deleted {
		return nil
	}
	var rows []viewRow
	seen := map[viewRow]bool{}
	add := func(view View, key string) {
		if row := (viewRow{view, key}); key != "" && storable(key) && !seen[row] {
			seen[row] = true
			rows = append(rows, row)
		}
	}
	switch {
	case doc.Type == TypeAccount && doc.DB == kapi.DatabaseAccounts:
		add(AccountsByName, NormalName(doc.Body.String("name")))
		add(AccountsByRealm, strings.ToLower(doc.Body.String("realm")))
		add(AccountsByAPIKey, doc.Body.String("pvt_api_key"))
	case doc.Type == TypeUser:
		if doc.Body.Bool(true, "enabled") {
			add(UsersByMD5, doc.Body.String("pvt_md5_auth"))
			add(UsersBySHA1, doc.Body.String("pvt_sha1_auth"))
		}
		if name := doc.Body.String("username"); name != "" {
			add(UsersByUsername, UserKey(doc.AccountID, name))
		}
	case doc.Type == TypeNumber && doc.DB == kapi.DatabaseNumbers:
		add(NumbersByAccount, doc.AccountID)
	case doc.Type == TypeAccountConfig && doc.DB == kapi.AccountDB(doc.AccountID):
		add(AccountConfigs, doc.ID)
	}
	objectRows(doc, add)
	return rows
}

// NormalName is a name as accounts are compared by: lower case, and only a to z
// and 0 to 9 (pvt_alphanum_name).
func NormalName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

// UserKey is the key of UsersByUsername. User names differ by more than case.
func UserKey(accountID, username string) string {
	return ValueKey(accountID, strings.ToLower(username))
}

// viewKey is a key as a view has it.
func viewKey(view View, key string) string {
	if view == AccountsByName {
		return NormalName(key)
	}
	if view == AccountsByRealm {
		return strings.ToLower(key)
	}
	return key
}

// Find returns the documents that a view has under key, oldest first. The key of
// AccountsByName and AccountsByRealm is normalised first.
func (s *Store) Find(ctx context.Context, view View, key string) ([]Document, error) {
	if key = viewKey(view, key); key == "" || !storable(key) {
		return nil, nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	docs, err := selectDocuments(ctx, s.read, "SELECT "+documentColumns+
		` FROM view_rows v JOIN documents d ON d.db=v.db AND d.id=v.id
		WHERE v.view=$1 AND v.key=$2 ORDER BY d.created, d.db, d.id`, string(view), key)
	if err != nil {
		// The key may be a credential, so it is not named.
		return nil, fmt.Errorf("find in %s: %w", view, err)
	}
	return docs, nil
}

// FindPage is Find where a view may have more under key than is to be held at once: the
// first documents behind one that was found, or from the beginning behind the zero Document.
func (s *Store) FindPage(ctx context.Context, view View, key string, after Document, limit int) ([]Document, error) {
	if key = viewKey(view, key); key == "" || !storable(key, after.DB, after.ID) {
		return nil, nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	docs, err := selectDocuments(ctx, s.read, "SELECT "+documentColumns+
		` FROM view_rows v JOIN documents d ON d.db=v.db AND d.id=v.id
		WHERE v.view=$1 AND v.key=$2 AND (d.created, d.db, d.id) > ($3, $4, $5) ORDER BY d.created, d.db, d.id LIMIT $6`,
		string(view), key, after.Created, after.DB, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("find in %s: %w", view, err)
	}
	return docs, nil
}

func writeViewRows(ctx context.Context, tx *sql.Tx, doc Document) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM view_rows WHERE db=$1 AND id=$2", doc.DB, doc.ID); err != nil {
		return fmt.Errorf("clear view rows: %w", err)
	}
	for _, row := range viewRows(doc) {
		if _, err := tx.ExecContext(ctx, "INSERT INTO view_rows (view, key, db, id) VALUES ($1, $2, $3, $4)",
			string(row.view), row.key, doc.DB, doc.ID); err != nil {
			return fmt.Errorf("write row of %s: %w", row.view, err)
		}
	}
	return nil
}

// rebuildViews derives every row again when the stored ones come from another
// version of viewRows.
func (s *Store) rebuildViews(ctx context.Context) error {
	var version string
	err := s.write.QueryRowContext(ctx, "SELECT value FROM store_state WHERE name='views'").Scan(&version)
	if err == nil && version != strconv.Itoa(viewsVersion) {
		err = s.deriveViewRows(ctx)
	}
	if err != nil {
		return fmt.Errorf("rebuild views: %w", err)
	}
	return nil
}

// deriveViewRows goes through the documents page by page, so that other processes,
// which write meanwhile, wait for a page at most. Cut short, it begins anew when the
// database is opened next.
func (s *Store) deriveViewRows(ctx context.Context) error {
	const page = 500 // of a million documents so many are in memory
	statement := "SELECT " + documentColumns + " FROM documents d WHERE (d.db, d.id) > ($1, $2) ORDER BY d.db, d.id LIMIT $3" +
		s.dialect.lockRows
	var docs []Document
	derive := func(after Document) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) (err error) {
			if docs, err = selectDocuments(ctx, tx, statement, after.DB, after.ID, page); err != nil {
				return err
			}
			for _, doc := range docs {
				if err := writeViewRows(ctx, tx, doc); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for last := (Document{}); ; last = docs[len(docs)-1] {
		if err := s.update(ctx, derive(last)); err != nil {
			return err
		}
		if len(docs) == 0 {
			break
		}
	}
	return s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE store_state SET value=$1 WHERE name='views'", strconv.Itoa(viewsVersion))
		return err
	})
}

package cli

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// hasAccounts reports whether the store has any account.
func hasAccounts(ctx context.Context, s *store.Store) (bool, error) {
	docs, err := s.List(ctx, store.Query{DB: kapi.DatabaseAccounts, Type: store.TypeAccount, Limit: 1})
	return len(docs) > 0, err
}

// saveAccounts writes accounts with their users and numbers into an empty store, all
// or nothing.
// No change messages go out: nothing runs yet that could know older ones.
func saveAccounts(ctx context.Context, s *store.Store, accounts []fixtures.Account) error {
	return s.SaveAll(ctx, documents(accounts))
}

// documents are those of accounts with their users, telephones and numbers.
func documents(accounts []fixtures.Account) []store.Document {
	var docs []store.Document
	for _, a := range accounts {
		docs = append(docs, accountDocument(a, kapi.AccountDB(a.ID)), accountDocument(a, kapi.DatabaseAccounts))
		for _, u := range a.Users {
			docs = append(docs, userDocument(a, u))
			if u.Device.ID != "" {
				docs = append(docs, store.Document{
					DB: kapi.AccountDB(a.ID), ID: u.Device.ID, Type: store.TypeDevice, AccountID: a.ID, Body: deviceDocument(u.Device),
				})
			}
		}
		for _, number := range a.Numbers {
			docs = append(docs, store.Document{
				DB: kapi.DatabaseNumbers, ID: number, Type: store.TypeNumber, AccountID: a.ID,
				Body: jobj.Object{{Key: "pvt_state", Value: "in_service"}, {Key: "pvt_assigned_to", Value: a.ID}},
			})
		}
	}
	return docs
}

func accountDocument(a fixtures.Account, db string) store.Document {
	tree := make([]any, len(a.Tree))
	for i, id := range a.Tree {
		tree[i] = id
	}
	body := jobj.Object{
		{Key: "name", Value: a.Name},
		{Key: "realm", Value: a.Realm},
		{Key: "timezone", Value: "America/Los_Angeles"},
		{Key: "language", Value: "en-us"},
		{Key: "enabled", Value: true},
		// Without it Monster UI saves the account at each login.
		{Key: "ui_restrictions", Value: jobj.Object{}},
		{Key: "pvt_tree", Value: tree},
		{Key: "pvt_api_key", Value: a.APIKey},
		{Key: "pvt_reseller_id", Value: a.ResellerID},
	}
	if a.IsReseller {
		body = append(body, jobj.Member{Key: "pvt_reseller", Value: true})
	}
	if a.IsSuperduper {
		body = append(body, jobj.Member{Key: "pvt_superduper_admin", Value: true})
	}
	return store.Document{DB: db, ID: a.ID, Type: store.TypeAccount, AccountID: a.ID, Body: body}
}

// userDocument holds what crossbar would have stored: of the password only the
// digests with which a user logs in (crossbar.md section 9).
func userDocument(a fixtures.Account, u fixtures.User) store.Document {
	credentials := []byte(u.Username + ":" + u.Password)
	md5sum, sha1sum := md5.Sum(credentials), sha1.Sum(credentials)
	privilege := "user"
	if u.IsAdmin {
		privilege = "admin"
	}
	body := jobj.Object{
		{Key: "username", Value: u.Username},
		{Key: "first_name", Value: u.First},
		{Key: "last_name", Value: u.Last},
		{Key: "email", Value: u.Email},
		{Key: "priv_level", Value: privilege},
		{Key: "enabled", Value: true},
		{Key: "verified", Value: false},
		// Else Monster UI saves the user at each login.
		{Key: "appList", Value: []any{crossbar.WebhooksApp}},
		// Else its tour of the account covers the application after each login.
		{Key: "ui_help", Value: jobj.Object{{Key: "myaccount", Value: jobj.Object{{Key: "showfirstUseWalkthrough", Value: false}}}}},
		{Key: "pvt_md5_auth", Value: hex.EncodeToString(md5sum[:])},
		{Key: "pvt_sha1_auth", Value: hex.EncodeToString(sha1sum[:])},
	}
	if u.Extension != "" {
		body = append(body, jobj.Member{Key: "presence_id", Value: u.Extension})
	}
	return store.Document{DB: kapi.AccountDB(a.ID), ID: u.ID, Type: store.TypeUser, AccountID: a.ID, Body: body}
}

// deviceDocument is a telephone as REST takes it.
func deviceDocument(d fixtures.Device) jobj.Object {
	return jobj.Object{
		{Key: "name", Value: d.Name},
		{Key: "owner_id", Value: d.OwnerID},
		{Key: "device_type", Value: "softphone"},
		{Key: "enabled", Value: true},
		{Key: "sip", Value: jobj.Object{{Key: "username", Value: d.Username}, {Key: "password", Value: d.Password}}},
	}
}

// runAccounts lists the store's accounts for the run file: the master first, then
// resellers, then customers, each by name. Passwords are known only for users of
// the demo accounts, since the store has none.
func runAccounts(ctx context.Context, s *store.Store, demo []fixtures.Account) ([]runfile.Account, error) {
	docs, err := s.List(ctx, store.Query{DB: kapi.DatabaseAccounts, Type: store.TypeAccount})
	if err != nil {
		return nil, err
	}
	accounts := make([]runfile.Account, 0, len(docs))
	for _, doc := range docs {
		described, err := runAccount(ctx, s, doc, demo)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, described)
	}
	kinds := []string{runfile.Master, runfile.Reseller, runfile.Customer}
	slices.SortStableFunc(accounts, func(x, y runfile.Account) int {
		if d := slices.Index(kinds, x.Kind) - slices.Index(kinds, y.Kind); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	return accounts, nil
}

func runAccount(ctx context.Context, s *store.Store, doc store.Document, demo []fixtures.Account) (runfile.Account, error) {
	known := account.FromDocument(doc)
	kind := runfile.Customer
	switch {
	case known.Superduper:
		kind = runfile.Master
	case known.IsReseller:
		kind = runfile.Reseller
	}
	described := runfile.Account{
		ID: known.ID, Name: known.Name, Realm: known.Realm, Kind: kind,
		ResellerID: known.ResellerID, APIKey: doc.Body.String("pvt_api_key"),
	}
	numbers, err := s.Find(ctx, store.NumbersByAccount, doc.ID)
	if err != nil {
		return described, err
	}
	for _, number := range numbers {
		described.Numbers = append(described.Numbers, number.ID)
	}
	for _, a := range demo {
		if a.ID != doc.ID {
			continue
		}
		for _, u := range a.Users {
			described.Users = append(described.Users, runfile.User{
				ID: u.ID, Name: strings.TrimSpace(u.Name()), Username: u.Username, Password: u.Password, Email: u.Email, Extension: u.Extension,
				DeviceID: u.Device.ID, DeviceUsername: u.Device.Username,
			})
		}
	}
	return described, nil
}

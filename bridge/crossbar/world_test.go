package crossbar_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// The accounts of the recorded answers.
const (
	masterID   = "00000000000000000000000000000001"
	resellerID = "11111111111111111111111111111111"
	customerID = "22222222222222222222222222222222"
	subID      = "33333333333333333333333333333333"
	siblingID  = "44444444444444444444444444444444"
	disabledID = "55555555555555555555555555555555"
	seedHook   = "ccccccccccccccccccccccccccccccc1"
	clusterID  = "6b1ea7c5d1b0f1b3e8f3f1c8cbd4e9f0"
)

// world is a handler with the accounts of the recorded answers behind it.
type world struct {
	handler http.Handler
	store   *store.Store
	address string // of the store
	tokens  *account.Tokens
	clock   *clockwork.FakeClock
	changes *recorder
	bus     *switchboard
}

// recorder keeps the changes that were published, and does what a node does when
// it hears of them.
type recorder struct {
	store     *store.Store
	directory *account.Directory

	mu   sync.Mutex
	seen []kapi.DocChange
}

func (r *recorder) Publish(ctx context.Context, changes ...kapi.DocChange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range changes {
		r.seen = append(r.seen, change)
		if change.DB != kapi.DatabaseAccounts {
			continue
		}
		doc, err := r.store.Get(ctx, change.DB, change.ID)
		if err != nil || doc.Deleted {
			r.directory.Remove(change.ID)
			continue
		}
		r.directory.Put(account.FromDocument(doc))
	}
}

// take returns what was published since the last call.
func (r *recorder) take() []kapi.DocChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// keys are the secrets of tokens, made once for all worlds: an RSA key takes long.
type keys struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (k *keys) Secret(_ context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if value, ok := k.values[name]; ok {
		return value, nil
	}
	value, err := create()
	if err == nil {
		k.values[name] = value
	}
	return value, err
}

func newKeys() *keys { return &keys{values: map[string][]byte{}} }

type identities struct{ store *store.Store }

func (i identities) IdentitySecret(ctx context.Context, accountID, ownerID string) (string, error) {
	db, id := kapi.DatabaseAccounts, accountID
	if ownerID != "" {
		db, id = kapi.AccountDB(accountID), ownerID
	}
	doc, err := i.store.Get(ctx, db, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return doc.Body.String("pvt_signature_secret"), err
}

type person struct {
	name, id, account string
}

func people() []person {
	return []person{
		{"master", strings.Repeat("a0", 16), masterID},
		{"reseller", strings.Repeat("a1", 16), resellerID},
		{"customer", strings.Repeat("a2", 16), customerID},
		{"clerk", strings.Repeat("b2", 16), customerID},
		{"sub", strings.Repeat("a3", 16), subID},
		{"sibling", strings.Repeat("a4", 16), siblingID},
		{"disabled", strings.Repeat("a5", 16), disabledID},
	}
}

// newWorld makes a world. change may alter the configuration.
func newWorld(t testing.TB, shared *keys, change func(*crossbar.Config)) *world {
	t.Helper()
	w := &world{clock: clockwork.NewFakeClockAt(time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC))}
	random := ids.Seeded("crossbar")
	w.address = storetest.URL(t)
	db, err := store.Open(t.Context(), w.address, store.Options{Clock: w.clock, IDs: random, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.store = db
	w.tokens = account.NewTokens(account.TokensConfig{Secrets: shared, Identities: identities{db}, Clock: w.clock})
	w.bus = &switchboard{}
	w.changes = &recorder{store: db, directory: account.NewDirectory()}
	cfg := crossbar.Config{
		Store: db, Accounts: w.changes.directory, Tokens: w.tokens, Changes: w.changes, Bus: w.bus,
		Dialect: fidelity.V50, Compat: fidelity.Kazoo,
		Clock: w.clock, IDs: random, Log: slog.New(slog.DiscardHandler),
		Version: "4.0.0", NodeName: "kazoo_apps@ref.test", ClusterID: clusterID,
	}
	if change != nil {
		change(&cfg)
	}
	if w.handler, err = crossbar.New(cfg); err != nil {
		t.Fatal(err)
	}
	w.seed(t)
	w.changes.take()
	return w
}

func (w *world) seed(t testing.TB) {
	t.Helper()
	for i, a := range []struct {
		id, name, realm string
		tree            []any
	}{
		{masterID, "Master", "master.ref.test", []any{}},
		{resellerID, "Reseller", "reseller.ref.test", []any{masterID}},
		{customerID, "Customer", "customer.ref.test", []any{masterID, resellerID}},
		{subID, "Sub Customer", "sub-customer.ref.test", []any{masterID, resellerID, customerID}},
		{siblingID, "Sibling", "sibling.ref.test", []any{masterID, resellerID}},
		{disabledID, "Disabled", "disabled.ref.test", []any{masterID, resellerID}},
	} {
		body := jobj.Object{
			{Key: "name", Value: a.name}, {Key: "realm", Value: a.realm},
			{Key: "timezone", Value: "Etc/UTC"}, {Key: "language", Value: "en-us"},
			{Key: "pvt_tree", Value: a.tree},
			{Key: "pvt_superduper_admin", Value: a.id == masterID},
			{Key: "pvt_reseller", Value: a.id == masterID || a.id == resellerID},
			{Key: "pvt_api_key", Value: strings.Repeat("a", 63) + string(rune('1'+i))},
		}
		if a.id == disabledID {
			body = body.Set("enabled", false)
		}
		// Those with a secret have logged in before, which saved them once more.
		saves := 1
		if a.id != siblingID && a.id != disabledID {
			body, saves = body.Set("pvt_signature_secret", "secret of "+a.name), 2
		}
		for _, db := range []string{kapi.AccountDB(a.id), kapi.DatabaseAccounts} {
			w.save(t, saves, store.Document{
				DB: db, ID: a.id, Type: store.TypeAccount, AccountID: a.id, Body: body,
				Created: kapi.Gregorian(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)),
			})
		}
		w.save(t, 1, store.Document{DB: "services", ID: a.id, Type: "service", AccountID: a.id})
		w.changes.Publish(t.Context(), kapi.DocChange{DB: kapi.DatabaseAccounts, ID: a.id})
	}
	for _, p := range people() {
		level := "admin"
		if p.name == "clerk" {
			level = "user"
		}
		credentials := []byte(p.name + ":secret-" + p.name)
		md, sha := md5.Sum(credentials), sha1.Sum(credentials)
		w.save(t, 1, store.Document{
			DB: kapi.AccountDB(p.account), ID: p.id, Type: store.TypeUser, AccountID: p.account,
			Body: jobj.Object{
				{Key: "username", Value: p.name}, {Key: "enabled", Value: true}, {Key: "priv_level", Value: level},
				{Key: "first_name", Value: p.name}, {Key: "last_name", Value: "Test"},
				{Key: "pvt_md5_auth", Value: hex.EncodeToString(md[:])},
				{Key: "pvt_sha1_auth", Value: hex.EncodeToString(sha[:])},
				{Key: "pvt_signature_secret", Value: "secret of " + p.name},
			},
		})
	}
	w.save(t, 1, store.Document{
		DB: kapi.DatabaseWebhooks, ID: seedHook, Type: store.TypeWebhook, AccountID: customerID,
		Body: jobj.Object{
			{Key: "name", Value: "seed"}, {Key: "uri", Value: "http://127.0.0.1:18080/seed"},
			{Key: "http_verb", Value: "post"}, {Key: "hook", Value: "channel_create"}, {Key: "retries", Value: 2},
			{Key: "format", Value: "form-data"}, {Key: "include_subaccounts", Value: false},
			{Key: "include_internal_legs", Value: true}, {Key: "enabled", Value: true},
		},
	})
}

func (w *world) save(t testing.TB, times int, doc store.Document) {
	t.Helper()
	for range times {
		saved, err := w.store.Save(t.Context(), doc)
		if err != nil {
			t.Fatal(err)
		}
		doc = saved
	}
}

// token issues a token: of a user by name, or of an account by "api:" and the name
// of its user.
func (w *world) token(t testing.TB, name string) string {
	t.Helper()
	claims := account.Claims{Method: account.MethodUserAuth}
	name, ofKey := strings.CutPrefix(name, "api:")
	for _, p := range people() {
		if p.name == name {
			claims.AccountID, claims.OwnerID = p.account, p.id
		}
	}
	if claims.AccountID == "" {
		t.Fatalf("there is no %s", name)
	}
	if ofKey {
		claims.Method, claims.OwnerID = account.MethodAPIAuth, ""
	}
	token, err := w.tokens.Issue(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

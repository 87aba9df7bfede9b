package lab

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Tree is a reseller's accounts and their hooks, each of which takes every new call
// of its account as a form POST.
type Tree struct {
	Seed     string // makes the ids
	Accounts int
	Hooks    int // of each account
	Tries    int // of a delivery that gets no answer
}

// Owned is a hook and who owns it.
type Owned struct {
	Account int // its place in Planted.Accounts
	ID      string
}

// Planted is a tree as it stands in a store.
type Planted struct {
	Accounts []string
	Hooks    []Owned // those of an account follow each other
	APIKey   string  // of the reseller above the accounts, by which REST lets one in
}

// Plant puts a tree into the store at url, which no node needs to have seen before.
// uri is where each hook points.
func (t Tree) Plant(ctx context.Context, url string, uri func(hook int) string) (Planted, error) {
	s, err := OpenStore(ctx, url)
	if err != nil {
		return Planted{}, err
	}
	defer func() { _ = s.Close() }()
	random := ids.Seeded("tree " + t.Seed)
	root := random.Hex(32)
	planted := Planted{APIKey: random.Hex(64)}
	docs := account(root, root, jobj.Object{
		{Key: "pvt_tree", Value: []any{}}, {Key: "pvt_api_key", Value: planted.APIKey},
		{Key: "pvt_reseller", Value: true}, {Key: "pvt_superduper_admin", Value: true},
	})
	for a := range t.Accounts {
		id := random.Hex(32)
		planted.Accounts = append(planted.Accounts, id)
		docs = append(docs, account(id, root, jobj.Object{{Key: "pvt_tree", Value: []any{root}}})...)
		for range t.Hooks {
			hook := Owned{Account: a, ID: random.Hex(32)}
			docs = append(docs, store.Document{
				DB: kapi.DatabaseWebhooks, ID: hook.ID, Type: store.TypeWebhook, AccountID: id, Body: jobj.Object{
					{Key: "name", Value: fmt.Sprintf("hook %d", len(planted.Hooks))},
					{Key: "uri", Value: uri(len(planted.Hooks))}, {Key: "hook", Value: "channel_create"},
					{Key: "http_verb", Value: "post"}, {Key: "format", Value: "form-data"},
					{Key: "retries", Value: t.Tries}, {Key: "enabled", Value: true},
				},
			})
			planted.Hooks = append(planted.Hooks, hook)
		}
	}
	return planted, s.SaveAll(ctx, docs)
}

func account(id, reseller string, more jobj.Object) []store.Document {
	body := append(jobj.Object{
		{Key: "name", Value: "Account " + id[:6]}, {Key: "realm", Value: id[:6] + ".sip.example.com"},
		{Key: "enabled", Value: true}, {Key: "pvt_reseller_id", Value: reseller},
	}, more...)
	var docs []store.Document
	for _, db := range []string{kapi.AccountDB(id), kapi.DatabaseAccounts} {
		docs = append(docs, store.Document{DB: db, ID: id, Type: store.TypeAccount, AccountID: id, Body: body})
	}
	return docs
}

// OpenStore opens the store that nodes use. SQLite's belongs to one process at a time.
func OpenStore(ctx context.Context, url string) (*store.Store, error) {
	return store.Open(ctx, url, store.Options{Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.DiscardHandler)})
}

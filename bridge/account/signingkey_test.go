package account_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/account"
)

func TestNodesThatShareAStoreAgree(t *testing.T) {
	shared := &secretStore{}
	one, two := newTokens(shared), newTokens(shared)
	token := one.issue(t, account.Claims{AccountID: customer})
	if _, err := two.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	// So does the same node when it starts again.
	if _, err := newTokens(shared).Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestNobodyWaitsForTheKeyButItsUsers(t *testing.T) {
	ready := make(chan struct{})
	f := newTokens(&secretStore{gate: func() error { <-ready; return nil }}) // returns
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Issue(ctx, account.Claims{AccountID: customer}); !errors.Is(err, context.Canceled) {
		t.Errorf("issue: %v", err)
	}
	if _, err := f.Verify(ctx, "a.b.c"); !errors.Is(err, context.Canceled) || errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("verify: %v", err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := f.Issue(t.Context(), account.Claims{AccountID: customer}); err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	group.Wait()
}

func TestFailedStoreIsTriedAgain(t *testing.T) {
	down := errors.New("store is down")
	var broken atomic.Bool
	broken.Store(true)
	f := newTokens(&secretStore{gate: func() error {
		if broken.Load() {
			return down
		}
		return nil
	}})
	for range 2 {
		if _, err := f.Verify(t.Context(), "a.b.c"); !errors.Is(err, down) || errors.Is(err, account.ErrInvalidToken) {
			t.Errorf("while it is down: %v", err)
		}
	}
	broken.Store(false)
	f.issue(t, account.Claims{AccountID: customer})
}

func TestDamagedKeyIsReported(t *testing.T) {
	f := newTokens(&secretStore{values: map[string][]byte{"token-signing-key": []byte("junk")}})
	if _, err := f.Verify(t.Context(), "a.b.c"); err == nil || errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("verify: %v", err)
	}
}

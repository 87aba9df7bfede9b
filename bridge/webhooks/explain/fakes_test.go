package explain_test

import (
	"context"
	"sync"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// shelf keeps webhooks and attempts as a store does, as far as is asked here: a
// database for each row of a table would be dear.
type shelf struct {
	clock *clockwork.FakeClock

	mu       sync.Mutex
	docs     []store.Document
	attempts map[string]store.Attempt
}

func (s *shelf) at(id string) int {
	for i, doc := range s.docs {
		if doc.ID == id {
			return i
		}
	}
	return -1
}

func (s *shelf) save(doc store.Document) store.Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc.Modified = kapi.Gregorian(s.clock.Now())
	if i := s.at(doc.ID); i >= 0 {
		doc.Created = s.docs[i].Created
		s.docs[i] = doc
		return doc
	}
	doc.Created = doc.Modified
	s.docs = append(s.docs, doc)
	return doc
}

func (s *shelf) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.at(id)
	s.docs = append(s.docs[:i:i], s.docs[i+1:]...)
}

// Get is the store's, of the database of webhooks.
func (s *shelf) Get(_ context.Context, _, id string) (store.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.at(id); i >= 0 {
		return s.docs[i], nil
	}
	return store.Document{}, store.ErrNotFound
}

// List is the store's, of an account's webhooks.
func (s *shelf) List(_ context.Context, q store.Query) ([]store.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []store.Document
	for _, doc := range s.docs {
		if doc.AccountID == q.AccountID && (q.IncludeDeleted || !doc.Deleted) {
			found = append(found, doc)
		}
	}
	return found, nil
}

// AddAttempts keeps attempts.
func (s *shelf) Record(_ context.Context, batch store.Batch) error {
	attempts := batch.Attempts
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range attempts {
		s.attempts[a.ID] = a
	}
	return nil
}

// attempt is one as it is read from a store, which keeps text.
func (s *shelf) attempt(id string) store.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.attempts[id]
	a.Body, _ = jobj.ParseObject(jobj.Append(nil, a.Body)) // nil is found by who asks
	return a
}

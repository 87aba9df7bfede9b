package lab

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// Failures reads from a store which of so many events have failed at a hook for good.
func Failures(ctx context.Context, s *store.Store, accountID, hookID string, events int) (*Bits, error) {
	const page = 2000
	failed := NewBits(events)
	q := store.AttemptQuery{AccountID: accountID, HookID: hookID, Failed: true, Limit: page, Ascending: true}
	for {
		attempts, err := s.Attempts(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, a := range attempts {
			if !final(a) {
				continue
			}
			if n, found := eventOf(a); found {
				failed.Add(n)
			}
		}
		if len(attempts) < page {
			return failed, nil
		}
		q.After = attempts[len(attempts)-1]
	}
}

// final tells whether no try follows a failed one: the receiver has answered, which is
// final as the reference has it, or it was the last try.
func final(a store.Attempt) bool {
	return a.Body.String("resp_status_code") != "" || a.Body.String("retries_left") == "retries exceeded"
}

func eventOf(a store.Attempt) (int, bool) {
	if n, found := Number(a.Sent); found {
		return n, true
	}
	body, _ := a.Body.Get("req_body")
	return Number(jobj.Append(nil, body))
}

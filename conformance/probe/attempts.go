package probe

import (
	"context"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// unlisted is the note that a target does not list its attempts in time.
const unlisted = "attempts that are not listed"

// Dealt waits until the failures at the receiver of an account's hook are known to the target: the
// attempts of it are listed, which are saved when that is so. The receiver's own answer says
// nothing of it, since the target reads that in its own time; and Kazoo takes two failures of a
// hook in the same millisecond for one. A target that does not list them is given Patience.Delivery
// once, and Patience.Quiet from then on.
func (p *Probe) Dealt(ctx context.Context, receiver string, account Account) error {
	if p.Seen().Fact(unlisted) != "" {
		return clock.Sleep(ctx, p.Clock, p.Target.Patience.Quiet)
	}
	sent := len(p.Seen().Requests(receiver))
	listed := func(r Response) bool {
		list, is := r.List()
		return is && len(list) >= sent
	}
	answer, err := p.RESTUntil(ctx, "attempts of "+receiver, Request{
		Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/webhooks/" + p.Seen().Fact("hook "+receiver) + "/attempts", Token: p.tokenOf(account),
	}, p.Target.Patience.Delivery, listed)
	if err != nil {
		return err
	}
	if !listed(answer) {
		p.Note(unlisted, receiver)
	}
	return clock.Sleep(ctx, p.Clock, 5*time.Millisecond) // the next failure is of a later one
}

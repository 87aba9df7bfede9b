package cli

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/conformance/target"
)

// tellOthers tells of accounts that other runs have left, and deletes them where --remove-left
// says so.
func (c *certify) tellOthers(ctx context.Context, p target.Preflight, ready *target.Ready) {
	if c.removeLeft > 0 && p.Profile.May != target.ReadOnly {
		before := c.Clock.Now().Add(-c.removeLeft)
		if n := ready.OthersBefore(before); n > 0 {
			c.say("deleting %d accounts that other runs have left", n)
		}
		removed, err := ready.RemoveOthers(ctx, p, before)
		if removed > 0 {
			c.say("%d accounts were deleted that runs had left which began %s ago or earlier", removed, c.removeLeft)
		}
		if err != nil {
			c.say("not all accounts that other runs have left were deleted: %v", err)
		}
	}
	var accounts int
	var oldest time.Time
	for _, other := range ready.Others {
		accounts += len(other.Accounts)
		if oldest.IsZero() || other.Began.Before(oldest) {
			oldest = other.Began
		}
		if other.Foreign != "" {
			c.say("the account %s (%s) of another run is left alone, since not all in it is known to be certify's: %s", other.Accounts[0].ID, other.Accounts[0].Name, other.Foreign)
		}
	}
	if accounts > 0 {
		c.say("%d accounts are there of other runs, which were killed, go on, or were kept, the oldest from %s; --remove-left 1h deletes those of an hour ago and earlier",
			accounts, oldest.Format(time.RFC3339))
	}
}

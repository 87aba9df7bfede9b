package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
)

// story is a scenario that up plays.
type story struct {
	plan  *scenario.Plan
	speed float64
	house *playhouse
}

// newStory loads the scenario that up is to play; nil for none.
func (a *app) newStory(cmd *cobra.Command, file, speed string) (*story, error) {
	if file == "" {
		if cmd.Flags().Changed("speed") {
			return nil, usagef("--speed is for --scenario")
		}
		return nil, nil
	}
	plan, err := a.planOf(file)
	if err != nil {
		return nil, err
	}
	pace, err := parseSpeed(speed)
	if err != nil {
		return nil, err
	}
	return &story{plan: plan, speed: pace}, fitsShared(plan)
}

// storyNumbers are those that the accounts of the story have.
func (u *up) storyNumbers() (numbers []string) {
	if u.story == nil {
		return nil
	}
	for _, a := range u.story.plan.Accounts {
		for _, n := range a.Value.Numbers {
			numbers = append(numbers, string(n.Number))
		}
	}
	return numbers
}

// inhabit has the store hold the accounts of the story, as the story has them now, and
// returns those of the demo with them behind.
func (u *up) inhabit(ctx context.Context, s *store.Store, demo []fixtures.Account) ([]runfile.Account, error) {
	all, err := runAccounts(ctx, s, demo)
	if err != nil || u.story == nil {
		return all, err
	}
	plan := u.story.plan
	h := &playhouse{
		up: &up{app: u.app, log: u.log}, plan: plan, keys: map[string]string{}, down: map[string]*atomic.Bool{},
		host: otherHost(newIDs(plan.Seed + " host")),
	}
	u.story.house = h
	for _, account := range all {
		if account.Kind == runfile.Master && h.master.ID == "" {
			h.master.ID = account.ID
		}
	}
	h.world = stage.NewWorld(plan, plan.Seed, h.master.ID)
	h.ours = h.belongs()
	accounts := h.accounts()[1:] // without the master
	if err := h.settleIn(ctx, s, documents(accounts)); err != nil {
		return nil, err
	}
	all, err = runAccounts(ctx, s, append(slices.Clone(demo), accounts...))
	slices.SortStableFunc(all, func(x, y runfile.Account) int { return rank(h.has(x.ID)) - rank(h.has(y.ID)) })
	return all, err
}

// settleIn saves what a store does not have yet, or has otherwise: an earlier up may have
// played the story, which may have been edited since.
func (h *playhouse) settleIn(ctx context.Context, s *store.Store, wanted []store.Document) error {
	var changed []store.Document
	for _, doc := range wanted {
		old, err := s.Get(ctx, doc.DB, doc.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case old.Deleted: // it gives way
		case doc.Type == store.TypeNumber && !h.has(old.AccountID):
			return usagef("number %s of the scenario is that of another account in this lab, %s; give the scenario another number, or the lab another --data folder",
				doc.ID, old.AccountID)
		default:
			// What others have added stays; pvt_reseller is there or not.
			doc.Rev, doc.Body = old.Rev, old.Body.Delete("pvt_reseller").Merge(doc.Body)
			if old.AccountID == doc.AccountID && bytes.Equal(jobj.Append(nil, old.Body), jobj.Append(nil, doc.Body)) {
				continue
			}
		}
		changed = append(changed, doc)
	}
	return s.SaveAll(ctx, changed)
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// playStory plays the story in the lab that runs. Its switch goes on until the lab ends.
func (u *up) playStory(ctx context.Context, lab runfile.File) {
	if u.story == nil {
		return
	}
	h := u.story.house
	h.rest, h.socket, h.amqp, h.now = lab.REST, lab.Websocket, lab.AMQP, u.clock.Now
	h.time = &fromNow{u.clock, u.clock.Ahead()}
	over := func(err error) {
		if err != nil {
			u.say("%v", err)
		}
	}
	playing, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		options := playOptions{speed: u.story.speed, output: u.output, over: over}
		err := u.playScenario(playing, u.story.plan, options, func(_ *slog.Logger, report func(string, receiver.Request)) (*playhouse, error) {
			if h.socket == "" && len(h.plan.Sockets) > 0 {
				return h, errNoSockets
			}
			return h, h.receivers(playing, report)
		})
		if err != nil && playing.Err() == nil {
			u.say("the scenario is not played: %v", err)
			err = nil // said once
		}
		ended <- orderly(playing, err)
	}()
	u.atEnd(func(context.Context) error {
		stop()
		return <-ended
	})
}

// errNoSockets says that a story is played where there are no websockets.
var errNoSockets = errors.New("there are no websockets, and the story has some: websockets.listen is empty")

// fromNow is a clock that has not been put forward yet.
type fromNow struct {
	*clock.Adjustable

	by time.Duration
}

// Ahead is by how much it has been put forward since.
func (c *fromNow) Ahead() time.Duration { return c.Adjustable.Ahead() - c.by }

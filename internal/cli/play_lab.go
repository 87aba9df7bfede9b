package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/labclock"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
)

// fitsRunning says why a scenario cannot be played in an up in another process.
func fitsRunning(plan *scenario.Plan) error {
	for _, act := range plan.Acts {
		var target string
		switch do := act.Do.(type) {
		case *scenario.REST:
			target = do.Target
		case *scenario.Send:
			target = do.Frame.String("data", "endpoint")
			if do.Request != nil {
				target = do.Request.Target
			}
		}
		if strings.Contains(target, "/quickcall/") {
			return usagef("line %d: the running up places a quickcall itself, beside the story; play it without --on-running", act.Line)
		}
	}
	return fitsShared(plan)
}

// fitsShared says why a scenario cannot be played in a lab that others use, too.
func fitsShared(plan *scenario.Plan) error {
	for _, act := range plan.Acts {
		if f, ok := act.Do.(*scenario.Fault); ok && f.BrokerDrop {
			return usagef("line %d: broker_drop is for a broker that the story has for itself, as it has with kazoolab simulate FILE", act.Line)
		}
	}
	return nil
}

// newGuest has the up that runs be the house of a plan: its accounts are made over REST, and
// removed at the end. It is to be ended in any case.
func (a *app) newGuest(ctx context.Context, plan *scenario.Plan, running runfile.File, log *slog.Logger, report func(string, receiver.Request)) (*playhouse, error) {
	random := newIDs("") // of an earlier play, something may be left
	h := &playhouse{
		up: &up{app: a, log: log}, plan: plan, keys: map[string]string{}, down: map[string]*atomic.Bool{},
		rest: strings.TrimRight(running.REST, "/"), socket: running.Websocket, amqp: running.AMQP, host: otherHost(random),
	}
	master, ok := running.Account(runfile.Master)
	if !ok {
		return h, errors.New("the running up has no master account, below which the story's could be made")
	}
	if h.socket == "" && len(plan.Sockets) > 0 {
		return h, errNoSockets
	}
	now, err := a.clockOf(ctx, &running)
	if err != nil {
		return h, err
	}
	h.now, h.time = now.Now, &distantClock{ctx: ctx, running: running}
	h.world = stage.NewWorld(plan, random.Hex(32), master.ID)
	for _, name := range h.world.Order { // names and realms are one account's each
		account := &h.world.Offices[name].Account
		account.Realm = random.Hex(6) + "." + account.Realm
		account.Name += " " + random.Hex(4)
	}
	h.ours = h.belongs()
	token, err := newToken(ctx, h.rest, master.APIKey)
	if err != nil {
		return h, err
	}
	if err := h.receivers(ctx, report); err != nil {
		return h, err
	}
	for _, entry := range plan.Accounts {
		if err := h.move(ctx, entry, master, token, random); err != nil {
			return h, fmt.Errorf("account %s: %w", entry.Name, err)
		}
	}
	return h, nil
}

// move makes an account with its users and their telephones.
func (h *playhouse) move(ctx context.Context, entry form.Entry[scenario.Account], master runfile.Account, token string, random *ids.Source) error {
	o, above := h.world.Offices[entry.Name], master.ID
	if parent := h.world.Offices[entry.Value.Parent]; parent != nil {
		above = parent.Account.ID
	}
	parent := &client{base: h.rest, accountID: above, token: token}
	_, err := parent.do(ctx, http.MethodPut, "", jobj.Object{
		{Key: "id", Value: o.Account.ID}, {Key: "name", Value: o.Account.Name}, {Key: "realm", Value: o.Account.Realm},
	})
	if err != nil {
		return err
	}
	own := &client{base: h.rest, accountID: o.Account.ID, account: entry.Name, token: token}
	h.atEnd(func(ctx context.Context) error {
		own.token, err = newToken(ctx, h.rest, master.APIKey) // the first may have expired by the story's time
		if err == nil {
			_, err = own.do(ctx, http.MethodDelete, "", nil)
		}
		if err != nil {
			return fmt.Errorf("account %s is left over: %w", entry.Name, err)
		}
		return nil
	})
	if entry.Value.Reseller {
		if _, err := own.do(ctx, http.MethodPut, "/reseller", nil); err != nil {
			return err
		}
	}
	for _, d := range o.Devices {
		_, err := own.do(ctx, http.MethodPut, "/users", jobj.Object{
			{Key: "id", Value: d.OwnerID}, {Key: "first_name", Value: d.Name}, {Key: "last_name", Value: o.Account.Name},
			{Key: "username", Value: d.Username}, {Key: "password", Value: random.Hex(12)},
			{Key: "email", Value: d.Username + "@" + o.Account.Realm}, {Key: "presence_id", Value: d.Extension},
		})
		if err != nil {
			return err
		}
		if _, err := own.do(ctx, http.MethodPut, "/devices", deviceDocument(h.deviceOf(d)).Set("id", d.ID)); err != nil {
			return err
		}
	}
	answer, err := own.do(ctx, http.MethodGet, "/api_key", nil)
	h.keys[entry.Name] = answer.String("data", "api_key")
	return err
}

// belongs tells what on the bus is of the story: it names one of its accounts, or comes from
// its switch.
func (h *playhouse) belongs() func(body []byte) bool {
	marks := [][]byte{[]byte(h.host.Apps), []byte(h.host.Switch)}
	for _, o := range h.world.Offices {
		marks = append(marks, []byte(o.Account.ID), []byte(o.Account.Realm))
	}
	return func(body []byte) bool {
		for _, mark := range marks {
			if bytes.Contains(body, mark) {
				return true
			}
		}
		return false
	}
}

// distantClock is the clock of an up in another process.
type distantClock struct {
	ctx     context.Context //nolint:containedctx // the play's: time passes without one
	running runfile.File
	by      atomic.Int64 // nanoseconds; websockets ask, too
}

// Ahead is by how much it has been put forward here.
func (c *distantClock) Ahead() time.Duration { return time.Duration(c.by.Load()) }

// Advance puts it forward.
func (c *distantClock) Advance(by time.Duration) error {
	body, err := json.Marshal(map[string]string{"by": by.String()})
	if err != nil {
		return err
	}
	if _, err := askClock(c.ctx, c.running, http.MethodPost, labclock.PathAdvance, body); err != nil {
		return fmt.Errorf("the clock of the running up cannot be put forward, so that the story can be played with --speed 1 alone: %w", err)
	}
	c.by.Add(int64(by))
	return nil
}

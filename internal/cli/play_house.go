package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
)

// playhouse is where one scenario is played, with its accounts and its receivers: a private
// lab, all in this process, or the up that runs. Nothing of the scenario stays.
type playhouse struct {
	*up

	plan    *scenario.Plan
	world   *stage.World
	master  fixtures.Account
	keys    map[string]string // API keys, by the account's name
	rest    string
	socket  string
	amqp    string
	host    pbx.Host                // the machines of the story's switch
	now     func() time.Time        // the time there
	time    leaping                 // puts it forward
	ours    func(body []byte) bool  // whether a message on the bus is of the story
	down    map[string]*atomic.Bool // receivers that take nothing
	dropped func()                  // has the broker close every connection
}

// leaping is a clock that can be put forward.
type leaping interface {
	Ahead() time.Duration
	Advance(by time.Duration) error
}

// newPlayhouse opens one for a plan. It is to be ended in any case. A request is told
// to report when a receiver has got it, without an outcome, and when it has answered.
func (a *app) newPlayhouse(ctx context.Context, plan *scenario.Plan, log *slog.Logger, report func(string, receiver.Request)) (*playhouse, error) {
	loaded, err := config.Load(config.Sources{Command: "up"}) // the defaults: what up is told is for up
	if err != nil {
		return nil, err
	}
	c := loaded.Config
	c.REST.Listen, c.Websockets.Listen = "127.0.0.1:0", "127.0.0.1:0"
	adjustable := clock.NewAdjustable(a.Clock)
	own := &app{State: a.State}
	own.Clock = adjustable
	a.whenAbandoned(own.abandon)
	h := &playhouse{
		up:   &up{app: own, config: c, log: log, clock: adjustable, fail: func(error) {}},
		plan: plan, keys: map[string]string{}, down: map[string]*atomic.Bool{}, host: pbx.DefaultHost(),
		now: adjustable.Now, time: adjustable, ours: func([]byte) bool { return true },
	}
	h.master = fixtures.DemoTree(newIDs(plan.Seed + " master"))[0]
	h.world = stage.NewWorld(plan, plan.Seed, h.master.ID)
	if err := h.receivers(ctx, report); err != nil {
		return h, err
	}
	return h, h.open(ctx)
}

// has tells whether an account is one of the story's.
func (h *playhouse) has(accountID string) bool {
	_, ok := office.Of(h.world.List(), accountID)
	return ok
}

// open brings the bridge up.
func (h *playhouse) open(ctx context.Context) error {
	listener, err := h.up.open(ctx, h.config.REST.Listen, "rest.listen")
	if err != nil {
		return err
	}
	h.atEnd(func(context.Context) error { return ignoreClosed(listener.Close()) })
	sockets, err := h.app.sockets(ctx, h.config.Websockets, h.log)
	if err != nil {
		return err
	}
	h.atEnd(func(context.Context) error { closeSockets(sockets); return nil })
	folder, err := h.folder()
	if err != nil {
		return err
	}
	s, err := h.openStore(ctx, "sqlite:"+filepath.Join(folder, "kazoolab.db"), newIDs(""), h.log)
	if err != nil {
		return err
	}
	h.atEnd(func(context.Context) error { return s.Close() })
	if err := saveAccounts(ctx, s, h.accounts()); err != nil {
		return err
	}
	if err := h.openBroker(ctx); err != nil {
		return err
	}
	cfg := h.bridgeConfig(h.config, h.amqp, s, listener, newIDs(""), h.log)
	cfg.Sockets = sockets
	h.rest, h.socket = "http://"+listener.Addr().String(), socketURL(sockets)
	return h.runIt(ctx, bridge.New(cfg))
}

// runIt runs the bridge, and returns once it takes events.
func (h *playhouse) runIt(ctx context.Context, b *bridge.Bridge) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- h.runBridge(running, b, func(string) {}) }()
	h.atEnd(func(context.Context) error {
		stop()
		return orderly(running, <-ended)
	})
	select {
	case <-b.Ready():
		return nil
	case err := <-ended:
		ended <- nil
		return errors.Join(errors.New("the bridge did not come up"), err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *playhouse) openBroker(ctx context.Context) error {
	listener, err := h.up.open(ctx, "127.0.0.1:0", "amqp-url")
	if err != nil {
		return err
	}
	br := broker.New(broker.Config{Clock: h.Clock, IDs: newIDs(""), Log: h.log})
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- br.Serve(running, listener) }()
	h.atEnd(func(context.Context) error {
		stop()
		return <-ended
	})
	h.amqp = builtIn{amqp: listener}.url(config.Broker{})
	h.dropped = func() { br.CloseConnections("/", "a scenario has it fail") }
	return nil
}

// accounts are those of the plan, as a store has them, below the provider's.
func (h *playhouse) accounts() []fixtures.Account {
	tree := map[string][]string{"": {h.master.ID}}
	all := []fixtures.Account{h.master}
	for _, a := range h.plan.Accounts {
		secrets := newIDs(h.plan.Seed + " keys " + a.Name)
		o := h.world.Offices[a.Name]
		account := fixtures.Account{
			ID: o.Account.ID, Name: o.Account.Name, Realm: o.Account.Realm, Tree: tree[a.Value.Parent],
			ResellerID: o.Account.ResellerID, IsReseller: a.Value.Reseller, APIKey: secrets.Hex(64), Numbers: o.Numbers,
		}
		tree[a.Name] = append(append([]string(nil), account.Tree...), account.ID)
		h.keys[a.Name] = account.APIKey
		for n, d := range o.Devices {
			password := newIDs(h.plan.Seed + " password " + d.OwnerID).Hex(12)
			u := fixtures.User{ID: d.OwnerID, Username: d.Username, Password: password, Extension: d.Extension, IsAdmin: n == 0, Device: h.deviceOf(d)}
			u.First, u.Email = d.Name, d.Username+"@"+account.Realm
			account.Users = append(account.Users, u)
		}
		all = append(all, account)
	}
	return all
}

// deviceOf is a telephone of the plan, whose password comes from its seed.
func (h *playhouse) deviceOf(d pbx.Device) fixtures.Device {
	return fixtures.Device{
		ID: d.ID, Username: d.Username, Password: newIDs(h.plan.Seed + " telephone " + d.ID).Hex(12),
		OwnerID: d.OwnerID, Name: d.Name, Extension: d.Extension,
	}
}

// receivers starts those of the plan.
func (h *playhouse) receivers(ctx context.Context, report func(string, receiver.Request)) error {
	for _, r := range h.plan.Receivers {
		script, err := receiver.ParseScript(string(r.Value.Answers))
		if err != nil {
			return err
		}
		listener, err := h.up.open(ctx, "127.0.0.1:0", "receivers")
		if err != nil {
			return err
		}
		down := &atomic.Bool{}
		h.down[r.Name] = down
		// Its delays are the machine's: the clock of the lab leaps.
		tell := func(req receiver.Request) { report(r.Name, req) }
		answers := receiver.New(receiver.Config{Clock: clock.Machine(h.Clock), Script: script, Arrived: tell, Report: tell})
		server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if down.Load() {
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_ = conn.Close()
				}
				return
			}
			answers.ServeHTTP(w, req)
		})}
		var running sync.WaitGroup
		running.Go(func() { _ = server.Serve(listener) }) // it ends when it is closed
		h.atEnd(func(context.Context) error {
			err := server.Close()
			running.Wait()
			return err
		})
		h.world.URIs[r.Name] = fmt.Sprintf("http://%s/", listener.Addr())
	}
	return nil
}

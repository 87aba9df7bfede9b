package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

// startSwitch runs a simulated switch beside the bridge, on a connection of its own: it
// answers for its channels, obeys commands to them, has the callflows of the accounts lead calls to
// their numbers, and Pivot those of their actions, places the calls that it is asked for, and with a rate makes calls by itself.
func (u *up) startSwitch(ctx context.Context, url string, accounts []runfile.Account) error {
	b := u.switchBus(url, "kazoolab switch", u.log)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 2)
	go func() { ended <- b.Run(running) }()
	line := timeline.New(timeline.Config{Speed: 1, Wall: u.Clock})
	random := newIDs(u.config.Seed)
	var offices []office.Office
	accounts = slices.DeleteFunc(slices.Clone(accounts), func(account runfile.Account) bool { return u.elsewhere(account.ID) })
	for _, account := range accounts {
		offices = append(offices, officeOf(account, random))
	}
	sim := newSimulation(line, outlet.New(running, b), pbx.DefaultHost(), offices, random)
	sim.logTo(u.log)
	go func() { ended <- line.Run(running, true) }()
	u.atEnd(func(context.Context) error {
		stop()
		return errors.Join(orderly(running, <-ended), orderly(running, <-ended), orderly(running, sim.out.Close()))
	})
	sim.elsewhere = u.elsewhere
	sim.storeBy(running, uploader(u.guard(), u.config.Webhooks.TLSVerify))
	c, err := sim.obey(ctx, b, u.log)
	if err != nil {
		return err
	}
	if err := sim.leadByFlows(running, b, storedDocuments{u.store}, fidelity.Compat(u.config.Compat), func(do func()) error { return line.Do(ctx, do) }, u.log); err != nil {
		return err
	}
	if err := u.startPivot(running, b, sim); err != nil {
		return err
	}
	return line.Do(ctx, func() {
		c.Advertise("callflow", "pivot")
		u.beginCalls(sim, accounts)
	})
}

// elsewhere tells of accounts whose calls the switch of a story places.
func (u *up) elsewhere(accountID string) bool { return u.story != nil && u.story.house.has(accountID) }

// beginCalls has the customers of the lab call and be called.
func (u *up) beginCalls(sim *simulation, accounts []runfile.Account) {
	if u.rate == 0 {
		return
	}
	var busy []office.Office
	for i, account := range accounts {
		if account.Kind == runfile.Customer {
			busy = append(busy, sim.offices[i])
		}
	}
	arrivals, err := traffic.ParseArrivals("poisson", u.rate)
	if err != nil || len(busy) == 0 {
		return
	}
	traffic.New(traffic.Config{Arrivals: arrivals, Offices: busy, Mix: traffic.OfficeMix()}, sim.player, sim.line, sim.random, nil).Begin()
}

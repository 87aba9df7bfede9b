package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/buildinfo"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
	pivotclient "github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// startPivot runs the Pivot engine beside the callflow application of a simulation: it takes the calls
// of every callflow of this lab's accounts whose action is pivot, those of a switch in another process too.
// Each call is taken once, however many labs have the same store.
func (u *up) startPivot(ctx context.Context, b *bus.Bus, sim *simulation) error {
	asker := pivotclient.New(pivotclient.Config{
		Compat:        fidelity.Compat(u.config.Compat),
		Guard:         u.guard(),
		TLSUnverified: !u.config.Webhooks.TLSVerify,
		MaxBody:       pivot.MaxBody,
		Clock:         u.Clock,
	})
	u.atEnd(func(context.Context) error { asker.Close(); return nil })
	checker, err := flow.New(nil) // addresses that may not be asked are refused when they are dialled
	if err != nil {
		return err
	}
	node := "kazoo_apps@" + sim.host.Apps
	connected, err := u.connectedApps(ctx, b, node, asker)
	if err != nil {
		return err
	}
	var engine *pivot.Engine
	documents := pivotDocuments{sim.flows.documents, u.store}
	port := sim.flows.bus.port(func(queue string, message jobj.Object) { //nolint:contextcheck // documents have that of the lab
		if queue != pivot.ListenerQueue {
			engine.Hear(queue, message)
			return
		}
		documents.ifOurs(message.Object("Call"), func() { engine.Hear(queue, message) })
	})
	cluster, err := bridge.ClusterID(ctx, u.store, newIDs(""))
	if err != nil {
		return err
	}
	return sim.flows.bus.share(ctx, pivot.ListenerQueue, pivotQueue(cluster), func() {
		engine = pivot.New(ctx, pivot.Config{
			Line: sim.line, Bus: port, Asker: boundAsker{connected, sim.flows.bus.own.Subscription}, Connected: connected, Flows: checker, Documents: documents, Compat: fidelity.Compat(u.config.Compat),
			IDs: sim.random, Node: node, Log: u.log, RequestTimeout: u.config.Pivot.RequestTimeout, Requests: u.config.Pivot.MaxRequests,
			Await: func(request.Request) func() { return sim.line.Stay() },
			Save: func(_ string, doc jobj.Object) {
				sim.debugDocument(node, doc)
			},
			Trace: func(step pivot.Step) {
				if step.Kind == pivot.Failed || step.Kind == pivot.Emptied {
					sim.trouble(node, step)
				}
			},
		})
		engine.Listen()
		sim.flows.over = engine.Over
	})
}

// pivotQueue is what the labs of one store take the calls of Pivot from: pivot_listener of a Kazoo, under a name
// of their own, so that neither a Kazoo nor the lab of another store misses a call of its accounts.
func pivotQueue(clusterID string) string { return "kazoolab.pivot." + clusterID }

// connectedApps are those that are asked at websockets, wherever their sockets are; the others are
// asked by HTTP.
func (u *up) connectedApps(ctx context.Context, b *bus.Bus, node string, http *pivotclient.Client) (apps.Asker, error) {
	directory := apps.New(apps.Config{Clock: clock.Machine(u.Clock), IDs: newIDs(""), Log: u.log, Node: node, Version: buildinfo.Read().Version})
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	subscribed := make(chan *bus.Subscription, 1)
	go func() { ended <- directory.Serve(serving, b, func(sub *bus.Subscription) { subscribed <- sub }) }()
	u.atEnd(func(context.Context) error {
		stop()
		return orderly(serving, <-ended)
	})
	select {
	case sub := <-subscribed:
		return apps.Asker{Apps: directory, HTTP: http}, sub.WaitReady(ctx)
	case err := <-ended:
		ended <- nil
		return apps.Asker{}, err
	}
}

// boundAsker asks when the broker has what the engine hears the call by, as K5 does: of what the caller does
// behind an answer nothing is missed.
type boundAsker struct {
	pivot.Asker
	sub *bus.Subscription
}

// Ask waits no longer for the broker than for an answer.
func (b boundAsker) Ask(ctx context.Context, r request.Request) (pivotclient.Answer, error) {
	bound, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	_ = b.sub.Bound(bound, bus.Binding{Exchange: kapi.ExchangeCallEvents, Key: "call.*." + kapi.EncodeKey(r.CallID)}) // a call without events is led as well
	return b.Asker.Ask(ctx, r)
}

// guard is that of webhooks: what their settings say holds for whatever else the lab asks.
func (u *up) guard() guard.Guard {
	return guard.Guard{Level: guard.Level(u.config.Webhooks.Guard), AllowLoopback: u.config.AllowLoopbackTargets}
}

// debugDocument has the bridge store a debug document of Pivot. The other documents of its engine, of
// recordings, have no file here, and are of no use to anybody.
func (s *simulation) debugDocument(node string, doc jobj.Object) {
	if doc.String("pvt_type") != kapi.TypePivotDebug {
		return
	}
	from := kapi.Sender{Node: node, AppName: "pivot", AppVersion: "4.0.0", MsgID: func() string { return s.random.Hex(32) }}
	message, err := kapi.PivotDebugMessage(from, doc.String("pvt_account_id"), doc.Delete("_id"))
	if err != nil {
		s.fail(err)
		return
	}
	s.out.Publish("a debug document", outlet.Message(message))
}

// trouble tells whoever made a call that its application has failed, or said nothing.
func (s *simulation) trouble(node string, step pivot.Step) {
	from := kapi.Sender{Node: node, AppName: "pivot", AppVersion: "4.0.0", MsgID: func() string { return s.random.Hex(32) }}
	text := step.Text
	if !strings.Contains(text, step.URI) {
		text = "the app at " + step.URI + ": " + text
	}
	message, err := kapi.PivotTroubleMessage(from, step.AccountID, step.CallID, text, step.Kazoo, step.Debug)
	if err != nil {
		return // it is about no call, or no account: the log has it
	}
	s.out.Publish("a failure of Pivot", outlet.Message(message))
}

// pivotDocuments are what the Pivot engine asks for of an account: itself, its devices and users.
type pivotDocuments struct {
	*accountDocuments

	store *store.Store
}

// Documents fetches an account's own.
func (d pivotDocuments) Documents(accountID string, ids []string, then func(found map[string]jobj.Object)) {
	found := map[string]jobj.Object{}
	d.fetch("documents of account "+accountID, func(ctx context.Context) error {
		for _, id := range ids {
			doc, err := ownDocument(ctx, d.store, accountID, id)
			if err != nil {
				return err
			}
			if doc.ID != "" {
				found[id] = publicPart(doc).Set("pvt_type", doc.Type)
			}
		}
		return nil
	}, func() { then(found) })
}

// ifOurs goes on with a call of one of the accounts here, led by one of their callflows if by any: labs
// have the same accounts, made of the same seed, and each its own callflows.
func (d pivotDocuments) ifOurs(call jobj.Object, then func()) {
	account, flow := call.String("Account-ID"), call.String("Key-Value-Store", "cf_flow_id")
	ours := false
	d.fetch("account "+account, func(ctx context.Context) error {
		doc, err := ownDocument(ctx, d.store, account, account)
		if ours = doc.ID != ""; !ours || flow == "" {
			return err
		}
		_, err = d.store.Get(ctx, kapi.AccountDB(account), flow) // one that is deleted leads its calls to their end
		if errors.Is(err, store.ErrNotFound) {
			ours, err = false, nil
		}
		return err
	}, func() {
		if ours {
			then()
		}
	})
}

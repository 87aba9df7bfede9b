package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// fleet is the deployment that a storm is over.
type fleet struct {
	lab.Servers

	nodes []member
	log   *os.File // of the nodes
}

// member is a node and its lines.
type member struct {
	*lab.Node

	toBroker, toStore *lab.Line // toStore is nil where the store is a file
}

// readyLimit is how long a node may take to be ready, whatever has befallen it.
const readyLimit = 2 * time.Minute

// newFleet starts the servers. The nodes come later, once the store holds something.
func newFleet(ctx context.Context, o options, dir string) (*fleet, error) {
	log, err := os.Create(filepath.Join(dir, "nodes.log"))
	if err != nil {
		return nil, err
	}
	f := &fleet{log: log}
	if f.Servers, err = lab.StartServers(ctx, o.store, dir); err != nil {
		return nil, errors.Join(err, f.stop())
	}
	return f, nil
}

// join prepares the nodes and starts them.
func (f *fleet) join(ctx context.Context, o options) error {
	for i := range o.nodes() {
		m, err := f.member(i, o)
		if err != nil {
			return err
		}
		f.nodes = append(f.nodes, m)
		if err := m.Start(); err != nil {
			return err
		}
	}
	return f.awaitReady(ctx)
}

func (f *fleet) member(i int, o options) (m member, err error) {
	if m.toBroker, err = lab.NewLine(fmt.Sprintf("RabbitMQ of node %d", i), f.Broker.URL()); err != nil {
		return m, err
	}
	store := f.StoreURL
	if f.Database != nil {
		if m.toStore, err = lab.NewLine(fmt.Sprintf("PostgreSQL of node %d", i), f.StoreURL); err != nil {
			return m, err
		}
		store = m.toStore.URL
	}
	m.Node, err = lab.NewNode(lab.NodeOptions{
		Binary: o.binary, AMQPURL: m.toBroker.URL, Store: store, Log: f.log,
		Args: []string{
			"--log-level", "warn", "--webhooks-disable-disabler", "--webhooks-attempts-max", "0",
			"--webhooks-request-timeout", requestTimeout.String(),
		},
	})
	return m, err
}

// requestTimeout ends requests to receivers that hang before the storm is over.
const requestTimeout = 3 * time.Second

func (f *fleet) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for i, m := range f.nodes {
		if err := m.AwaitReady(ctx); err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
	}
	return nil
}

// strike does what is planned and undoes it after its time.
func (f *fleet) strike(ctx context.Context, x fault) error {
	wait := func() error { return clock.Sleep(ctx, clock.System(), x.lasts) }
	m := f.nodes[x.node]
	switch x.kind {
	case killNode:
		m.Kill()
		return then(wait, m.Start)
	case killAll:
		for _, m := range f.nodes {
			m.Kill()
		}
		steps := []func() error{wait}
		for _, m := range f.nodes {
			steps = append(steps, m.Start)
		}
		return then(steps...)
	case restartNode:
		limit, cancel := context.WithTimeout(ctx, readyLimit)
		defer cancel()
		return then(func() error { return m.Stop(limit) }, m.Start)
	case restartBroker:
		return f.Broker.Restart(ctx)
	case restartBoth:
		m.Kill()
		return then(func() error { return f.Broker.Restart(ctx) }, m.Start)
	case restartStore:
		return f.Database.Restart(ctx)
	case cutBroker:
		m.toBroker.Cut()
		return then(wait, func() error { return m.toBroker.Mend(ctx) })
	case silenceBroker:
		return then(m.toBroker.Silence, wait, func() error { return m.toBroker.Mend(ctx) })
	case cutStore:
		m.toStore.Cut()
		return then(wait, func() error { return m.toStore.Mend(ctx) })
	default:
		return fmt.Errorf("%s: not the fleet's to do", x)
	}
}

func then(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// idle tells whether nothing is on its way: no event in the queue, and none taken and
// not acknowledged.
func (f *fleet) idle(ctx context.Context) (bool, error) {
	left, err := f.Queued()
	if err != nil || left > 0 {
		return false, err
	}
	for i, m := range f.nodes {
		figures, err := m.Metrics(ctx)
		if err != nil {
			return false, fmt.Errorf("node %d: %w", i, err)
		}
		if figures.Sum("kazoolab_webhook_events_in_flight") > 0 {
			return false, nil
		}
	}
	return true, nil
}

// crashed is an error when a node has ended of its own accord.
func (f *fleet) crashed() error {
	for i, m := range f.nodes {
		if !m.Runs() {
			return fmt.Errorf("node %d has ended, which nobody asked it to", i)
		}
	}
	return nil
}

// stop ends everything that was started.
func (f *fleet) stop() error {
	var faults []error
	for _, m := range f.nodes {
		m.Kill()
		m.toBroker.Close()
		if m.toStore != nil {
			m.toStore.Close()
		}
	}
	faults = append(faults, f.Stop(), f.log.Close())
	return errors.Join(faults...)
}

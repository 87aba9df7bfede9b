package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// failing is how many requests there are for each that a failing receiver answers 500.
const failing = 10

// compare has the bare loop and bridges empty the same queue in turn, and writes each
// run to out, and the medians with what they are of the bare loop's.
func compare(ctx context.Context, out io.Writer, o options) error {
	stores, err := openStores(ctx, o.stores)
	if err != nil {
		return err
	}
	defer stores.close()
	receiver, err := newReceiver()
	if err != nil {
		return err
	}
	defer receiver.close()
	c := comparison{options: o, out: out, receiver: receiver, account: ids.New().Hex(32), results: map[string][]result{}}
	if c.self, err = os.Executable(); err != nil {
		return err
	}
	if err := c.enter(ctx, stores); err != nil {
		return err
	}
	for i := range o.runs {
		for _, one := range c.contenders {
			r, err := c.run(ctx, one)
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			fmt.Fprintf(out, "run %d  %-*s  %s\n", i+1, c.width(), one.name, r)
			c.results[one.name] = append(c.results[one.name], r)
		}
	}
	if err := c.summarise(); err != nil || o.profile == "" {
		return err
	}
	return c.profileEach(ctx)
}

// comparison is who takes part and what came of it.
type comparison struct {
	options

	out        io.Writer
	self       string // this program
	receiver   *receiver
	account    string // whose events they are
	contenders []contender
	results    map[string][]result // by contender
}

// enter lists the contenders. All stores have the same account.
func (c *comparison) enter(ctx context.Context, stores *stores) error {
	c.contenders = []contender{{
		name: bareName, commands: [][]string{{c.self, "-bare", "-amqp-url", c.amqpURL, "-target", c.receiver.url()}},
	}}
	for _, kind := range stores.kinds {
		url, err := stores.fresh(ctx, kind)
		if err != nil {
			return err
		}
		if err := seedStore(ctx, url, c.account, c.receiver.url(), 1); err != nil {
			return err
		}
		bridge, name := c.bridge(url), "bridge, "+kind
		c.contenders = append(c.contenders, contender{name: name, commands: [][]string{bridge}})
		if c.old != "" {
			old := append([]string{c.old}, bridge[1:]...)
			c.contenders = append(c.contenders, contender{name: "old " + name, commands: [][]string{old}})
		}
		if c.fails {
			c.contenders = append(c.contenders, contender{name: name + ", 1 in 10 fails", commands: [][]string{bridge}, failing: failing})
		}
		if c.nodes > 1 && kind == lab.PostgreSQL {
			several := fmt.Sprintf("%d bridges, %s", c.nodes, kind)
			c.contenders = append(c.contenders, contender{name: several, commands: slices.Repeat([][]string{bridge}, c.nodes)})
		}
	}
	return nil
}

const bareName = "bare loop"

// bridge is the command that all this is about. What fails is not switched off.
func (o options) bridge(storeURL string) []string {
	return []string{
		o.kazoolab, "bridge", "--amqp-url", o.amqpURL, "--store", storeURL, "--rest-listen", "127.0.0.1:0", "--websockets-listen=",
		"--allow-loopback-targets", "--webhooks-disable-disabler", "--log-level", "error",
	}
}

func (c *comparison) run(ctx context.Context, one contender) (result, error) {
	q, err := openQueue(c.amqpURL, c.account, c.events)
	if err != nil {
		return result{}, err
	}
	r, err := measure(ctx, one, q, c.receiver, c.events)
	return r, errors.Join(err, q.close())
}

func (c *comparison) summarise() error {
	bare := median(c.results[bareName])
	if bare.rate == 0 || bare.cpu == 0 {
		return errors.New("too little was measured: give more -events")
	}
	for _, one := range c.contenders {
		r := median(c.results[one.name])
		fmt.Fprintf(c.out, "median %-*s  %s", c.width(), one.name, r)
		if one.name != bareName {
			fmt.Fprintf(c.out, "  rate %.2f, CPU %.2f of the bare loop's", r.rate/bare.rate, r.cpu/bare.cpu)
		}
		fmt.Fprintln(c.out)
	}
	return nil
}

// width is that of the longest name.
func (c *comparison) width() int {
	longest := slices.MaxFunc(c.contenders, func(a, b contender) int { return cmp.Compare(len(a.name), len(b.name)) })
	return len(longest.name)
}

// median takes each figure's own.
func median(results []result) result {
	return result{
		rate: figures.Median(results, func(r result) float64 { return r.rate }),
		cpu:  figures.Median(results, func(r result) float64 { return r.cpu }),
		peak: figures.Median(results, func(r result) float64 { return r.peak }),
	}
}

// parseStores reads -store.
func parseStores(text string) ([]string, error) {
	kinds := strings.Split(text, ",")
	for _, kind := range kinds {
		if kind != lab.SQLite && kind != lab.PostgreSQL {
			return nil, fmt.Errorf("-store: %q is neither %s nor %s", kind, lab.SQLite, lab.PostgreSQL)
		}
	}
	return kinds, nil
}

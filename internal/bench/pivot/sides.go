package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// side is who makes requests, and the application that answers them.
type side struct {
	app   *process
	asker *process
	parts []part // whose work counts, the asker first
	own   []*process
	all   together
}

// part is a process whose work counts.
type part struct {
	name string
	used func() figures.Used
}

// load is what a side is to do.
type load struct {
	rate float64 // calls a second; 0 is as fast as it goes
	held int     // calls that wait beside
	idle bool    // nothing but that
}

func (l load) args(more ...string) []string {
	args := []string{"-rate", strconv.FormatFloat(l.rate, 'f', -1, 64)}
	if l.held > 0 {
		args = append(args, "-held", strconv.Itoa(l.held))
	}
	if l.idle {
		args = append(args, "-idle")
	}
	return append(args, more...)
}

// starter starts a side.
type starter func(ctx context.Context, l load) (*side, error)

// made has what was started ended where something goes wrong.
func made(ctx context.Context, build func(*side) error) (*side, error) {
	s := &side{}
	if err := build(s); err != nil {
		return nil, errors.Join(err, s.all.stop(ctx))
	}
	return s, nil
}

// stop ends it. That a process has ended before is an error.
func (s *side) stop(ctx context.Context) error {
	var err error
	for _, p := range s.own {
		if p.Ended() {
			err = errors.Join(err, fmt.Errorf("the %s has ended before its time", p.name))
		}
	}
	return errors.Join(err, s.all.stop(ctx))
}

// join adds a process of this program.
func (s *side) join(b *bench, role string, args ...string) (*process, error) {
	p, err := b.self(role, args...)
	if err != nil {
		return nil, err
	}
	s.own = append(s.own, p)
	s.all.add(p.stop)
	return p, nil
}

func (s *side) asks(p *process) {
	s.asker = p
	s.parts = append([]part{{p.name, p.used}}, s.parts...)
}

func (b *bench) profiled() []string {
	if b.profile == "" {
		return nil
	}
	return []string{"-profile", b.profile}
}

// httpEngine asks an application over HTTP.
func (b *bench) httpEngine(ctx context.Context, l load) (*side, error) {
	return b.overHTTP(ctx, roleEngine, l.args(b.profiled()...))
}

func (b *bench) httpBare(ctx context.Context, l load) (*side, error) {
	return b.overHTTP(ctx, roleBare, l.args("-samples", b.samples))
}

func (b *bench) overHTTP(ctx context.Context, role string, args []string) (*side, error) {
	return made(ctx, func(s *side) (err error) {
		if s.app, err = s.join(b, roleApp); err != nil {
			return err
		}
		asker, err := s.join(b, role, append(args, "-url", s.app.URL)...)
		if err == nil {
			s.asks(asker)
		}
		return err
	})
}

// socketEngine asks an application at a websocket of a node, by the built-in broker.
func (b *bench) socketEngine(ctx context.Context, l load) (*side, error) {
	return made(ctx, func(s *side) error {
		broker, amqpURL, err := b.broker()
		if err != nil {
			return err
		}
		s.all.add(broker.stop)
		b.stores++
		store := "sqlite:" + filepath.Join(b.dir, strconv.Itoa(b.stores)+".db")
		tree, err := (lab.Tree{Seed: "pivot", Accounts: 1}).Plant(ctx, store, nil)
		if err != nil {
			return err
		}
		node, err := lab.NewNode(lab.NodeOptions{Binary: b.binary, AMQPURL: amqpURL, Store: store, Sockets: true})
		if err != nil {
			return err
		}
		if err := node.Start(); err != nil {
			return err
		}
		s.all.add(func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startLimit)
			defer cancel()
			return node.Stop(ctx)
		})
		waiting, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		if err := node.AwaitReady(waiting); err != nil {
			return err
		}
		token, err := node.Login(ctx, tree.APIKey)
		if err != nil {
			return err
		}
		account := tree.Accounts[0]
		if s.app, err = s.join(b, roleSocketApp, "-url", node.SocketURL(), "-account", account, "-token", token); err != nil {
			return err
		}
		s.parts = []part{{"node", node.Used}, {"broker", broker.used}}
		engine, err := s.join(b, roleEngine, append(l.args(b.profiled()...), "-url", "http://"+appHost, "-amqp-url", amqpURL, "-account", account)...)
		if err == nil {
			s.asks(engine)
		}
		return err
	})
}

func (b *bench) socketBare(ctx context.Context, l load) (*side, error) {
	return made(ctx, func(s *side) error {
		loop, err := s.join(b, roleBareSocket, l.args("-samples", b.samples)...)
		if err != nil {
			return err
		}
		s.asks(loop)
		s.app, err = s.join(b, roleSocketApp, "-url", loop.URL)
		return err
	})
}

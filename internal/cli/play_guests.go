package cli

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/socketclient"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
)

// halfLife is for how long a token is used: it is good for an hour, and the story may be
// longer.
const halfLife = 30 * time.Minute

// clients are those of accounts, by the names of these. Steps and websockets ask for them.
type clients struct {
	mu    sync.Mutex
	known map[string]dated
}

// dated is a client, and when it got its token.
type dated struct {
	*client

	since time.Time
}

// forget has the next who asks get another token.
func (c *clients) forget(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, account)
}

// clientOf is the client of an account, with a token that is still good.
func (p *play) clientOf(ctx context.Context, account string) (*client, error) {
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	now := p.wall.Now().Add(p.house.time.Ahead()) // as the bridge counts
	if c, ok := p.clients.known[account]; ok && now.Sub(c.since) < halfLife {
		return c.client, nil
	}
	token, err := newToken(ctx, p.house.rest, p.house.keys[account])
	if err != nil {
		return nil, err
	}
	id := p.house.world.Offices[account].Account.ID
	c := &client{base: p.house.rest, accountID: id, account: account, token: token}
	p.clients.known[account] = dated{c, now}
	return c, nil
}

// forgetHooks removes those that an earlier up has made for the story: their receivers
// are gone.
func (p *play) forgetHooks(ctx context.Context) error {
	for _, entry := range p.plan.Hooks {
		c, err := p.clientOf(ctx, entry.Value.Account)
		if err != nil {
			return err
		}
		rows, err := c.rows(ctx, "/webhooks")
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.String("name") != entry.Value.Name {
				continue
			}
			if _, err := c.do(ctx, http.MethodDelete, "/webhooks/"+row.String("id"), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// createHooks makes the hooks of the plan, and learns their ids.
func (p *play) createHooks(ctx context.Context) error {
	if p.over != nil {
		if err := p.forgetHooks(ctx); err != nil {
			return err
		}
	}
	for _, entry := range p.plan.Hooks {
		h := entry.Value
		c, err := p.clientOf(ctx, h.Account)
		if err != nil {
			return err
		}
		uri := h.URI
		if uri == "" {
			uri = p.house.world.URIs[h.Receiver]
		}
		data := jobj.Object{
			{Key: "name", Value: h.Name}, {Key: "hook", Value: h.Hook}, {Key: "uri", Value: uri},
			{Key: "format", Value: h.Format}, {Key: "http_verb", Value: h.HTTPVerb}, {Key: "include_subaccounts", Value: h.IncludeSubaccounts},
		}
		if h.Retries != nil {
			data = append(data, jobj.Member{Key: "retries", Value: *h.Retries})
		}
		if h.IncludeInternal != nil {
			data = append(data, jobj.Member{Key: "include_internal_legs", Value: *h.IncludeInternal})
		}
		if len(h.CustomData) > 0 {
			data = append(data, jobj.Member{Key: "custom_data", Value: h.CustomData})
		}
		envelope, err := c.do(ctx, http.MethodPut, "/webhooks", data)
		if err != nil {
			return fmt.Errorf("hook %s: %w", entry.Name, err)
		}
		p.house.world.Hooks[entry.Name] = envelope.String("data", "id")
	}
	return nil
}

// connectSockets subscribes the sockets of the plan, and returns when all are.
func (p *play) connectSockets(ctx context.Context) error {
	for _, entry := range p.plan.Sockets {
		if err := p.connectSocket(ctx, entry.Name, entry.Value); err != nil {
			return fmt.Errorf("socket %s: %w", entry.Name, err)
		}
	}
	return nil
}

// fillAll puts into texts what their references stand for.
func (p *play) fillAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = scenario.Fill(text, p.stage.Lookup)
	}
	return all
}

// guest is a websocket of the story.
type guest struct {
	*socketclient.Client

	account string                  // its name
	replies chan socketclient.Frame // to what it has said
	ended   chan error
}

// manyReplies is how many can wait for somebody who looks at them: more than there are to
// the subscriptions of a connection that is new.
const manyReplies = 1000

func (p *play) connectSocket(ctx context.Context, name string, s scenario.Socket) error {
	client, err := p.clientOf(ctx, s.Account)
	if err != nil {
		return err
	}
	bindings := p.fillAll(s.Subscribe)
	g := &guest{account: s.Account, replies: make(chan socketclient.Frame, manyReplies), ended: make(chan error, 1)}
	g.Client = socketclient.New(socketclient.Config{
		Find: func(ctx context.Context) (socketclient.Place, error) {
			c, err := p.clientOf(ctx, s.Account)
			if err != nil {
				return socketclient.Place{}, err
			}
			return socketclient.Place{URL: p.house.socket, Token: c.token}, nil
		},
		AccountID: client.accountID, Bindings: bindings, Clock: p.wall, IDs: newIDs(""),
		Frame: func(f socketclient.Frame) error {
			switch f.Fields.String("action") {
			case "event":
				p.evidence.AtSocket(name, verdict.Frame(p.elapsed(), f.Fields))
			case "reply":
				select {
				case g.replies <- f:
				default: // nobody has looked at any for long
				}
			}
			return nil
		},
		Opened: func(socketclient.Place) {}, Lost: func(error, time.Duration) {},
	})
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { g.ended <- g.Run(running) }()
	p.house.atEnd(func(context.Context) error {
		stop()
		return orderly(running, <-g.ended)
	})
	p.guests[name] = g
	for _, binding := range bindings {
		reply, err := g.reply(ctx, askLimit, func(f socketclient.Frame) bool {
			return f.Answers == socketclient.Request{Action: "subscribe", Binding: binding}
		})
		if err == nil {
			err = reply.Refused()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reply waits for the reply that is meant, and leaves others out.
func (g *guest) reply(ctx context.Context, limit time.Duration, meant func(socketclient.Frame) bool) (socketclient.Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		select {
		case f := <-g.replies:
			if meant(f) {
				return f, nil
			}
		case err := <-g.ended:
			g.ended <- nil
			return socketclient.Frame{}, err
		case <-ctx.Done():
			return socketclient.Frame{}, fmt.Errorf("no reply came within %s", limit)
		}
	}
}

// tap has all that is published be evidence.
func (p *play) tap(b *bus.Bus) (*bus.Subscription, error) {
	consumer := bus.Consumer{Queue: bus.Queue{Exclusive: true, AutoDelete: true}, NoAck: true, Handle: func(d bus.Delivery) {
		body, err := kapi.Unpack(d.Body, d.ContentEncoding, maxFile)
		if err != nil || !p.house.ours(body) {
			return
		}
		if fields, err := jobj.ParseObject(body); err == nil {
			p.evidence.OnBus(verdict.Message(p.elapsed(), fields))
		}
	}}
	seen := map[string]bool{}
	for _, kind := range kapi.Publications() {
		if !seen[kind.Exchange] {
			seen[kind.Exchange] = true
			consumer.Bindings = append(consumer.Bindings, bus.Binding{Exchange: kind.Exchange, Key: "#"})
		}
	}
	return b.Consume(consumer)
}

package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/socketclient"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
)

// clientOf is the client of an account.
func (p *play) clientOf(ctx context.Context, account string) (*client, error) {
	if c := p.clients[account]; c != nil {
		return c, nil
	}
	token, err := newToken(ctx, p.house.rest, p.house.keys[account])
	if err != nil {
		return nil, err
	}
	id := p.house.world.Offices[account].Account.ID
	p.clients[account] = &client{base: p.house.rest, accountID: id, account: account, token: token}
	return p.clients[account], nil
}

// createHooks makes the hooks of the plan, and learns their ids.
func (p *play) createHooks(ctx context.Context) error {
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

func (p *play) connectSocket(ctx context.Context, name string, s scenario.Socket) error {
	token, err := p.clientOf(ctx, s.Account)
	if err != nil {
		return err
	}
	bindings := make([]string, len(s.Subscribe))
	for i, binding := range s.Subscribe {
		bindings[i] = scenario.Fill(binding, p.stage.Lookup)
	}
	answered := make(chan error, len(bindings))
	c := socketclient.New(socketclient.Config{
		Find: func(context.Context) (socketclient.Place, error) {
			return socketclient.Place{URL: p.house.socket, Token: token.token}, nil
		},
		AccountID: token.accountID, Bindings: bindings, Clock: p.wall, IDs: newIDs(""),
		Frame: func(f socketclient.Frame) error {
			switch {
			case f.Answers.Action == "subscribe":
				select {
				case answered <- f.Refused():
				default: // after a lost connection
				}
			case f.Fields.String("action") == "event":
				p.evidence.AtSocket(name, verdict.Frame(p.elapsed(), f.Fields))
			}
			return nil
		},
		Opened: func(socketclient.Place) {}, Lost: func(error, time.Duration) {},
	})
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(running) }()
	p.house.atEnd(func(context.Context) error {
		stop()
		return orderly(running, <-ended)
	})
	for range bindings {
		select {
		case err := <-answered:
			if err != nil {
				return err
			}
		case err := <-ended:
			ended <- nil
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// tap has all that is published be evidence.
func (p *play) tap(b *bus.Bus) (*bus.Subscription, error) {
	consumer := bus.Consumer{Queue: bus.Queue{Exclusive: true, AutoDelete: true}, NoAck: true, Handle: func(d bus.Delivery) {
		body, err := kapi.Unpack(d.Body, d.ContentEncoding, maxFile)
		if err != nil {
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

// ask makes a request of the story, or of what it expects.
func (p *play) ask(ctx context.Context, r *scenario.REST) error {
	c, err := p.clientOf(ctx, r.Account)
	if err != nil {
		return err
	}
	var data any
	if r.Body != nil {
		data = filled(r.Body, p.stage.Lookup)
	}
	target := scenario.Fill(r.Target, p.stage.Lookup)
	status, envelope, err := c.answer(ctx, r.Method, target, data)
	switch {
	case err != nil:
		return err
	case r.Status == 0 && status >= http.StatusMultipleChoices, r.Status != 0 && status != r.Status:
		return fmt.Errorf("%s %s answered %d %s", r.Method, target, status, refusal(status, envelope))
	}
	value, _ := envelope.Get("data")
	fields, isObject := value.(jobj.Object)
	if !isObject {
		fields = jobj.Object{{Key: "data", Value: value}}
	}
	if miss := verdict.Differ(fields, r.Wants, p.stage.Lookup); miss != "" {
		return fmt.Errorf("%s %s:%s", r.Method, target, miss)
	}
	return nil
}

func filled(value any, lookup verdict.Lookup) any {
	switch v := value.(type) {
	case string:
		return scenario.Fill(v, lookup)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = filled(v[i], lookup)
		}
		return list
	case jobj.Object:
		o := make(jobj.Object, len(v))
		for i, m := range v {
			o[i] = jobj.Member{Key: m.Key, Value: filled(m.Value, lookup)}
		}
		return o
	}
	return value
}

// await judges until all is met, or until that is hopeless, or patience is at an end; what
// is met and could still become too much is judged once more after a moment's silence.
func (p *play) await(ctx context.Context, list []scenario.Expected) []string {
	const silence = 300 * time.Millisecond
	var reports []string
	began := p.wall.Now()
	for _, x := range list {
		settled := false
		for {
			changed := p.evidence.Changed()
			v := p.judge(ctx, x)
			left := x.Within - p.wall.Since(began)
			if v.Met && (settled || !v.Bounded) {
				break
			}
			if v.Hopeless || !v.Met && left <= 0 {
				reports = append(reports, fmt.Sprintf("line %d: %s", x.Line, v.Report))
				break
			}
			pause := left
			if v.Met {
				pause = silence
			} else if x.Of == scenario.OverREST {
				pause = min(left, silence) // it tells of no change
			}
			settled = !p.more(ctx, changed, pause)
			if ctx.Err() != nil {
				return append(reports, ctx.Err().Error())
			}
		}
	}
	return reports
}

// more waits for what comes, and tells whether anything has.
func (p *play) more(ctx context.Context, changed <-chan struct{}, limit time.Duration) bool {
	timer := p.wall.NewTimer(max(limit, 0))
	defer timer.Stop()
	select {
	case <-changed:
		return true
	case <-timer.Chan():
	case <-ctx.Done():
	}
	return false
}

func (p *play) judge(ctx context.Context, x scenario.Expected) verdict.Verdict {
	if x.Of != scenario.OverREST {
		return verdict.Judge(x, p.evidence, p.stage.Lookup)
	}
	if err := p.ask(ctx, x.REST); err != nil {
		return verdict.Verdict{Report: err.Error()}
	}
	return verdict.Verdict{Met: true}
}

// begin has the play begin now.
func (p *play) begin() {
	now := p.wall.Now()
	p.began.Store(&now)
}

// elapsed is how long the play has been going on, on the wall.
func (p *play) elapsed() time.Duration { return p.wall.Since(*p.began.Load()) }

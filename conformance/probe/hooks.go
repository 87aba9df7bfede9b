package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Hook is a webhook document.
type Hook struct {
	ID      string
	Name    string // of its receiver
	Account Account
	URI     string
}

// Receiver makes a receiver and returns its URL. Its answers are given one after the other,
// the last one to all that follows; none is 200 to all. What it gets is in the log under its
// name, and its path is noted as "path <name>".
func (p *Probe) Receiver(name string, answers ...Answer) string {
	if len(answers) == 0 {
		answers = []Answer{{}}
	}
	path := "/" + p.Receivers.add(&receiver{group: p.group, name: name, answers: answers}) + "/" + name
	p.Note("path "+name, path)
	return p.Target.Advertise + path
}

// Refusing is an address of the receivers' host at which nothing listens.
func (p *Probe) Refusing() string {
	scheme, host, _ := strings.Cut(p.Target.Advertise, "://")
	if i := strings.LastIndex(host, ":"); i > strings.LastIndex(host, "]") {
		host = host[:i]
	}
	return scheme + "://" + host + ":1/refused"
}

// Answers gives a receiver other answers from now on.
func (p *Probe) Answers(name string, answers ...Answer) { p.Receivers.set(p.group, name, answers) }

// Hook makes a receiver and a webhook for it, whose document has the given fields besides
// name, uri and hook. Its id is noted as "hook <name>". What is published next waits until it
// is live: see Applied.
func (p *Probe) Hook(ctx context.Context, name string, account Account, event string, fields map[string]any, answers ...Answer) (Hook, error) {
	return p.HookTo(ctx, name, account, event, p.Receiver(name, answers...), fields)
}

// HookTo is Hook for an address that there is already, or that is none of the harness's.
func (p *Probe) HookTo(ctx context.Context, name string, account Account, event, uri string, fields map[string]any) (Hook, error) {
	doc := map[string]any{"name": "certify " + name, "uri": uri, "hook": event}
	maps.Copy(doc, fields)
	made, err := p.MustREST(ctx, "create hook "+name, Request{
		Method: http.MethodPut, Path: "/v2/accounts/" + account.ID + "/webhooks", Token: p.tokenOf(account), Body: Data(doc),
	})
	if err != nil {
		return Hook{}, err
	}
	hook := Hook{ID: made.Data().Get("id").Str, Name: name, Account: account, URI: uri}
	if hook.ID == "" {
		return Hook{}, errors.New("create hook " + name + ": the answer has no id")
	}
	p.hooks, p.fresh = append(p.hooks, hook), true
	p.Note("hook "+name, hook.ID)
	return hook, nil
}

// What a target must be that has a change in force everywhere when it answers: suite.Lab, which
// answers behind its table of hooks, and suite.OneNode, since another node hears of it later.
const (
	lab     = "lab"
	oneNode = "one-node"
)

// Applied gives a change that was made by REST, as that of a hook, the time to be in force in
// all of the target: a Kazoo answers before its own table of hooks has it, and a node of a lab
// before the other nodes have it.
func (p *Probe) Applied(ctx context.Context) {
	p.fresh = false
	if !p.Target.Has(lab) || !p.Target.Has(oneNode) {
		p.Settle(ctx)
	}
}

// settleHooks is called before anything is published.
func (p *Probe) settleHooks(ctx context.Context) {
	if p.fresh {
		p.Applied(ctx)
	}
}

func (p *Probe) tokenOf(a Account) string {
	if a.Token != "" {
		return a.Token
	}
	return p.Target.Parent.Token
}

// Fire publishes a call event of an account again and again until a receiver has got one: a
// hook that was made a moment ago is live then. It is for targets that answer a PUT before
// the hook is live, as Kazoo's do. The call's id begins with "warm-up", and what comes of it
// is not the judges' concern.
func (p *Probe) Fire(ctx context.Context, receiver string, account Account, event string) error {
	for try := range 20 {
		body := fmt.Sprintf(`{"Event-Category":"call_event","Event-Name":%q,"Call-ID":"warm-up-%d","Custom-Channel-Vars":{"Account-ID":%q},"Msg-ID":%q,"App-Name":"ecallmgr","App-Version":"4.0.0"}`,
			event, try, account.ID, p.ID())
		if err := p.Publish(ctx, "warm up "+receiver, "callevt", "call."+event+".warm-up", []byte(body)); err != nil {
			return err
		}
		if p.Log.Await(ctx, p.group, p.Target.Patience.Quiet*2, func(v capture.View) bool { return len(v.Requests(receiver)) > 0 }) {
			return nil
		}
	}
	return fmt.Errorf("the hook of %s does not fire", receiver)
}

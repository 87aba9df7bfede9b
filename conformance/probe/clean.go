package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// closing is how long the cleaning up of a group may take, besides Patience.Remove for each thing
// that is to be removed.
const closing = 20 * time.Second

// Close deletes what the group made and ends its connections. It goes on whatever fails, and
// has a time of its own, so that it works after an interruption. The error names the accounts that
// stay; called again, it tries those.
func (p *Probe) Close(ctx context.Context) error {
	return p.CloseWithin(context.WithoutCancel(ctx))
}

// CloseWithin is Close, but ends when ctx does: it is for what the group did not make itself.
func (p *Probe) CloseWithin(outer context.Context) error {
	errs := p.hangUp()
	all := p.takeMade()
	things := len(p.hooks) + len(all)
	limit := closing + time.Duration(things)*p.Target.Patience.Remove
	ctx, cancel := context.WithTimeout(outer, limit)
	defer cancel()
	for _, h := range p.hooks {
		errs = append(errs, p.remove(ctx, "/v2/accounts/"+h.Account.ID+"/webhooks/"+h.ID))
	}
	p.hooks = nil
	var stay []Account
	var first error
	for _, made := range slices.Backward(all) { // children before their parents
		if err := p.remove(ctx, "/v2/accounts/"+made.ID); err != nil {
			stay = append(stay, made)
			if first == nil {
				first = err
			}
		}
	}
	if len(stay) > 0 {
		errs = append(errs, staying(stay, len(all), first))
	}
	switch {
	case outer.Err() != nil:
		errs = append(errs, fmt.Errorf("it was ended before its time: %w", context.Cause(outer)))
	case ctx.Err() != nil:
		errs = append(errs, fmt.Errorf("the time for cleaning up has passed: %s for %d things, which is %s and %s for each", limit, things, closing, p.Target.Patience.Remove))
	}
	for _, account := range slices.Backward(stay) {
		p.Adopt(account)
	}
	return errors.Join(errs...)
}

// staying names accounts that could not be deleted.
func staying(accounts []Account, of int, why error) error {
	names := make([]string, 0, len(accounts))
	for _, a := range accounts {
		names = append(names, fmt.Sprintf("%s (%s)", a.ID, a.Name))
	}
	return fmt.Errorf("%d of %d accounts stay: %s: %w", len(accounts), of, strings.Join(names, ", "), why)
}

// Leave ends a group's connections and leaves what it made, for people to look at. It returns
// the accounts.
func (p *Probe) Leave() []Account {
	_ = p.hangUp() // nobody judges how a connection ended that is given up
	p.making.Lock()
	defer p.making.Unlock()
	return p.made
}

// takeMade returns the accounts that are to be deleted, parents first, and forgets them.
func (p *Probe) takeMade() []Account {
	p.making.Lock()
	defer p.making.Unlock()
	made := p.made
	p.made = nil
	return made
}

// hangUp ends the connections.
func (p *Probe) hangUp() (errs []error) {
	p.open.Lock()
	defer p.open.Unlock()
	for _, s := range p.sockets {
		s.drop()
	}
	if p.bus != nil {
		errs = append(errs, p.closeBus())
	}
	if p.Receivers != nil {
		p.Receivers.release(p.group)
	}
	return errs
}

// remove deletes something, unless it is gone. It is not a part of the log, which has ended. The
// run may have outlived its token, in hours or in those that it has put the target's time forward
// by: it gets another then.
func (p *Probe) remove(ctx context.Context, path string) error {
	if p.cleaner == "" {
		p.cleaner = p.Target.Parent.Token
	}
	answer, err := p.delete(ctx, path)
	if err == nil && answer.Status == http.StatusUnauthorized && p.Renew != nil && !p.renewed {
		p.renewed = true
		token, err := p.Renew(ctx)
		if err != nil {
			return fmt.Errorf("DELETE %s was answered with %d, and no new token could be had: %w", path, answer.Status, err)
		}
		p.Log.Secret("token", token)
		p.cleaner = token
		return p.remove(ctx, path)
	}
	switch {
	case err != nil:
		return err
	case answer.Status/100 == 2, answer.Status == http.StatusNotFound:
		return nil
	}
	return fmt.Errorf("DELETE %s was answered with %d: %s", path, answer.Status, bytes.TrimSpace([]byte(p.short(answer.Body))))
}

func (p *Probe) delete(ctx context.Context, path string) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Target.Patience.Reply)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, p.Target.REST+path, http.NoBody)
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("X-Auth-Token", p.cleaner)
	return p.answer(req)
}

// Adopt has Close delete an account that another run made. A child comes behind its parent.
func (p *Probe) Adopt(a Account) {
	p.making.Lock()
	defer p.making.Unlock()
	p.made = append(p.made, a)
}

// adopt has Close delete an account that a request has made, be it that a target should have
// refused it.
func (p *Probe) adopt(r Request, answer Response) {
	path, _, _ := strings.Cut(r.Path, "?")
	parent, below := strings.CutPrefix(path, "/v2/accounts/")
	if !below || strings.Contains(strings.TrimSuffix(parent, "/"), "/") || r.Method != http.MethodPut || answer.Status/100 != 2 {
		return
	}
	if id := answer.Data().Get("id").Str; id != "" {
		p.Adopt(Account{ID: id, Name: gjson.Get(r.Body, "data.name").Str})
	}
}

// nameForm is how the time of a run stands in the names of its accounts.
const nameForm = "20060102T150405Z"

// nameOf is the name of an account that is made in a run that began at a time: who finds it later
// knows whose it is, and how old.
func nameOf(began time.Time, id string) string {
	return "certify " + began.UTC().Format(nameForm) + " " + id
}

// Named tells whether an account has a name that only certify gives, and when its run began.
func Named(name string) (began time.Time, is bool) {
	parts := regexp.MustCompile(`^certify ([0-9]{8}T[0-9]{6}Z) .+-[0-9a-f]{8}-[0-9]+$`).FindStringSubmatch(name)
	if parts == nil {
		return time.Time{}, false
	}
	began, err := time.Parse(nameForm, parts[1])
	return began, err == nil
}

package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// Other is an account of another run of certify, right beneath the account of the credentials,
// and what is in it.
type Other struct {
	Accounts []probe.Account // itself, and those within it, each behind its parent
	Began    time.Time       // its run
	// Foreign names an account within it that has no name of certify's, or whose accounts could not
	// be listed; "" where there is none.
	Foreign string
}

// others looks for accounts of other runs. What has no name that only certify gives is nobody's
// business. Where nothing can be listed nothing is found, which RemoveOthers tells.
func (f *flight) others(ctx context.Context) error {
	f.above = f.Target
	l := f.lister(f.plain())
	children, err := l.children(ctx, f.Target.Parent.ID)
	f.unlisted = err
	for _, child := range children {
		if began, is := probe.Named(child.Get("name").Str); is {
			f.Others = append(f.Others, l.other(ctx, accountOf(child), began, mayHold(child)))
		}
	}
	return nil
}

// lister lists accounts, beneath that of the credentials.
type lister struct {
	*probe.Probe
	token string
	renew func(context.Context) (token string, err error) // nil once it was done
	// thorough has it look into accounts, too, that are said to have none within them.
	thorough bool
}

func (r *Ready) lister(p *probe.Probe) *lister {
	return &lister{Probe: p, token: r.above.Parent.Token, renew: r.renew}
}

// other is an account of another run and what is in it.
func (l *lister) other(ctx context.Context, account probe.Account, began time.Time, look bool) Other {
	other := Other{Began: began}
	l.within(ctx, account, look, &other)
	return other
}

// mayHold is false for an account that is said to have none within it. Who only tells of it
// believes that, and spares a request for each; who deletes it looks.
func mayHold(row gjson.Result) bool {
	count := row.Get("descendants_count")
	return !count.Exists() || count.Int() != 0
}

func accountOf(row gjson.Result) probe.Account {
	return probe.Account{ID: row.Get("id").Str, Name: row.Get("name").Str}
}

// within adds an account and, where it is to look, what is in it.
func (l *lister) within(ctx context.Context, account probe.Account, look bool, to *Other) {
	if _, is := probe.Named(account.Name); !is {
		to.Foreign = fmt.Sprintf("%s (%s)", account.ID, account.Name)
		return
	}
	to.Accounts = append(to.Accounts, account)
	if !look {
		return
	}
	children, err := l.children(ctx, account.ID)
	if err != nil {
		to.Foreign = fmt.Sprintf("what is within %s (%s) could not be listed: %v", account.ID, account.Name, err)
		return
	}
	for _, child := range children {
		l.within(ctx, accountOf(child), l.thorough || mayHold(child), to)
	}
}

// children lists what is right within an account. A run may have outlived its token: it gets
// another then, once.
func (l *lister) children(ctx context.Context, id string) ([]gjson.Result, error) {
	answer, err := l.MustREST(ctx, "accounts of other runs", probe.Request{
		Method: http.MethodGet, Path: "/v2/accounts/" + id + "/children?paginate=false", Token: l.token,
	})
	if answer.Status == http.StatusUnauthorized && l.renew != nil {
		if token, failed := l.renew(ctx); failed == nil {
			l.token, l.renew = token, nil
			return l.children(ctx, id)
		}
	}
	if err != nil {
		return nil, err
	}
	if !answer.Data().IsArray() {
		return nil, fmt.Errorf("the answer has no list of the accounts within %s", id)
	}
	return answer.Data().Array(), nil
}

// OthersBefore is how many accounts there are of runs that began before a time, but for what has a
// foreign one in it.
func (r *Ready) OthersBefore(before time.Time) (accounts int) {
	for _, other := range r.Others {
		if other.Foreign == "" && other.Began.Before(before) {
			accounts += len(other.Accounts)
		}
	}
	return accounts
}

// RemoveOthers deletes accounts of runs that began before a time, and returns how many. One that
// has a foreign account in it is left; what is in it is listed once more for that, since somebody
// may have put it there meanwhile. The error names those that stay; Others has them still. When ctx
// ends, so does the deletion.
func (r *Ready) RemoveOthers(ctx context.Context, p Preflight, before time.Time) (removed int, err error) {
	own := probe.New(&probe.Harness{Target: r.above, Log: capture.NewLog(p.Clock), Clock: p.Clock, IDs: p.IDs, HTTP: r.HTTP, Renew: r.renew}, "preflight")
	old := func(o Other) bool { return o.Foreign == "" && o.Began.Before(before) }
	l := r.lister(own)
	l.thorough = true
	for i, other := range r.Others {
		if old(other) {
			other = l.other(ctx, other.Accounts[0], other.Began, true)
			r.Others[i] = other
		}
		if old(other) {
			for _, a := range other.Accounts {
				own.Adopt(a)
			}
			removed += len(other.Accounts)
		}
	}
	err = errors.Join(r.unlisted, own.CloseWithin(ctx))
	stay := own.Leave()
	r.Others = slices.DeleteFunc(r.Others, func(o Other) bool {
		return old(o) && !slices.ContainsFunc(o.Accounts, func(a probe.Account) bool { return slices.Contains(stay, a) })
	})
	return removed - len(stay), err
}

package target

import (
	"context"
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
	// Foreign names an account within it that has no name of certify's; "" where there is none.
	Foreign string
}

// others looks for accounts of other runs. What has no name that only certify gives is nobody's
// business, and where nothing can be listed nothing is found.
func (f *flight) others(ctx context.Context) error {
	f.above = f.Target
	for _, child := range f.children(ctx, f.Target.Parent.ID) {
		began, is := probe.Named(child.Get("name").Str)
		if !is {
			continue
		}
		other := Other{Began: began}
		f.within(ctx, child, &other)
		f.Others = append(f.Others, other)
	}
	return nil
}

// within adds an account and what is in it.
func (f *flight) within(ctx context.Context, account gjson.Result, to *Other) {
	id, name := account.Get("id").Str, account.Get("name").Str
	if _, is := probe.Named(name); !is {
		to.Foreign = fmt.Sprintf("%s (%s)", id, name)
		return
	}
	to.Accounts = append(to.Accounts, probe.Account{ID: id, Name: name})
	if count := account.Get("descendants_count"); count.Exists() && count.Int() == 0 {
		return
	}
	for _, child := range f.children(ctx, id) {
		f.within(ctx, child, to)
	}
}

func (f *flight) children(ctx context.Context, id string) []gjson.Result {
	answer, err := f.plain().REST(ctx, "accounts of other runs", probe.Request{
		Method: http.MethodGet, Path: "/v2/accounts/" + id + "/children?paginate=false", Token: f.Target.Parent.Token,
	})
	if err != nil || answer.Status/100 != 2 {
		return nil
	}
	return answer.Data().Array()
}

// RemoveOthers deletes accounts of runs that began before a time, and returns how many. One that
// has a foreign account in it is left. The error names those that stay; Others has them still.
func (r *Ready) RemoveOthers(ctx context.Context, p Preflight, before time.Time) (removed int, err error) {
	own := probe.New(&probe.Harness{Target: r.above, Log: capture.NewLog(p.Clock), Clock: p.Clock, IDs: p.IDs, HTTP: r.HTTP, Renew: r.renew}, "preflight")
	old := func(o Other) bool { return o.Foreign == "" && o.Began.Before(before) }
	for _, other := range r.Others {
		if old(other) {
			for _, a := range other.Accounts {
				own.Adopt(a)
			}
			removed += len(other.Accounts)
		}
	}
	err = own.Close(ctx)
	stay := own.Leave()
	r.Others = slices.DeleteFunc(r.Others, func(o Other) bool {
		return old(o) && !slices.ContainsFunc(o.Accounts, func(a probe.Account) bool { return slices.Contains(stay, a) })
	})
	return removed - len(stay), err
}

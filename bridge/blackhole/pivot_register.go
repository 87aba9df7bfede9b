package blackhole

import (
	"cmp"
	"context"
	"errors"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole/apps"
	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const errManyApps = refusal("too many apps for one socket : at most 100")

// registering is the actions pivot_register and pivot_unregister.
type registering struct {
	*exchange
	apps.Registration
}

// serves says whether there are applications at sockets here.
func (h *Hub) serves() bool { return h.cfg.Extensions && h.dep.Engines != nil }

func (x *exchange) readPivot() (job, error) {
	if x.Action == command.PivotAnswer {
		return x.readAnswer()
	}
	r, err := x.readRegistration()
	if x.Action == command.PivotUnregister {
		return unregistering{r}, err
	}
	return r, err
}

func (x *exchange) readRegistration() (registering, error) {
	r, err := apps.ReadRegistration(x.Data)
	if err != nil {
		return registering{}, refusal(err.Error())
	}
	return registering{x, r}, nil
}

// authorize is that of subscribe, but for all accounts at once nobody answers.
func (r registering) authorize(accountID string) error {
	switch {
	case r.AccountID == everyAccount:
		return errWildcard
	case accountID == "":
		return errNoAccount
	}
	return r.hub.authorize(accountID, r.AccountID)
}

// run replies before engines know of the socket: the reply is its first frame about Pivot.
func (r registering) run(ctx context.Context) (jobj.Object, error) {
	h := r.hub
	if err := r.checkToken(ctx); err != nil {
		return nil, err
	}
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	one, err := r.enter()
	if err != nil {
		return nil, err
	}
	news := []kapi.PivotApp{one.announced()}
	// Rights may have ended since they were asked for. Whoever looks at them from now on
	// sees the registration.
	if err := r.authorize(r.account); err != nil {
		r.pivot.registrations = without(r.pivot.registrations, one)
		gone := h.pivot.remove(one)
		h.dep.Engines.Announce([]kapi.PivotApp{gone})
		return nil, err
	}
	if before := h.pivot.registrations[one.resumes]; before != nil && before != one {
		news = append(news, h.pivot.takeOver(before))
	}
	most := min(r.pivot.calls(), apps.MostCalls)
	r.out.widen(framesPerCall*most, bytesPerCall*most)
	data := jobj.Object{{Key: "app", Value: one.app}, {Key: "resume", Value: one.token}}
	r.reply(command.Success, data)
	r.answered = true
	h.dep.Engines.Announce(news)
	return data, nil
}

// As much more may wait for a socket for each request that it takes at one time.
const (
	framesPerCall = 3 // the request, its end and its result
	bytesPerCall  = 4 << 10
)

// checkToken has a token that is good at this moment: the frame's, or that of the socket,
// which nobody has looked at since its first command.
func (r registering) checkToken(ctx context.Context) error {
	token := cmp.Or(r.Token, r.token)
	switch _, err := r.hub.dep.Tokens.Verify(ctx, token); {
	case errors.Is(err, account.ErrExpired), errors.Is(err, account.ErrInvalidToken):
		r.Token = token
		return r.badToken()
	case err != nil:
		r.hub.dep.Log.Error("token of a socket not checked", "socket", r.session.id, "error", err)
		return errUnknowable
	}
	return nil
}

// enter puts the registration on the table, or changes the one that is there. The table is
// locked.
func (r registering) enter() (*registration, error) {
	t := r.hub.pivot
	if r.pivot == nil {
		r.pivot = &pivoting{held: map[string]*held{}, ended: map[string]refusal{}}
	}
	one := r.pivot.find(r.AccountID, r.App)
	switch {
	case one != nil:
		one.max, one.leaving = r.MaxCalls, false
	case len(r.pivot.registrations) >= maxApps:
		return nil, errManyApps
	default:
		one = &registration{account: r.AccountID, app: r.App, session: r.session, max: r.MaxCalls, token: r.hub.dep.IDs.Hex(32)}
		one.id = registrationID(one.token)
		t.registrations[one.id] = one
		r.pivot.registrations = append(r.pivot.registrations, one)
	}
	if r.Resume == "" || r.Resume == one.token {
		return one, nil
	}
	// Nothing is taken from another account or application, here or by engines.
	one.resumes = registrationID(r.Resume)
	if before := t.registrations[one.resumes]; before != nil && (before.account != one.account || before.app != one.app) {
		one.resumes = ""
	}
	return one, nil
}

// takeOver ends a registration whose client has come back before its socket has ended.
// What it had not answered is sent again by the engines. The table is locked.
func (t *pivotTable) takeOver(before *registration) kapi.PivotApp {
	p := before.session.pivot
	p.registrations = without(p.registrations, before)
	for _, one := range p.held {
		if one.registration == before && one.state == asked {
			t.end(one, "")
		}
	}
	return t.remove(before)
}

func without(all []*registration, one *registration) (rest []*registration) {
	for _, r := range all {
		if r != one {
			rest = append(rest, r)
		}
	}
	return rest
}

// unregistering takes no new calls. Those that are there stay.
type unregistering struct{ registering }

func (u unregistering) run(context.Context) (jobj.Object, error) {
	h := u.hub
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	if u.pivot != nil {
		if one := u.pivot.find(u.AccountID, u.App); one != nil {
			one.leaving = true
			h.dep.Engines.Announce([]kapi.PivotApp{one.announced()})
		}
	}
	return jobj.Object{{Key: "app", Value: u.App}}, nil
}

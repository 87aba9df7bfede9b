package apps

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// asking is a request that has no answer yet.
type asking struct {
	id, callID string
	of         application
	url        string
	data       jobj.Object
	deadline   time.Time
	roomless   bool // it is the record of a call, which takes no room

	answer chan client.Answer // takes one
	wake   chan struct{}      // there is something to be done

	// Guarded by the directory.
	at      *registration   // that has it; nil while nobody does
	reached int             // how often it was sent and not refused
	refused map[string]bool // registrations that had no room
	done    bool            // an answer is taken, or none is any more
}

// fits says whether a registration may be asked.
func (q *asking) fits(r *registration) bool {
	return q.roomless || !q.refused[r.ID] && r.requests < r.MaxCalls
}

// leave takes the request from where it is. The directory is locked.
func (d *Directory) leave(q *asking) {
	q.at.requests--
	q.at = nil
	d.waiting[q] = true
}

func (q *asking) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Ask asks the application that the request's URL names, and returns its answer. The
// error wraps ErrNobody or ErrBusy, at once; ErrLost or ErrDeadline, at the request's
// deadline; ErrAddress; or that of ctx, whose end tells the application that the call is
// over.
func (d *Directory) Ask(ctx context.Context, r request.Request) (client.Answer, error) {
	q, err := d.begin(r)
	if err != nil {
		return client.Answer{}, err
	}
	defer d.end(q)
	timer := d.Clock.NewTimer(d.Clock.Until(q.deadline))
	defer timer.Stop()
	for {
		if err := d.dispatch(q); err != nil {
			return client.Answer{}, failure(r, err)
		}
		select {
		case a := <-q.answer:
			return a, nil
		case <-q.wake:
			continue
		case <-timer.Chan():
			err = d.giveUp(q, kapi.PivotTimeout)
		case <-ctx.Done():
			err = d.giveUp(q, kapi.PivotHangup)
		}
		if err == nil { // the answer was first
			return <-q.answer, nil
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return client.Answer{}, failure(r, err)
	}
}

func failure(r request.Request, err error) error {
	name, _ := Of(r.URL)
	return fmt.Errorf("app %s of account %s: %w", name, r.AccountID, err)
}

func (d *Directory) begin(r request.Request) (*asking, error) {
	name, ok := Of(r.URL)
	if !ok {
		return nil, fmt.Errorf("%s: %w", r.URL, ErrAddress)
	}
	if r.Timeout <= 0 {
		r.Timeout = defaultTimeout
	}
	q := &asking{
		id: d.IDs.Hex(32), callID: r.CallID, of: application{r.AccountID, name}, url: r.URL, data: describe(name, r),
		deadline: d.Clock.Now().Add(r.Timeout), answer: make(chan client.Answer, 1), wake: make(chan struct{}, 1), refused: map[string]bool{},
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[q.id], d.waiting[q] = q, true
	return q, nil
}

// describe is the data of a request's frame: what HTTP would have sent, but for what
// concerns its connection.
func describe(name string, r request.Request) jobj.Object {
	headers := jobj.Object{}
	for _, h := range r.Header {
		switch strings.ToLower(h[0]) {
		case "content-length", "te", "host", "connection":
		default:
			headers = append(headers, jobj.Member{Key: h[0], Value: h[1]})
		}
	}
	params := r.Params
	if params == nil {
		params = jobj.Object{}
	}
	data := jobj.Object{
		{Key: "account_id", Value: r.AccountID}, {Key: "app", Value: name}, {Key: "call_id", Value: r.CallID},
		{Key: "iteration", Value: r.Iteration}, {Key: "timeout_ms", Value: r.Timeout.Milliseconds()},
		{Key: "method", Value: strings.ToLower(r.Method)}, {Key: "url", Value: r.URL}, {Key: "req_format", Value: r.Format},
		{Key: "headers", Value: headers}, {Key: "params", Value: params},
	}
	if !strings.EqualFold(r.Method, "get") {
		data = append(data, jobj.Member{Key: "body", Value: r.Body})
	}
	return data
}

// dispatch sends a request that nobody has to a socket. Where there is none it is an
// error, but for a request that was at one: that waits for another until its deadline.
func (d *Directory) dispatch(q *asking) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q.at != nil || q.done {
		return nil
	}
	if err := d.place(q); err != nil {
		if q.reached > 0 {
			return nil
		}
		return err
	}
	d.line.tell(q.at.queue, kapi.PivotAppsMessage{
		Name: kapi.PivotRequest, PivotID: q.id, Registration: q.at.ID, AccountID: q.of.account, App: q.of.name,
		Left: max(q.deadline.Sub(d.Clock.Now()).Milliseconds(), 0), Redelivered: q.reached > 0, Data: q.data,
	})
	q.reached++
	return nil
}

// giveUp takes no answer any more, and tells the application. It returns nil where an
// answer was before.
func (d *Directory) giveUp(q *asking, reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case q.done:
		return nil
	case q.at == nil:
		q.done = true
		return ErrLost
	}
	q.done = true
	d.line.tell(q.at.queue, kapi.PivotAppsMessage{Name: kapi.PivotCancel, PivotID: q.id, Registration: q.at.ID, Reason: reason})
	return ErrDeadline
}

// end forgets a request, and has those try who waited for its place.
func (d *Directory) end(q *asking) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, q.id)
	d.remember(q.id, end{verdict: kapi.PivotExpired})
	r := q.at
	if r != nil {
		d.leave(q)
	}
	delete(d.waiting, q)
	if r != nil {
		d.wake(q.of, r.ID)
	}
}

// remember keeps what is to be said of a request that is over: the first word counts. The
// directory is locked.
func (d *Directory) remember(id string, is end) {
	if _, there := d.ended[id]; there {
		return
	}
	if len(d.order) == maxEnded {
		delete(d.ended, d.order[0])
		d.order = d.order[1:]
	}
	d.ended[id] = is
	d.order = append(d.order, id)
}

// Result tells the application what its last answer for a call led to: an outcome of
// processing or failed, and what was wrong with it. It is dropped where the socket that
// answered is gone.
func (d *Directory) Result(r request.Request, outcome string, problems []any) {
	name, ok := Of(r.URL)
	if !ok {
		return
	}
	if problems == nil {
		problems = []any{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.callOf(r.CallID, application{r.AccountID, name})
	if c == nil || c.answered == "" {
		return
	}
	by := d.registrations[c.by]
	if by == nil {
		return
	}
	d.line.tell(by.queue, kapi.PivotAppsMessage{
		Name: kapi.PivotResult, PivotID: c.answered,
		Data: jobj.Object{{Key: "outcome", Value: outcome}, {Key: "errors", Value: problems}},
	})
	c.answered = ""
}

// CDR sends the record of a call that is over to the application at a cdr_url: to the
// socket that has served the call, else to another. Nothing is answered. The error wraps
// ErrNobody or ErrAddress.
func (d *Directory) CDR(accountID, callID, address string, params jobj.Object) error {
	name, ok := Of(address)
	if !ok {
		return fmt.Errorf("%s: %w", address, ErrAddress)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r, err := d.choose(&asking{callID: callID, of: application{accountID, name}, roomless: true})
	if err != nil {
		return failure(request.Request{URL: address, AccountID: accountID}, err)
	}
	d.line.tell(r.queue, kapi.PivotAppsMessage{
		Name: kapi.PivotCDR, PivotID: d.IDs.Hex(32), Registration: r.ID, AccountID: accountID, App: name,
		Data: jobj.Object{
			{Key: "account_id", Value: accountID}, {Key: "app", Value: name}, {Key: "call_id", Value: callID},
			{Key: "url", Value: address}, {Key: "params", Value: params},
		},
	})
	return nil
}

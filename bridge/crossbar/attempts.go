package crossbar

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// Bounds of a list of attempts. A page that would pass them ends early and says
// where to go on; a list that was asked for whole is refused, as the reference does
// when it runs short of memory (crossbar.request_memory_limit; quirk
// attempts-unbounded).
const (
	maxAttemptsBytes  = 32 << 20 // held for one answer
	maxAttemptsSeen   = 50_000   // looked at for one answer, for filters that fit few
	readAttemptsBytes = 1 << 20  // of one look into the store
	readAttempts      = 200
)

// listAttempts shows the attempts of the account's hooks.
func (h *handler) listAttempts(ctx context.Context, req *request) (outcome, error) {
	return h.attempts(ctx, req, store.AttemptQuery{}, shownAttempt)
}

// listAttemptsOfHook shows those of one hook, which may be gone, or be made up by a
// callflow. One that the account never had has none: it is not looked up.
func (h *handler) listAttemptsOfHook(ctx context.Context, req *request) (outcome, error) {
	return h.attempts(ctx, req, store.AttemptQuery{HookID: req.arg(0)}, shownAttempt)
}

func shownAttempt(a store.Attempt) jobj.Object {
	return publicMembers(a.Body).Set("timestamp", a.Created)
}

// attempts lists those of the account that q chooses, each as show has it.
func (h *handler) attempts(ctx context.Context, req *request, q store.AttemptQuery, show func(store.Attempt) jobj.Object) (outcome, error) {
	size, err := req.pageSize()
	if err != nil {
		return outcome{}, err
	}
	from, to, err := h.timeRange(req)
	if err != nil {
		return outcome{}, err
	}
	q.AccountID, q.From, q.To, q.Ascending = req.account.ID, from, to, req.ascending()
	q.Limit, q.MaxBytes = readAttempts, readAttemptsBytes
	p := &page{start: place{}.text(), unpaged: !req.paginated()}
	if start := req.text("start_key"); start != "" {
		p.start = start
		if last, ok := parsePlace(start); ok {
			q.After = last.attempt()
		} else {
			req.hint("start_key was not made by this list, which starts at its beginning")
		}
	}
	filters := req.query.beyondTime()
	rows := []any{}
	for held, seen := 0, 0; ; {
		read, err := h.Store.Attempts(ctx, q)
		if err != nil {
			return outcome{}, err
		}
		if len(read) == 0 {
			p.size = len(rows)
			return outcome{data: rows, list: p}, nil
		}
		for _, a := range read {
			fits := filters.accepts(append(slices.Clip(a.Body), jobj.Member{Key: "_id", Value: a.ID}))
			full := held > maxAttemptsBytes || seen == maxAttemptsSeen
			switch {
			case p.unpaged && full:
				req.hint("paginate: these are too many attempts for one answer; ask for pages, or for a shorter range of time")
				return outcome{}, rangeNotSatisfiable()
			case !p.unpaged && (full || fits && len(rows) == size):
				p.size, p.next = len(rows), placeOf(q.After).text()
				return outcome{data: rows, list: p}, nil
			case fits:
				row := show(a)
				rows, held = append(rows, row), held+weight(row)
			}
			q.After, seen = a, seen+1
		}
	}
}

// rangeNotSatisfiable is crossbar_util:response_range_not_satisfiable/1.
func rangeNotSatisfiable() *fault {
	return &fault{status: http.StatusRequestedRangeNotSatisfiable, message: "range not satisfiable", data: jobj.Object{}}
}

// weight estimates the bytes that a value takes in memory: a form body that was
// stored as nested lists takes many times its text.
func weight(value any) int {
	const each = 32
	switch value := value.(type) {
	case string:
		return each + len(value)
	case []any:
		sum := each
		for _, element := range value {
			sum += weight(element)
		}
		return sum
	case jobj.Object:
		sum := each
		for _, m := range value {
			sum += len(m.Key) + weight(m.Value)
		}
		return sum
	}
	return each
}

// place is where a page of attempts ended: the last one shown. Attempts of one
// second are told apart, which the reference's keys, seconds, do not (quirk
// attempt-pages).
type place struct {
	created, micros int64
	id              string
}

func placeOf(a store.Attempt) place { return place{a.Created, a.CreatedAt.UnixMicro(), a.ID} }

func (p place) attempt() store.Attempt {
	return store.Attempt{ID: p.id, Created: p.created, CreatedAt: time.UnixMicro(p.micros).UTC()}
}

// text is the opaque form that clients send back; that of no place is a list's
// beginning.
func (p place) text() string {
	parts := []any{p.created, p.micros, p.id}
	if p.id == "" {
		parts = []any{}
	}
	return base64.RawURLEncoding.EncodeToString(jobj.Append(nil, parts))
}

// parsePlace reads a start key.
func parsePlace(text string) (p place, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return place{}, false
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return place{}, false
	}
	if len(parts) == 0 {
		return place{}, true
	}
	ok = len(parts) == 3 && json.Unmarshal(parts[0], &p.created) == nil &&
		json.Unmarshal(parts[1], &p.micros) == nil && json.Unmarshal(parts[2], &p.id) == nil && p.id != ""
	return p, ok
}

// beyondTime are the filters of a query that a list with a range of time applies:
// none when only times are asked for, which is what the range is for, so that
// modified_from and modified_to alone have no effect; else all, the times included
// (crossbar_filter:is_only_time_filter/2).
func (q query) beyondTime() query {
	for _, p := range q {
		if p.filters() && !strings.HasPrefix(p.name, "created_") && !strings.HasPrefix(p.name, "modified_") {
			return q
		}
	}
	return nil
}

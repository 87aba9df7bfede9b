package crossbar

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// pivotFamily is cb_pivot: what Pivot asked an app, and what that answered, of calls whose
// action says debug. There is nothing at /pivot itself.
func (h *handler) pivotFamily() family {
	get := func(act action) []operation { return []operation{{method: http.MethodGet, within: h.nested(act)}} }
	return family{name: "pivot", clauses: []clause{
		{args: []string{"debug"}, operations: get(h.listPivotDebug)},
		{args: []string{"debug", "*"}, operations: get(h.readPivotDebug)},
	}}
}

// readAtOnce is how many documents are held at a time while a month is gone through: each may
// have the body of an answer.
const readAtOnce = 50

// Bounds of what is shown of one call, whose app may send it in a circle for hours.
const (
	maxDebugShown      = 1000
	maxDebugShownBytes = 32 << 20 // held for one answer
)

// listPivotDebug has an entry for each call: what is known of its first request and of the
// response to that (cb_pivot:debug_summary/1).
func (h *handler) listPivotDebug(ctx context.Context, req *request) (outcome, error) {
	from, to, err := h.timeRange(req)
	if err != nil {
		return outcome{}, err
	}
	calls := map[string]jobj.Object{}
	var rows []row
	for _, db := range monthsOf(req.account.ID, from, to) {
		q := store.Query{DB: db, Type: kapi.TypePivotDebug, AccountID: req.account.ID, Limit: readAtOnce}
		for {
			docs, err := h.Store.List(ctx, q)
			if err != nil {
				return outcome{}, err
			}
			for _, doc := range docs {
				if doc.Body.Int("iteration") != 1 || doc.Created < from || doc.Created > to {
					continue
				}
				id := debugID(doc)
				if _, seen := calls[id]; !seen {
					rows = append(rows, row{key: fmt.Sprintf("%020d", doc.Created), id: id})
				}
				calls[id] = pivotSummary(doc).Merge(calls[id])
			}
			if len(docs) < readAtOnce {
				break
			}
			q.After = docs[len(docs)-1]
		}
	}
	for i, r := range rows {
		rows[i].value, rows[i].stored = calls[r.id], calls[r.id]
	}
	return req.filteredListing(rows, true, req.query.beyondTime())
}

// pivotSummary is what the view pivot/first_iteration has of one document.
func pivotSummary(doc store.Document) jobj.Object {
	summary := jobj.Object{
		{Key: "call_id", Value: doc.Body.String("call_id")},
		{Key: "created", Value: doc.Created},
		{Key: "node", Value: doc.Body.String("pvt_node")},
		{Key: "iteration", Value: doc.Body.Int("iteration")},
		{Key: "has_schema_errors", Value: doc.Body.Has("schema_errors") || doc.Body.Has("schema_errors_cut")},
		{Key: "has_json_errors", Value: doc.Body.Has("json_errors") || doc.Body.Has("json_errors_cut")},
		{Key: "debug_id", Value: debugID(doc)},
	}
	for _, pair := range [][2]string{{"uri", "uri"}, {"status_code", "resp_status_code"}} {
		if text := doc.Body.String(pair[1]); text != "" {
			summary = summary.Set(pair[0], text)
		}
	}
	return summary
}

// readPivotDebug has the documents of a call, oldest first, and says so where they are not all. A debug_id says in which month
// they lie; for a bare call id it is the range of the request. A call that nothing is known of
// has none (cb_pivot:debug_read/2).
func (h *handler) readPivotDebug(ctx context.Context, req *request) (outcome, error) {
	id := req.arg(1)
	month, call, _ := strings.Cut(id, "-")
	var within func(store.Document) bool
	if at, err := time.Parse("200601", month); err == nil && call != "" {
		id = call
		within = func(doc store.Document) bool { return doc.DB == kapi.MonthlyDB(req.account.ID, at) }
	} else {
		from, to, err := h.timeRange(req)
		if err != nil {
			return outcome{}, err
		}
		within = func(doc store.Document) bool { return doc.Created >= from && doc.Created <= to }
	}
	docs, whole, err := h.pivotDebugs(ctx, store.ValueKey(req.account.ID, id), within)
	if err != nil {
		return outcome{}, err
	}
	if !whole {
		req.hint("these are the first %d documents of the call, which has more", len(docs))
	}
	slices.SortStableFunc(docs, func(a, b store.Document) int {
		return cmp.Or(
			cmp.Compare(a.Created, b.Created),
			cmp.Compare(a.Body.Int("iteration"), b.Body.Int("iteration")),
			cmp.Compare(stage(a), stage(b)),
		)
	})
	rows := make([]any, len(docs))
	for i, doc := range docs {
		rows[i] = public(doc).
			Set("created", doc.Created).
			Set("node", doc.Body.String("pvt_node")).
			Set("debug_id", debugID(doc))
	}
	return outcome{data: rows, list: &page{size: len(rows), unpaged: true}}, nil
}

// pivotDebugs has the first documents of a call, and tells whether those are all.
func (h *handler) pivotDebugs(ctx context.Context, key string, within func(store.Document) bool) (docs []store.Document, whole bool, err error) {
	var last store.Document
	for held := 0; ; {
		read, err := h.Store.FindPage(ctx, store.PivotDebugsByCall, key, last, readAtOnce)
		if err != nil {
			return nil, false, err
		}
		for _, doc := range read {
			switch {
			case !within(doc):
				continue
			case len(docs) == maxDebugShown || held > maxDebugShownBytes:
				return docs, false, nil
			}
			docs, held = append(docs, doc), held+weight(doc.Body)
		}
		if len(read) < readAtOnce {
			return docs, true, nil
		}
		last = read[len(read)-1]
	}
}

// debugID names the documents of a call in a month.
func debugID(doc store.Document) string {
	return fmt.Sprintf("%s-%s", kapi.FromGregorian(doc.Created).UTC().Format("200601"), doc.Body.String("call_id"))
}

// stage orders the documents of one request: itself, its response, what is wrong with that.
func stage(doc store.Document) int64 {
	switch {
	case doc.Body.Has("method"):
		return 0
	case doc.Body.Has("resp_status_code"):
		return 1
	}
	return 2
}

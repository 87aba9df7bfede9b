package crossbar

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// defaultPageSize is crossbar.pagination_page_size.
const defaultPageSize = 50

// row is one element of a list: what is shown, what the list is ordered by, and
// the stored document, private members included, which filters look at.
type row struct {
	key, id string
	value   any
	stored  jobj.Object
}

// page is what the envelope of a list says beside its data. start and next are
// absent where empty; unpaged lists show nothing.
type page struct {
	size        int
	start, next string
	unpaged     bool
}

func (p *page) members() jobj.Object {
	if p.unpaged {
		return nil
	}
	var members jobj.Object
	if p.next != "" {
		members = append(members, jobj.Member{Key: "next_start_key", Value: p.next})
	}
	members = append(members, jobj.Member{Key: "page_size", Value: p.size})
	if p.start != "" {
		members = append(members, jobj.Member{Key: "start_key", Value: p.start})
	}
	return members
}

// cursor is the row at which a page begins.
type cursor struct {
	key, id string
	first   bool // the beginning of the list
}

// text is the opaque form that clients send back.
func (c cursor) text() string {
	parts := []string{c.key, c.id}
	if c.first {
		parts = []string{}
	}
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return base64.RawURLEncoding.EncodeToString(jobj.Append(nil, list))
}

// parseCursor reads a start key. What was not made by text is a key as it is.
func parseCursor(text string) cursor {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var parts []string
	if err != nil || json.Unmarshal(raw, &parts) != nil || len(parts) != 0 && len(parts) != 2 {
		return cursor{key: text}
	}
	if len(parts) == 0 {
		return cursor{first: true}
	}
	return cursor{key: parts[0], id: parts[1]}
}

// listing orders, filters and cuts rows as the request asks. keyed lists show
// where they start.
func (r *request) listing(rows []row, keyed bool) (outcome, error) {
	return r.filteredListing(rows, keyed, r.query)
}

// filteredListing is listing with other filters than those of the query.
func (r *request) filteredListing(rows []row, keyed bool, filters query) (outcome, error) {
	size, err := r.pageSize()
	if err != nil {
		return outcome{}, err
	}
	ascending := r.ascending()
	slices.SortFunc(rows, func(a, b row) int {
		order := cmp.Or(collate(a.key, b.key), cmp.Compare(a.id, b.id))
		if ascending {
			return order
		}
		return -order
	})
	rows = slices.DeleteFunc(rows, func(one row) bool { return !filters.accepts(one.stored) })
	p := &page{}
	if keyed {
		p.start = cursor{first: true}.text()
	}
	if !r.paginated() {
		p.unpaged = true
		return listed(rows, p), nil
	}
	if start := r.text("start_key"); start != "" {
		p.start = start
		rows = from(rows, parseCursor(start), ascending)
	}
	if len(rows) > size {
		p.next = cursor{key: rows[size].key, id: rows[size].id}.text()
		rows = rows[:size]
	}
	p.size = len(rows)
	return listed(rows, p), nil
}

// collate compares keys as the reference's database does: case counts last.
func collate(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(b, a))
}

// from drops the rows before the cursor.
func from(rows []row, start cursor, ascending bool) []row {
	if start.first {
		return rows
	}
	i := slices.IndexFunc(rows, func(one row) bool {
		order := collate(one.key, start.key)
		if order == 0 && start.id != "" {
			order = cmp.Compare(one.id, start.id)
		}
		if ascending {
			return order >= 0
		}
		return order <= 0
	})
	if i < 0 {
		return nil
	}
	return rows[i:]
}

func listed(rows []row, p *page) outcome {
	data := make([]any, len(rows))
	for i, one := range rows {
		data[i] = one.value
	}
	return outcome{data: data, list: p}
}

// ascending flips a list, which else shows the last key first. Any word but false
// does (crossbar_view:direction/2).
func (r *request) ascending() bool {
	if value, _ := r.query.get("descending"); value == any("true") || value == any(true) {
		return false
	}
	value, given := r.query.get("ascending")
	return given && value != any("false")
}

// paginated is false when the whole list is asked for: by paginate with any word
// but true (cb_context:should_paginate/1).
func (r *request) paginated() bool {
	value, given := r.value("paginate")
	return !given || value == nil || value == any("true") || value == any(true)
}

// pageSize is how many rows a page has; it is not looked at for a whole list.
func (r *request) pageSize() (int, error) {
	value, given := r.value("page_size")
	if !given || value == nil || !r.paginated() {
		return defaultPageSize, nil
	}
	size, ok := wholeNumber(value)
	switch {
	case !ok:
		r.hint("page_size must be a whole number from 1 up")
		return 0, faultyRequest("invalid page size")
	case size < 1:
		r.hint("page_size must be a whole number from 1 up")
		return 0, faultyRequest("page size must be at least 1")
	}
	return int(min(size, math.MaxInt32)), nil
}

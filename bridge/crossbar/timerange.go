package crossbar

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// maxRange is the longest range of time of one list, in seconds: 31 days and an
// hour (crossbar.maximum_range).
const maxRange = 2_682_000

// timeRange is the range of a list of what happened, in Gregorian seconds, both
// ends included: created_from and created_to, of which an absent one lies the
// longest range before the other, or is now (crossbar_view:time_range/3).
func (h *handler) timeRange(req *request) (from, to int64, err error) {
	to = req.moment("created_to", kapi.Gregorian(h.Clock.Now()))
	from = req.moment("created_from", to-maxRange)
	switch {
	case to < from:
		return 0, 0, dateRange(from, "created_to %d is prior to created_from %d", to, from)
	case to-from > maxRange:
		return 0, 0, dateRange(to, "created_to %d is more than %d seconds from created_from %d", to, maxRange, from)
	}
	return from, to, nil
}

func dateRange(cause int64, format string, args ...any) error {
	return violation("created_from", "date_range", fmt.Sprintf(format, args...), jobj.Member{Key: "cause", Value: cause})
}

// moment is a time in Gregorian seconds; what is no number above 0 counts as absent.
func (r *request) moment(name string, otherwise int64) int64 {
	value, given := r.value(name)
	at, ok := wholeNumber(value)
	if ok && at > 0 {
		r.adviseTime(name, at)
		return at
	}
	if given {
		r.hint("%s is not a number of Gregorian seconds (Unix time + 62167219200) and counts as absent", name)
	}
	return otherwise
}

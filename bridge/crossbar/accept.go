package crossbar

import (
	"errors"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// format is how an answer is written.
type format struct {
	contentType string
	csv         bool
}

const contentTypeJSON = "application/json"

// producible lists the types that can be answered, the preferred first.
func producible() []string {
	return []string{contentTypeJSON, "application/x-json", "application/octet-stream", "text/csv", "text/comma-separated-values"}
}

var errBadAccept = errors.New("not a media range")

type mediaRange struct {
	kind, subtype string
	quality       float64
}

func parseAccept(text string) ([]mediaRange, error) {
	var ranges []mediaRange
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			return nil, errBadAccept
		}
		kind, subtype, ok := strings.Cut(media, "/")
		if !ok || kind == "" || subtype == "" {
			return nil, errBadAccept
		}
		r := mediaRange{kind, subtype, 1}
		if q, given := params["q"]; given {
			if r.quality, err = strconv.ParseFloat(q, 64); err != nil {
				return nil, errBadAccept
			}
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// negotiate chooses the format. ok is false when the client accepts none; the
// error says that its header cannot be read. A quality of 0 does not exclude
// (cowboy_rest).
func (r *request) negotiate() (f format, ok bool, err error) {
	if override := r.text("accept"); override != "" {
		f, ok := overridden(override)
		return f, ok, nil
	}
	text, given := r.header("Accept")
	if !given {
		return format{contentType: contentTypeJSON}, true, nil
	}
	ranges, err := parseAccept(text)
	if err != nil {
		return format{}, false, err
	}
	slices.SortStableFunc(ranges, func(a, b mediaRange) int {
		switch {
		case a.quality > b.quality:
			return -1
		case a.quality < b.quality:
			return 1
		}
		return 0
	})
	for _, wanted := range ranges {
		for _, have := range producible() {
			kind, subtype, _ := strings.Cut(have, "/")
			if (wanted.kind == "*" || wanted.kind == kind) && (wanted.subtype == "*" || wanted.subtype == subtype) {
				return formatOf(have), true, nil
			}
		}
	}
	return format{}, false, nil
}

// overridden is the format that the value accept asks for. What it does not know is
// JSON, except for PDF, which is known but not made.
func overridden(accept string) (f format, ok bool) {
	switch {
	case accept == "csv":
		return formatOf("text/csv"), true
	case accept == "pdf":
		return format{}, false
	case slices.Contains(producible(), accept):
		return formatOf(accept), true
	}
	return format{contentType: contentTypeJSON}, true
}

func formatOf(media string) format {
	return format{
		contentType: media,
		csv:         media != contentTypeJSON && media != "application/x-json",
	}
}

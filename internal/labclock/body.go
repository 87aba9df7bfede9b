package labclock

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// maxBody is ample for either form.
const maxBody = 1 << 10

var errForm = errors.New(`want {"seconds": 90} or {"by": "90s"}`)

// readAdvance reads how far the clock is to be put forward. An error names the member
// that is wrong and how to write it.
func readAdvance(body io.Reader) (time.Duration, error) {
	var form struct {
		Seconds *float64 `json:"seconds"`
		By      *string  `json:"by"`
	}
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&form); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // its text speaks of Go
			return 0, fmt.Errorf("%s: no %s is wanted; %w", cmp.Or(wrong.Field, "body"), wrong.Value, errForm)
		}
		return 0, fmt.Errorf("body: %w: %w", errForm, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("body: %w and nothing after it", errForm)
	}
	switch {
	case form.Seconds != nil && form.By != nil:
		return 0, fmt.Errorf("body: seconds and by are both given; %w", errForm)
	case form.Seconds != nil:
		if *form.Seconds > clock.MaxAhead.Seconds() {
			return 0, fmt.Errorf("seconds: %v is more than the %v that the clock can be ahead", *form.Seconds, clock.MaxAhead.Seconds())
		}
		by := time.Duration(*form.Seconds * float64(time.Second))
		if by <= 0 {
			return 0, fmt.Errorf("seconds: %v does not put the clock forward; want a number above 0", *form.Seconds)
		}
		return by, nil
	case form.By != nil:
		by, err := ParseBy(*form.By)
		if err != nil {
			return 0, fmt.Errorf("by: %w", err)
		}
		return by, nil
	}
	return 0, fmt.Errorf("body: neither seconds nor by is given; %w", errForm)
}

// ParseBy reads how far to put a clock forward, such as 90s or 1h30m.
func ParseBy(text string) (time.Duration, error) {
	by, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration such as 90s, 5m or 1h30m", text)
	case by <= 0:
		return 0, fmt.Errorf("%s does not put the clock forward; it cannot go back", by)
	case by > clock.MaxAhead:
		return 0, fmt.Errorf("%s is more than the %s that the clock can be ahead", by, clock.MaxAhead)
	}
	return by, nil
}

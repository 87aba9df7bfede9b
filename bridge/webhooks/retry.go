package webhooks

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/delivery"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
)

// succeeded: 200, and 201 for a PUT, but in 4.3 nothing else
// (webhooks_util:handle_resp/5). Corrected, every 2xx (quirk status-final).
func (t try) succeeded() bool {
	switch {
	case t.compat == fidelity.Corrected:
		return t.outcome.Status/100 == 2
	case t.outcome.Status == http.StatusCreated:
		return t.hook.Verb == "put" && t.dialect != fidelity.V43
	}
	return t.outcome.Status == http.StatusOK
}

// final tells whether a delivery ends with this try. An answer ends it whatever its
// status, unless that may be better the next time and the hook or the mode wants
// it tried again (quirk status-final); a transport failure ends it with the last
// try. So does, at once, an address that is refused: it is the hook's or its name
// server's doing, and the same two seconds later.
func (t try) final() bool {
	switch {
	case t.left <= 1, t.blocked():
		return true
	case t.outcome.Err != nil:
		return false
	}
	return !t.passing() || t.compat != fidelity.Corrected && !t.hook.Extras.retriesStatus()
}

// passing tells an answer that says: not now.
func (t try) passing() bool {
	return t.outcome.Status >= 500 || t.outcome.Status == http.StatusTooManyRequests
}

func (t try) blocked() bool {
	_, blocked := errors.AsType[*guard.BlockedError](t.outcome.Err)
	return blocked
}

// pause is the time to wait for the next try, when there were so many pauses
// before. After an answer it doubles each time, of which up to a half is left to
// chance, so that what failed together does not come again together; it is longer
// if the receiver asks for that.
func (e *Engine) pause(t try, before int) time.Duration {
	if t.outcome.Err != nil {
		return e.cfg.RetryPause
	}
	pause := min(e.cfg.RetryPause<<before, e.cfg.RetryMaxWait)
	pause -= time.Duration(e.dep.IDs.Float64() * float64(pause) / 2)
	return min(max(pause, retryAfter(t.outcome.Headers, clock.Machine(e.dep.Clock).Now())), e.cfg.RetryMaxWait)
}

// retryAfter reads what a receiver asks for, as seconds or as a date (RFC 9110,
// 10.2.3); 0 is nothing that can be read.
func retryAfter(headers []delivery.Header, now time.Time) time.Duration {
	for _, h := range headers {
		if h.Name != "retry-after" {
			continue
		}
		if seconds, err := strconv.ParseUint(h.Value, 10, 31); err == nil {
			return time.Duration(seconds) * time.Second
		}
		if at, err := http.ParseTime(h.Value); err == nil {
			return max(at.Sub(now), 0)
		}
	}
	return 0
}

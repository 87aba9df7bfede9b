package crossbar

import (
	"net/http"
)

// extensionFamily is what Kazoo does not have: /accounts/{A}/kazoolab/…, under its
// rules of access.
func (h *handler) extensionFamily() family {
	return family{name: "kazoolab", clauses: []clause{
		{args: []string{"events"}, operations: []operation{
			{method: http.MethodGet, within: h.listEvents},
		}},
		{args: []string{"events", "*"}, operations: []operation{
			{method: http.MethodGet, within: h.explainEvent},
		}},
		{args: []string{"attempts"}, operations: []operation{
			{method: http.MethodGet, within: h.listAttempts},
		}},
		{args: []string{"attempts", "*"}, operations: []operation{
			{method: http.MethodGet, within: h.getAttempt},
		}},
		{args: []string{"attempts", "*", "replay"}, operations: []operation{
			{method: http.MethodPost, within: h.replayAttempt},
		}},
	}}
}

package crossbar

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/schema"
)

// fault is an error answer. The two spellings of many messages, with blanks or
// underscores, are the reference's: they depend on the place that refuses.
type fault struct {
	status  int
	message string
	data    any  // nil: the envelope has no data
	found   *int // see outcome.found
}

func (f *fault) Error() string { return f.message }

// systemFault is an answer of cb_context:add_system_error.
func systemFault(status int, message, text string) *fault {
	return &fault{status: status, message: message, data: messageData(text)}
}

func messageData(text string) jobj.Object { return jobj.Object{{Key: "message", Value: text}} }

func invalidCredentials() *fault {
	return systemFault(http.StatusUnauthorized, "invalid_credentials", "invalid credentials")
}

// expiredCredentials is the other spelling (crossbar_util:response_401).
func expiredCredentials() *fault {
	return &fault{status: http.StatusUnauthorized, message: "invalid credentials", data: jobj.Object{}}
}

func forbidden() *fault { return systemFault(http.StatusForbidden, "forbidden", "forbidden") }

func notFound() *fault { return systemFault(http.StatusNotFound, "not_found", "not found") }

func methodNotAllowed() *fault {
	return systemFault(http.StatusMethodNotAllowed, "invalid_method", "method not allowed")
}

func tooManyRequests() *fault {
	return systemFault(http.StatusTooManyRequests, "too_many_requests", "too many requests")
}

func conflict() *fault {
	return systemFault(http.StatusConflict, "datastore_conflict", "conflicting documents")
}

func faultyRequest(text string) *fault {
	return systemFault(http.StatusNotFound, "faulty_request", text)
}

// badIdentifier is for a document that does not exist, or not for this caller.
func badIdentifier(id string) *fault {
	f := systemFault(http.StatusNotFound, "bad_identifier", "bad identifier")
	f.data = jobj.Object{{Key: "cause", Value: id}, {Key: "message", Value: "bad identifier"}}
	return f
}

// unknownName is the other spelling (crossbar_util:response_bad_identifier).
func unknownName(name string) *fault {
	return &fault{status: http.StatusNotFound, message: "bad identifier", data: []any{name}}
}

// violations collects what is wrong with a request, all of it in one answer.
type violations struct {
	found jobj.Object // path to rule to details
}

func (v *violations) add(path, rule, message string, more ...jobj.Member) {
	details := append(jobj.Object{{Key: "message", Value: message}}, more...)
	v.found = v.found.Set(path, v.found.Object(path).Set(rule, details))
}

func (v *violations) addAll(all []schema.Violation) {
	for _, one := range all {
		v.found = v.found.Set(one.Key(), v.found.Object(one.Key()).Set(one.Rule, one.Details))
	}
}

// err is nil when nothing is wrong.
func (v *violations) err() error {
	if len(v.found) == 0 {
		return nil
	}
	return &fault{status: http.StatusBadRequest, message: "validation error", data: v.found}
}

// violation is an answer with a single finding.
func violation(path, rule, message string, more ...jobj.Member) error {
	var v violations
	v.add(path, rule, message, more...)
	return v.err()
}

// faultOf makes any error an answer. What is nobody's fault but ours is logged.
func (h *handler) faultOf(req *request, err error) *fault {
	var known *fault
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, store.ErrConflict):
		return conflict()
	case errors.Is(err, store.ErrInvalid):
		return systemFault(http.StatusBadRequest, "parse_error", "failed to parse request body")
	}
	level := slog.LevelError
	if req.http.Context().Err() != nil {
		level = slog.LevelDebug // the caller has gone
	}
	h.Log.Log(req.http.Context(), level, "request failed", "request_id", req.id, "error", err)
	return systemFault(http.StatusServiceUnavailable, "datastore_fault", "datastore fatal error")
}

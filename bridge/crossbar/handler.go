package crossbar

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"
)

// ServeHTTP answers one request. A panic in its code ends that request alone.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := h.Clock.Now()
	req := &request{http: r, method: r.Method, verb: r.Method, id: h.requestID(r)}
	a := h.answerSafely(req) //nolint:contextcheck // the request has its own
	a.write(w, r.Method)
	h.Log.DebugContext(r.Context(), "rest",
		"method", r.Method, "path", maskedPath(r.URL.Path), "status", a.status,
		"ms", h.Clock.Since(started).Milliseconds(), "account_id", req.account.ID,
		"request_id", req.id, "hints", strings.Join(req.hints, "; "))
}

// requestID adopts the client's, whatever it is.
func (h *handler) requestID(r *http.Request) string {
	if values := r.Header.Values("X-Request-Id"); len(values) > 0 {
		return strings.Join(values, ", ")
	}
	return h.IDs.Hex(32)
}

// maskedPath hides the segments of a path that are tokens.
func maskedPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) > 64 || strings.Count(segment, ".") == 2 {
			segments[i] = "***"
		}
	}
	return strings.Join(segments, "/")
}

func (h *handler) answerSafely(req *request) (a answer) {
	defer func() {
		if problem := recover(); problem != nil {
			h.Log.Error("a request panicked", "request_id", req.id, "method", req.method,
				"path", maskedPath(req.http.URL.Path), "panic", problem, "stack", string(debug.Stack()))
			a = h.failure(req, systemFault(http.StatusInternalServerError, "unspecified_fault", "unspecified fault"), nil)
		}
	}()
	return h.answer(req)
}

// answer walks a request through the stages in the order of the reference, which
// decides which of several faults a client sees.
func (h *handler) answer(req *request) answer {
	if req.method == http.MethodTrace || req.method == http.MethodConnect {
		return closing(http.StatusNotImplemented)
	}
	parsed, err := parseRoute(req.http.URL, h.known)
	if err != nil {
		return bare(http.StatusBadRequest)
	}
	req.route = parsed
	switch {
	case parsed.version == "":
		return banner()
	case !isMethod(req.method):
		return req.empty(http.StatusNotImplemented)
	case parsed.version == "v1":
		return h.failure(req, goneVersion(), nil)
	}
	if err := h.prepare(req); err != nil {
		if req.lost() {
			return req.nothingThere()
		}
		return h.failure(req, h.faultOf(req, err), nil)
	}
	if req.method == http.MethodOptions && req.isCORS() {
		return req.preflight()
	}
	op, err := h.admit(req)
	if err != nil {
		return h.failure(req, h.faultOf(req, err), nil)
	}
	if len(req.uploads) > 0 && !op.uploads {
		req.hint("%s is taken for a file; send application/json", req.uploads[0].contentType)
	}
	f, ok, err := req.negotiate()
	if op.binary {
		f, ok, err = format{contentType: contentTypeJSON}, true, nil
	}
	switch {
	case err != nil:
		return bare(http.StatusBadRequest)
	case !ok:
		return req.empty(http.StatusNotAcceptable)
	}
	return h.run(req, op, f)
}

func isMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return true
	}
	return false
}

func goneVersion() *fault {
	return &fault{
		status: http.StatusGone, message: "gone",
		data: "API version 1 is not supported. Please upgrade your code to use version 2.",
	}
}

func (h *handler) known(token string) bool {
	_, ok := h.families[token]
	return ok
}

// prepare reads the request and finds the endpoint.
func (h *handler) prepare(req *request) error {
	var err error
	if req.query, err = parseQuery(req.http.URL.RawQuery); err != nil {
		return badQueryFault(req, err)
	}
	if err := h.readBody(req); err != nil {
		return err
	}
	_, req.peer = h.TrustedProxies.Source(req.http)
	req.verb = req.tunnelled()
	if err := h.identify(req); err != nil {
		return err
	}
	if err := h.expandOwnAccount(req); err != nil {
		return err
	}
	return h.choose(req)
}

// choose finds the clause that answers.
func (h *handler) choose(req *request) error {
	if len(req.route.nouns) == 0 {
		if !req.authenticated() {
			return invalidCredentials()
		}
		return notFound()
	}
	head := req.route.head()
	var ok bool
	if req.clause, ok = h.families[head.name].clause(head.args); !ok {
		req.allowed = []string{}
		return notFound()
	}
	if args, ok := req.route.account(); ok {
		req.account, _ = h.Accounts.Get(args[0])
	}
	req.allowed = req.clause.methods(req)
	return nil
}

// lost tells the one kind of request that is answered without a body: a superduper
// caller, who is forbidden nothing, reads what does not exist.
func (r *request) lost() bool {
	return r.authenticated() && r.caller.Superduper && len(r.route.nouns) == 0 && r.verb == http.MethodGet
}

// run validates, checks the conditions and carries out.
func (h *handler) run(req *request, op operation, f format) answer {
	ctx := req.http.Context()
	act := op.within
	if req.account.ID == "" {
		act = op.bare
	}
	o, err := act(ctx, req)
	if err != nil {
		return h.failure(req, h.faultOf(req, err), &f)
	}
	changes := o.commit != nil && req.executes()
	a := answer{tag: o.revision}
	if !changes {
		a = h.success(req, o, f)
	}
	if status := req.precondition(req.verb != http.MethodPut, a.tag); status != 0 {
		return req.unmet(status, a)
	}
	if !changes {
		return a
	}
	// A client that goes away does not leave a write half told.
	if o, err = o.commit(context.WithoutCancel(ctx)); err != nil {
		return h.failure(req, h.faultOf(req, err), &f)
	}
	return h.success(req, o, f)
}

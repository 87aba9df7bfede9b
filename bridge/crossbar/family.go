package crossbar

import (
	"context"
	"net/http"
	"slices"
)

// family is an endpoint: /webhooks, /accounts … with the forms that its arguments
// may take.
type family struct {
	name    string
	clauses []clause
}

// clause is one form: as many arguments, each the given word or, as "*", any.
// The first clause that fits answers.
type clause struct {
	args       []string
	operations []operation
}

// operation is what one method does.
type operation struct {
	method string
	// within answers below an account, when the caller may see that account.
	within action
	// bare answers a path without an account, to any caller with a good token, or
	// to anyone when it is open. Without it such a path is forbidden.
	bare action
	open bool
	// superduper keeps a path without an account to callers who may do everything.
	superduper bool
	// metered takes a token from the caller's bucket, and is refused without.
	metered bool
	// binary answers with a file, whatever the client accepts; uploads takes one.
	binary, uploads bool
	// unless, when set, takes the method away.
	unless func(*request) bool
}

// action validates a request and loads what it is about, without changing
// anything: what is to be written is the outcome's commit, which runs when the
// request's conditions hold.
type action func(ctx context.Context, req *request) (outcome, error)

// outcome is what an action found.
type outcome struct {
	data any
	// revision is the document's; "" for what is no document.
	revision string
	// automatic shows the revision as "automatic": what was answered has one, but
	// it is not known.
	automatic bool
	list      *page
	// file is answered instead of an envelope.
	file *file
	// created is the id of the document that was made, which Location shows.
	created string
	// token was made for the caller.
	token string
	// found is how many rows the last look-up had, which leaks into page_size;
	// nil when there was none.
	found *int

	commit func(ctx context.Context) (outcome, error)
}

// file is content that is no JSON. With a name it is offered under that.
type file struct {
	contentType string
	content     []byte
	name        string
}

// allFamilies lists every family. A new one is one file, and one line here.
func (h *handler) allFamilies() map[string]family {
	all := map[string]family{}
	for _, f := range slices.Concat(absentFamilies(), h.objectFamilies(), []family{
		h.webhooksFamily(),
		h.configsFamily(),
		h.extensionFamily(),
		h.accountsFamily(),
		h.userAuthFamily(),
		h.apiAuthFamily(),
		h.authFamily(),
		h.tokenAuthFamily(),
		h.websocketsFamily(),
		h.channelsFamily(),
		h.quickcallFamily(),
		h.pivotFamily(),
		h.appsStoreFamily(),
		h.alertsFamily(),
		h.whitelabelFamily(),
		h.ledgersFamily(),
		h.limitsFamily(),
	}) {
		all[f.name] = f
	}
	return all
}

// clause finds the form that fits the arguments.
func (f family) clause(args []string) (clause, bool) {
	for _, c := range f.clauses {
		if len(c.args) != len(args) {
			continue
		}
		fits := true
		for i, want := range c.args {
			fits = fits && (want == "*" || want == args[i])
		}
		if fits {
			return c, true
		}
	}
	return clause{}, false
}

// methods lists what a clause allows, in the order in which the reference is seen
// to list them.
func (c clause) methods(req *request) []string {
	var methods []string
	for _, method := range []string{http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodGet, http.MethodDelete} {
		if op, ok := c.operation(method); ok && (op.unless == nil || !op.unless(req)) {
			methods = append(methods, method)
		}
	}
	return methods
}

func (c clause) operation(method string) (operation, bool) {
	i := slices.IndexFunc(c.operations, func(op operation) bool { return op.method == method })
	if i < 0 {
		return operation{}, false
	}
	return c.operations[i], true
}

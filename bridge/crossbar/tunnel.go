package crossbar

import (
	"net/http"
	"slices"
	"strings"
)

// tunnelled is the verb of a request: the value "verb" in any case replaces the
// method, whatever that was. One that is no word is no method either.
func (r *request) tunnelled() string {
	value, ok := r.value("verb")
	if !ok {
		return r.method
	}
	word, _ := value.(string)
	return strings.ToUpper(word)
}

// checkMethod finds out whether the verb is allowed. Once it is, the method that
// carried it is as well, and stands in the header.
func (r *request) checkMethod() error {
	if !slices.Contains(r.allowed, r.verb) || r.method == http.MethodHead || r.method == http.MethodOptions {
		r.adviseMethod()
		return methodNotAllowed()
	}
	if !slices.Contains(r.allowed, r.method) {
		r.allowed = append([]string{r.method}, r.allowed...)
	}
	return nil
}

// executes says whether the verb is carried out: a GET never changes anything, so
// GET ?verb=DELETE is validated as a deletion and answered, and that is all. A
// DELETE or PUT that carries GET has nothing to carry out.
func (r *request) executes() bool {
	return r.method != http.MethodGet && r.verb != http.MethodGet
}

// statusOf is the status of a success.
func (r *request) statusOf(o outcome) int {
	if r.verb == http.MethodPut && (r.method == http.MethodPut || o.created != "") && r.method != http.MethodGet {
		return http.StatusCreated
	}
	return http.StatusOK
}

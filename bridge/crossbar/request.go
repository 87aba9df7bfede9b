package crossbar

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// request is what is known of a request; each stage adds to it.
type request struct {
	http  *http.Request
	id    string
	peer  string // address of the client, behind trusted proxies
	route route
	query query

	envelope jobj.Object // the body, top-level keys normalised
	data     any         // jobj.Object or []any; {} without a body
	chosenID string      // id that the client wants for a new document
	uploads  []upload    // the body that is no JSON, or parts of it

	method string // what the request line says
	verb   string // what is done; see tunnel.go

	token  string          // as it was sent; "" for none
	holder *account.Claims // of a good token
	caller account.Account // whose token it is

	account account.Account // of the path; its ID is "" without one
	clause  clause
	allowed []string // methods for the header; nil before they are known

	hints []string
}

func (r *request) authenticated() bool { return r.holder != nil }

// hint tells the client, in a header beside the reference's answer, what that
// answer does not say.
func (r *request) hint(format string, args ...any) {
	r.hints = append(r.hints, fmt.Sprintf(format, args...))
}

// value looks a request value up where Kazoo does: in data, in the query, in the
// envelope (cb_context:req_value/2).
func (r *request) value(name string) (any, bool) {
	if data, ok := r.data.(jobj.Object); ok {
		if v, ok := data.Get(name); ok {
			return v, true
		}
	}
	if v, ok := r.query.get(name); ok {
		return v, true
	}
	return r.envelope.Get(name)
}

// text is a request value that is a string; "" when it is not.
func (r *request) text(name string) string {
	v, _ := r.value(name)
	s, _ := v.(string)
	return s
}

// flag is a boolean request value, given as such or in words.
func (r *request) flag(name string, otherwise bool) bool {
	v, _ := r.value(name)
	switch v {
	case true, "true":
		return true
	case false, "false":
		return false
	}
	return otherwise
}

// object is data as an object; what is an array fails at the schema.
func (r *request) object() jobj.Object {
	object, _ := r.data.(jobj.Object)
	return object
}

// isCORS tells the requests that get the headers also in a success.
func (r *request) isCORS() bool {
	for _, name := range []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"} {
		if len(r.http.Header.Values(name)) > 0 {
			return true
		}
	}
	return false
}

// arg is the nth argument of the endpoint that answers.
func (r *request) arg(n int) string { return r.route.head().args[n] }

// header is a header's value, the values of a repeated one joined as cowboy does.
func (r *request) header(name string) (string, bool) {
	values := r.http.Header.Values(name)
	return strings.Join(values, ", "), len(values) > 0
}

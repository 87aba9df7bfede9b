package management

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
)

// api answers requests. Every path is below /api.
type api struct{ broker *broker.Broker }

// Handler serves the API to the broker's users, by basic authentication.
func Handler(b *broker.Broker) http.Handler {
	a := api{b}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /api/overview":                       a.overview,
		"GET /api/whoami":                         a.whoami,
		"GET /api/connections":                    a.connections,
		"GET /api/connections/{name}":             a.connection,
		"DELETE /api/connections/{name}":          a.closeConnection,
		"GET /api/vhosts":                         a.vhosts,
		"GET /api/vhosts/{vhost}":                 a.vhost,
		"PUT /api/vhosts/{vhost}":                 a.makeVhost,
		"DELETE /api/vhosts/{vhost}":              a.deleteVhost,
		"GET /api/vhosts/{vhost}/connections":     a.connections,
		"PUT /api/permissions/{vhost}/{user}":     a.permit,
		"GET /api/queues":                         a.queues,
		"GET /api/queues/{vhost}":                 a.queues,
		"GET /api/queues/{vhost}/{name}":          a.queue,
		"GET /api/queues/{vhost}/{name}/bindings": a.bindingsOfQueue,
		"GET /api/exchanges":                      a.exchanges,
		"GET /api/exchanges/{vhost}":              a.exchanges,
		"GET /api/exchanges/{vhost}/{name}":       a.exchange,
		"GET /api/bindings":                       a.bindings,
		"GET /api/bindings/{vhost}":               a.bindings,
		"GET /api/consumers":                      a.consumers,
		"GET /api/consumers/{vhost}":              a.consumers,
	} {
		mux.HandleFunc(pattern, handle)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { otherwise(mux, w, r) })
	return a.authenticated(segments(mux))
}

// segments has the mux match a path by its escaped segments, since it takes none
// that is an escaped slash, which the virtual host "/" is: value undoes it. Like
// RabbitMQ it lets a path end with a slash.
func segments(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = "/"+strings.Trim(r.URL.EscapedPath(), "/"), ""
		next.ServeHTTP(w, r)
	})
}

// value is a segment of the path, by the name that its pattern gives it.
func value(r *http.Request, name string) string {
	segment, _ := url.PathUnescape(r.PathValue(name)) // it was escaped by the URL itself
	return segment
}

// otherwise answers what no pattern takes: 405 where another method would do.
func otherwise(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		notFound(w)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	answer(w, http.StatusMethodNotAllowed, map[string]string{"error": "Method Not Allowed", "reason": "use " + strings.Join(allowed, ", ")})
}

func (a api) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		loopback := err == nil && net.ParseIP(host).IsLoopback()
		if !a.broker.Authenticate(name, password, loopback) {
			w.Header().Set("WWW-Authenticate", `Basic realm="RabbitMQ Management"`)
			answer(w, http.StatusUnauthorized, map[string]string{"error": "not_authorized", "reason": "Login failed"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the shapes can all be encoded, and a client that is gone is not told
}

// notFound answers in RabbitMQ's form.
func notFound(w http.ResponseWriter) {
	answer(w, http.StatusNotFound, map[string]string{"error": "Object Not Found", "reason": "Not Found"})
}

// found picks the virtual hosts that a path names: one, or all when it names none.
// For one that is not there it answers, and reports false.
func (a api) found(w http.ResponseWriter, r *http.Request) ([]*vhost.Vhost, bool) {
	all := a.broker.Vhosts()
	name := value(r, "vhost")
	if name == "" {
		return all, true
	}
	for _, v := range all {
		if v.Name() == name {
			return []*vhost.Vhost{v}, true
		}
	}
	notFound(w)
	return nil, false
}

func (a api) whoami(w http.ResponseWriter, r *http.Request) {
	name, _, _ := r.BasicAuth()
	answer(w, http.StatusOK, map[string]any{"name": name, "tags": []string{"administrator"}})
}

func (a api) vhosts(w http.ResponseWriter, r *http.Request) {
	found, _ := a.found(w, r)
	list := []vhostJSON{}
	for _, v := range found {
		list = append(list, newVhostJSON(v))
	}
	answer(w, http.StatusOK, list)
}

func (a api) vhost(w http.ResponseWriter, r *http.Request) {
	if found, ok := a.found(w, r); ok {
		answer(w, http.StatusOK, newVhostJSON(found[0]))
	}
}

func (a api) makeVhost(w http.ResponseWriter, r *http.Request) {
	name := value(r, "vhost")
	for _, v := range a.broker.Vhosts() {
		if v.Name() == name {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	if err := broker.CheckVhostName(name); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "bad_request", "reason": err.Error()})
		return
	}
	a.broker.AddVhost(name)
	w.WriteHeader(http.StatusCreated)
}

func (a api) deleteVhost(w http.ResponseWriter, r *http.Request) {
	if a.broker.DeleteVhost(value(r, "vhost")) != nil {
		notFound(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// permit has nothing to do: every user may do everything everywhere.
func (a api) permit(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.found(w, r); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (a api) connections(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.found(w, r); !ok {
		return
	}
	list := []connectionJSON{}
	for _, c := range a.broker.Connections() {
		if name := value(r, "vhost"); name == "" || name == c.Vhost {
			list = append(list, newConnectionJSON(c))
		}
	}
	answer(w, http.StatusOK, list)
}

func (a api) connection(w http.ResponseWriter, r *http.Request) {
	for _, c := range a.broker.Connections() {
		if c.Name == value(r, "name") {
			answer(w, http.StatusOK, newConnectionJSON(c))
			return
		}
	}
	notFound(w)
}

func (a api) closeConnection(w http.ResponseWriter, r *http.Request) {
	reason := r.Header.Get("X-Reason")
	if reason == "" {
		reason = "Closed via management plugin"
	}
	if !a.broker.CloseConnection(value(r, "name"), reason) {
		notFound(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

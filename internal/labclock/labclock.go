// Package labclock is the clock of a lab over HTTP: tools read it and put it forward,
// so that a token expires or a retry comes without anybody waiting. It owns who may do
// that and what is a valid request; it never decides what the time is used for.
//
// A web page must not reach it, whatever name that page gives this machine (DNS
// rebinding): the Host has to be of this machine, an Origin the same, and the token
// stands where no form can put it. There is no CORS.
package labclock

import (
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Prefix is where Handler wants to answer: everything below it.
const Prefix = "/_dev/"

// The paths: GET reads the clock, POST puts it forward.
const (
	Path        = Prefix + "clock"
	PathAdvance = Path + "/advance"
)

// Reading is what the clock shows.
type Reading struct {
	Now time.Time `json:"now"`
	// OffsetSeconds is how far it is ahead of the machine's clock.
	OffsetSeconds float64 `json:"offset_seconds"`
}

// Config says which clock, and who may use it. All are required.
type Config struct {
	Clock *clock.Adjustable
	// Token has to come with each request, as Authorization: Bearer.
	Token string
	// Port is the one at which clients of this machine reach the handler.
	Port string
	Log  *slog.Logger
}

// Handler answers GET Path and POST PathAdvance.
func Handler(cfg Config) http.Handler { return &handler{cfg} }

type handler struct{ cfg Config }

// ServeHTTP refuses before it looks at what is asked: a stranger learns nothing.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !h.here(r.Host):
		h.refuse(w, http.StatusForbidden, "Host: want a loopback address and its port, such as 127.0.0.1:"+h.cfg.Port)
	case !sameOrigin(r):
		h.refuse(w, http.StatusForbidden, "Origin: web pages of another origin may not use the clock")
	case !h.authorised(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		h.refuse(w, http.StatusUnauthorized, "Authorization: want Bearer and the clock's token, which kazoolab env prints as CLOCK_TOKEN")
	case r.URL.Path == Path:
		if h.allow(w, r, http.MethodGet) {
			h.show(w)
		}
	case r.URL.Path == PathAdvance:
		if h.allow(w, r, http.MethodPost) {
			h.advance(w, r)
		}
	default:
		h.refuse(w, http.StatusNotFound, "there are GET "+Path+" and POST "+PathAdvance)
	}
}

// here tells whether a request was meant for this machine by an address that only
// this machine has.
func (h *handler) here(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "80" // what a client leaves out
	}
	if port != h.cfg.Port {
		return false
	}
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

// sameOrigin: a program sends no Origin. Host is known to be ours.
func sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return len(origins) == 0 || len(origins) == 1 && strings.EqualFold(origins[0], "http://"+r.Host)
}

func (h *handler) authorised(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(h.cfg.Token)) == 1
}

func (h *handler) allow(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method {
		return true
	}
	w.Header().Set("Allow", method)
	h.refuse(w, http.StatusMethodNotAllowed, "only "+method+" is answered here")
	return false
}

func (h *handler) show(w http.ResponseWriter) {
	h.answer(w, http.StatusOK, Reading{h.cfg.Clock.Now().UTC(), h.cfg.Clock.Ahead().Seconds()})
}

func (h *handler) advance(w http.ResponseWriter, r *http.Request) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		h.refuse(w, http.StatusUnsupportedMediaType, "Content-Type: want application/json")
		return
	}
	by, err := readAdvance(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = h.cfg.Clock.Advance(by)
	}
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	h.cfg.Log.Info("clock put forward", "by", by, "ahead", h.cfg.Clock.Ahead())
	h.show(w)
}

func (h *handler) refuse(w http.ResponseWriter, status int, why string) {
	h.answer(w, status, map[string]string{"error": why})
}

func (h *handler) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		h.cfg.Log.Debug("clock: answer not sent", "error", err)
	}
}

package crossbar

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// hintHeader carries what the reference's answer leaves out.
const hintHeader = "X-Kazoolab-Hint"

// never is the Expires of every GET.
const never = "Fri, 01 Jan 1999 00:00:00 GMT"

// answer is a response before it is written.
type answer struct {
	status int
	header http.Header
	body   []byte
	tag    string // the entity tag; "" for none
}

func (a answer) write(w http.ResponseWriter, method string) {
	header := w.Header()
	maps.Copy(header, a.header)
	if header.Get("Content-Type") == "" {
		header["Content-Type"] = nil // else net/http would guess one
	}
	if a.status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if method != http.MethodHead {
		_, _ = w.Write(a.body) // a client that has gone cannot be told
	}
}

// bare is what a crash of the reference's parser leaves: a status alone.
func bare(status int) answer { return answer{status: status, header: http.Header{}} }

func closing(status int) answer {
	a := bare(status)
	a.header.Set("Connection", "close")
	return a
}

// base starts an answer with what nearly every one carries.
func (r *request) base(status int) answer {
	a := bare(status)
	a.header.Set("X-Request-Id", r.id)
	if len(r.hints) > 0 {
		a.header.Set(hintHeader, strings.Join(r.hints, "; "))
	}
	return a
}

// empty is an answer without a body.
func (r *request) empty(status int) answer {
	a := r.base(status)
	if r.isCORS() {
		r.writeCORS(a.header)
	}
	return a
}

func (r *request) preflight() answer { return r.empty(http.StatusOK) }

// unmet is the answer when a condition does not hold; full is what it would have
// been otherwise.
func (r *request) unmet(status int, full answer) answer {
	if status == http.StatusBadRequest {
		a := bare(status)
		a.header.Set(hintHeader, strings.Join(r.hints, "; "))
		return a
	}
	a := r.empty(status)
	setLanguage(a.header)
	if status == http.StatusNotModified {
		for _, name := range []string{"Etag", "Expires"} {
			if values := full.header.Values(name); len(values) > 0 {
				a.header[name] = values
			}
		}
	}
	return a
}

func (r *request) nothingThere() answer {
	a := r.empty(http.StatusNotFound)
	setLanguage(a.header)
	return a
}

func setLanguage(header http.Header) {
	header.Set("Content-Language", "en")
	header.Set("Vary", "accept-language, accept")
}

// failure is an error answer. f is nil while the format is not settled: such
// answers carry no content type.
func (h *handler) failure(req *request, f *fault, as *format) answer {
	a := req.base(f.status)
	req.writeCORS(a.header)
	if as != nil {
		setLanguage(a.header)
		a.header.Set("Content-Type", as.contentType)
	}
	envelope := h.envelope(req, f.found, req.token)
	if f.data != nil {
		envelope = append(envelope, jobj.Member{Key: "data", Value: f.data})
	}
	envelope = append(envelope,
		jobj.Member{Key: "error", Value: strconv.Itoa(f.status)},
		jobj.Member{Key: "message", Value: f.message},
		jobj.Member{Key: "status", Value: "error"})
	a.body = req.print(envelope)
	return a
}

// success is the answer with an outcome.
func (h *handler) success(req *request, o outcome, f format) answer {
	a := req.base(req.statusOf(o))
	if req.isCORS() {
		req.writeCORS(a.header)
	}
	setLanguage(a.header)
	a.header.Set("Content-Type", f.contentType)
	if o.created != "" && a.status == http.StatusCreated {
		a.header.Set("Location", req.http.URL.EscapedPath()+"/"+url.PathEscape(o.created))
	}
	token := req.token
	if o.token != "" {
		token = o.token
	}
	envelope := h.envelope(req, o.rows(), token)
	if o.list != nil {
		envelope = append(o.list.members(), envelope...)
	}
	envelope = append(envelope, jobj.Member{Key: "data", Value: o.data})
	if a.tag = o.tag(req, envelope); a.tag != "" {
		envelope = append(envelope, jobj.Member{Key: "revision", Value: a.tag})
	}
	envelope = append(envelope, jobj.Member{Key: "status", Value: "success"})
	a.body = req.print(envelope)
	if f.csv {
		a.body = csv(o.data)
		a.header.Set("Content-Type", "text/csv")
		a.header.Set("Content-Disposition", `attachment; filename="`+h.fileName(req)+`"`)
	}
	if o.file != nil {
		o.file.serve(req, &a)
	}
	if req.method == http.MethodGet {
		a.header.Set("Expires", never)
		if a.tag != "" {
			a.header.Set("Etag", `"`+a.tag+`"`)
		}
	}
	return a
}

// tag is the revision that an envelope shows, which is the entity tag too. That of
// a list is a digest of the whole envelope, time and request id included, so that
// it never repeats.
func (o outcome) tag(req *request, envelope jobj.Object) string {
	rows, isList := o.data.([]any)
	switch {
	case o.revision != "":
		return o.revision
	case o.automatic:
		return "automatic"
	case o.list == nil || !isList || len(rows) == 0:
		return ""
	case req.method != http.MethodGet:
		return "automatic"
	}
	digest := md5.Sum(jobj.Append(nil, envelope))
	return hex.EncodeToString(digest[:])
}

func (o outcome) rows() *int {
	if o.list != nil {
		return nil
	}
	return o.found
}

// envelope is what successes and errors have in common
// (api_util:create_default_resp_envelope/1).
func (h *handler) envelope(req *request, found *int, token string) jobj.Object {
	var e jobj.Object
	add := func(key string, value any) { e = append(e, jobj.Member{Key: key, Value: value}) }
	if found != nil {
		add("page_size", *found)
	}
	if req.authenticated() {
		add("version", h.Version)
	}
	add("timestamp", h.Clock.Now().UTC().Format(time.RFC3339))
	add("node", h.node)
	add("request_id", req.id)
	add("tokens", jobj.Object{{Key: "consumed", Value: tokenCost}, {Key: "remaining", Value: h.buckets.remaining(req.bucket())}})
	if token != "" {
		add("auth_token", token)
	}
	return e
}

// print writes an envelope, indented for people who ask.
func (r *request) print(envelope jobj.Object) []byte {
	// What a client sent as its request id, token or id may be anything.
	text := bytes.ToValidUTF8(jobj.Append(nil, envelope), []byte("\uFFFD"))
	pretty, _ := r.header("X-Pretty-Print")
	if pretty != "true" && !r.flag("pretty_print", false) {
		return text
	}
	var out bytes.Buffer
	if json.Indent(&out, text, "", "  ") != nil {
		return text
	}
	return out.Bytes()
}

// fileName is the name of a CSV download.
func (h *handler) fileName(req *request) string {
	name, _ := req.header("X-File-Name")
	if name == "" {
		name = req.text("file_name")
	}
	if name == "" {
		return "json_" + h.IDs.Hex(22) + ".csv"
	}
	return headerSafe(name)
}

// banner is what a path outside the API gets.
func banner() answer {
	a := bare(http.StatusOK)
	a.header.Set("Content-Type", "text/plain; charset=UTF-8")
	a.body = []byte(`
   _                         _       _
  | | ____ _ _______   ___  | | __ _| |__
  | |/ / _' |_  / _ \ / _ \ | |/ _' | '_ \
  |   < (_| |/ / (_) | (_) || | (_| | |_) |
  |_|\_\__,_/___\___/ \___/ |_|\__,_|_.__/

  The API is under /v2.
`)
	return a
}

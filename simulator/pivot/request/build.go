package request

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

// Request is one question to an application.
type Request struct {
	Method string // GET or POST
	// URL is where it goes: absolute, its target as it stands in the request line,
	// without credentials and fragment.
	URL string
	// Composed is the URL before that: as given, a GET's with its parameters.
	Composed string
	Body     string
	// Header is in wire order: content-type (of POST), content-length, te, host,
	// authorization (of a URL with credentials), connection.
	Header [][2]string
	// Params are what query or body are made of, in wire order.
	Params jobj.Object

	// The caller of Build sets these.
	Format    string // the action's req_format
	Iteration int    // 1 for the first of a worker
	Timeout   time.Duration
	AccountID string
	CallID    string
}

// The words of an action's req_body_format.
const (
	BodyForm = "form"
	BodyJSON = "json"
)

// usualForm is room for the form text of most requests, bytes.
const usualForm = 512

// Form is parameters as form text (kz_http_util:json_to_querystring/1).
func Form(params jobj.Object, compat fidelity.Compat) string {
	return formText(membersOf(params), compat)
}

func membersOf(params jobj.Object) form.Members {
	members := make(form.Members, len(params))
	text, ends := make([]byte, 0, usualForm), make([]int, len(params))
	for i, m := range params {
		text = jobj.Append(text, m.Value)
		ends[i] = len(text)
	}
	values, begin := string(text), 0
	for i, m := range params {
		members[i] = form.Member{Key: m.Key, Value: values[begin:ends[i]]}
		begin = ends[i]
	}
	return members
}

func formText(members form.Members, compat fidelity.Compat) string {
	text := make([]byte, 0, usualForm)
	if compat == fidelity.Corrected {
		return string(members.AppendCorrected(text))
	}
	return string(members.Append(text))
}

// encoded is parameters as form text, with notes of what the reference crashes over.
func encoded(params jobj.Object, compat fidelity.Compat) (text string, notes []Note) {
	members := membersOf(params)
	null, nested := members.Crashes()
	if null {
		notes = append(notes, Note{NullCrash, "a null is sent as an empty member; Kazoo crashes over it, and sends nothing"})
	}
	if nested {
		notes = append(notes, Note{NestedListBytes, "what is neither text nor a byte in a list within a list is sent as its text; Kazoo crashes over it, and sends nothing"})
	}
	return formText(members, compat), notes
}

// JSON is parameters as a JSON body has them: compact, numbers printed anew in
// kazoo mode.
func JSON(params jobj.Object, compat fidelity.Compat) string {
	return string(form.AppendCompact(nil, gjson.ParseBytes(jobj.Append(nil, params)), compat == fidelity.Corrected))
}

// Build composes a request of parameters (pivot_call:send/5). The method is get or
// post in any case, "" and "undefined" are post, as any other word (quirk
// known-method-crash). The body's format is form or json, "" is form, as any other
// word (quirk body-format-crash); a GET has no body and never asks. The error is a
// *URIError, with a request that holds what was composed and goes nowhere, or says that
// the parameters are too large.
func Build(method, bodyFormat, uri string, params jobj.Object, compat fidelity.Compat) (Request, []Note, error) {
	verb, notes := methodOf(method)
	req := Request{Method: verb, Params: params}
	contentType := ""
	var query string
	var crashes []Note
	switch {
	case verb == http.MethodGet:
		query, crashes = encoded(params, compat)
	case bodyFormat == BodyJSON:
		contentType = "application/json"
		req.Body = JSON(params, compat)
	default:
		if bodyFormat != "" && bodyFormat != BodyForm {
			notes = append(notes, Note{BodyFormatCrash, fmt.Sprintf("the body format %q is neither form nor json: form is sent; Kazoo sends nothing", bodyFormat)})
		}
		contentType = "application/x-www-form-urlencoded"
		req.Body, crashes = encoded(params, compat)
	}
	notes = append(notes, crashes...)
	if len(req.Body) > form.MaxEncoded || len(query) > form.MaxEncoded {
		return Request{}, notes, fmt.Errorf("the parameters take more than %d bytes", form.MaxEncoded)
	}
	req.Composed = uri
	if verb == http.MethodGet {
		req.Composed = composed(uri, query)
	}
	if contentType != "" {
		req.Header = [][2]string{{"content-type", contentType}}
	}
	t, err := parseTarget(uri)
	if err != nil {
		return req, notes, err
	}
	if _, given := uris.Credentials(t.user, compat == fidelity.Corrected); !given && strings.Trim(t.user, ":") != "" {
		notes = append(notes, Note{ThreePartCredentials, "credentials of more than two parts are not sent, as in Kazoo: choose a password without a colon"})
	}
	if verb == http.MethodGet {
		if t.user != "" || strings.HasPrefix(t.host, "[") {
			notes = append(notes, Note{GetCredentials, "credentials and IPv6 hosts are sent with GET as with POST; Kazoo garbles them"})
		}
		t.add(query)
	}
	if t.clean() {
		notes = append(notes, Note{StrictURI, "what may not stand in a URL was percent-encoded: " + t.target() + "; Kazoo sends nothing, and the pivot fails"})
	}
	req.URL = t.scheme + "://" + t.host + t.target()
	req.Header = t.header(contentType, len(req.Body), compat)
	return req, notes, nil
}

// composed is a URL with the parameters of a GET (pivot_call:uri/2).
func composed(uri, query string) string {
	rest, fragment, _ := strings.Cut(uri, "#")
	rest, own, _ := strings.Cut(rest, "?")
	// Whatever the scheme is, // follows it; without one there is none.
	if scheme, after, ok := strings.Cut(rest, ":"); ok && strings.Trim(scheme, schemeBytes) == "" {
		rest = strings.TrimPrefix(after, "//")
		if scheme != "" {
			rest = scheme + "://" + rest
		}
	} else {
		rest = strings.TrimPrefix(rest, "//")
	}
	if own != "" {
		query = own + "&" + query
	}
	if query != "" {
		rest += "?" + query
	}
	if fragment != "" {
		rest += "#" + fragment
	}
	return rest
}

// schemeBytes are what the reference takes for a scheme before a colon.
const schemeBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

func methodOf(word string) (string, []Note) {
	switch strings.ToLower(word) {
	case "get":
		return http.MethodGet, nil
	case "post", "", "undefined":
		return http.MethodPost, nil
	}
	return http.MethodPost, []Note{{KnownMethodCrash, fmt.Sprintf("the method %q is neither GET nor POST: POST is sent; Kazoo may crash over it", word)}}
}

// header is what the reference's client (Erlang/OTP 23) writes.
func (t *target) header(contentType string, length int, compat fidelity.Compat) [][2]string {
	var out [][2]string
	if contentType != "" {
		out = append(out, [2]string{"content-type", contentType})
	}
	out = append(out, [2]string{"content-length", strconv.Itoa(length)}, [2]string{"te", ""}, [2]string{"host", t.hostLine()})
	if text, given := uris.Credentials(t.user, compat == fidelity.Corrected); given {
		out = append(out, [2]string{"authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))})
	}
	return append(out, [2]string{"connection", "keep-alive"})
}

// With returns the header with one field replaced, or put before the last.
func With(header [][2]string, name, value string) [][2]string {
	out := slices.Clone(header)
	for i := range out {
		if strings.EqualFold(out[i][0], name) {
			out[i][1] = value
			return out
		}
	}
	return slices.Insert(out, max(len(out)-1, 0), [2]string{name, value})
}

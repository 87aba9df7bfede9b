package crossbar_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// reply is an answer with its envelope taken apart.
type reply struct {
	status   int
	header   http.Header
	text     string
	envelope jobj.Object
}

func (r reply) data() jobj.Object { return r.envelope.Object("data") }

func (r reply) rows() []jobj.Object {
	value, _ := r.envelope.Get("data")
	list, _ := value.([]any)
	rows := make([]jobj.Object, len(list))
	for i, element := range list {
		rows[i], _ = element.(jobj.Object)
	}
	return rows
}

// call makes a request with JSON in its body; headers are pairs of name and value.
func (w *world) call(t testing.TB, method, target, token, body string, headers ...string) reply {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, request)
	r := reply{status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
	if strings.HasPrefix(r.text, "{") {
		envelope, err := jobj.ParseObject(recorder.Body.Bytes())
		if err != nil {
			t.Fatalf("%s %s answers %q: %v", method, target, r.text, err)
		}
		r.envelope = envelope
	}
	return r
}

// want fails the test unless the answer has the status.
func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.text)
	}
	return r
}

// encoded is a value as start keys are spelled.
func encoded(value []any) string {
	return base64.RawURLEncoding.EncodeToString(jobj.Append(nil, value))
}

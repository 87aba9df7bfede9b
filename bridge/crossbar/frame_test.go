package crossbar_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/crossbar"
)

func TestPaths(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token, master := w.token(t, "customer"), w.token(t, "master")
	for _, c := range []struct {
		method, target, token string
		status                int
		message               string
	}{
		{"GET", "/", "", 200, ""},
		{"GET", "/V2/webhooks", "", 200, ""},
		{"GET", "/v2x/webhooks", "", 200, ""},
		{"GET", "/v1/webhooks", token, 410, "gone"},
		{"GET", "/v2", "", 401, "invalid_credentials"},
		{"GET", "/v2/", token, 404, "not_found"},
		{"GET", "/v2//webhooks", token, 404, "not_found"},
		{"GET", "/v2.0/webhooks", token, 404, "not_found"},
		{"GET", "/v2/WEBHOOKS", token, 404, "not_found"},
		{"GET", "/v2/%77ebhooks", "", 200, ""},
		{"GET", "/v2/webhooks%2Fsamples", token, 404, "not_found"},
		{"GET", "/v2/webhooks//samples/", "", 200, ""},
		{"GET", "/v22/webhooks", "", 200, ""},
		{"GET", "/hooks/webhooks", "", 200, ""},
		{"GET", "/v2/nothing", master, 404, ""},
		{"PUT", "/v2/nothing", master, 404, "not_found"},
		{"GET", "/v2/webhooks/..", token, 403, "forbidden"},
		{"GET", "/v2/webhooks/x", "", 401, "invalid_credentials"},
		{"GET", "/v2/webhooks/x", master, 403, "forbidden"},
		{"PUT", "/v2/webhooks", master, 403, "forbidden"},
		{"DELETE", "/v2/webhooks", master, 405, "invalid_method"},
		{"GET", "/v2/accounts", token, 405, "invalid_method"},
		{"GET", "/v2/accounts/x", "", 404, "bad identifier"},
		{"GET", "/v2/accounts/" + strings.Repeat("f", 32), "", 404, "bad_identifier"},
		{"GET", "/v2/accounts/" + customerID + "/nothing", token, 404, "not_found"},
		{"GET", "/v2/accounts/" + customerID + "/queues", token, 404, "not_found"},
		{"HEAD", "/v2/webhooks", "", 405, "invalid_method"},
		{"OPTIONS", "/v2/webhooks", "", 405, "invalid_method"},
		{"TRACE", "/v2/webhooks", "", 501, ""},
		{"get", "/v2/webhooks", "", 501, ""},
	} {
		got := w.call(t, c.method, c.target, c.token, "")
		if got.status != c.status || c.method != "HEAD" && got.envelope.String("message") != c.message {
			t.Errorf("%s %s: %d %.200s", c.method, c.target, got.status, got.text)
		}
	}
}

func TestBrokenJSONSaysWhere(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	// The slip that the talk prints.
	body := `{"data": {"action": "metaflow", "data": { "module", "hangup" }}}`
	got := w.call(t, "PUT", hooksPath, w.token(t, "customer"), body).want(t, http.StatusBadRequest)
	if got.data().String("json", "invalid", "message") != "decoder_exit around 0" {
		t.Errorf("answer %s", got.text)
	}
	if hint := got.header.Get("X-Kazoolab-Hint"); !strings.HasPrefix(hint, "body byte 51") && !strings.HasPrefix(hint, "body byte 50") {
		t.Errorf("hint %q", hint)
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.MaxBody = 4096 })
	token := w.token(t, "customer")
	good := `{"data":{"name":"h","uri":"http://example.org/","hook":"all"}}`
	const boundary = "multipart/form-data; boundary=x"
	for name, c := range map[string]struct {
		contentType, body string
		want              int
	}{
		"json":                    {"application/json", good, 201},
		"json with parameters":    {"application/json; charset=utf-8", good, 201},
		"x-json":                  {"application/x-json", good, 201},
		"curl -d":                 {"application/x-www-form-urlencoded", good, 201},
		"curl -d with a query":    {"application/x-www-form-urlencoded", strings.Replace(good, "org/", "org/?a=b", 1), 400},
		"a form":                  {"application/x-www-form-urlencoded", "name=h&hook=all", 400},
		"a part is the envelope":  {boundary, "--x\r\nContent-Type: application/json\r\n\r\n" + good + "\r\n--x--\r\n", 201},
		"parts that do not fit":   {boundary, "--y\r\n\r\nx\r\n--y--\r\n", 400},
		"a file":                  {"text/plain", good, 400},
		"no content type":         {"garbage", good, 400},
		"two content types":       {"application/json, text/plain", good, 400},
		"too large":               {"application/json", strings.Replace(good, `"h"`, `"`+strings.Repeat("h", 5000)+`"`, 1), 400},
		"keys in another case":    {"application/json", strings.Replace(good, "data", "Data", 1), 201},
		"latin-1":                 {"application/json", strings.Replace(good, `"h"`, "\"h\xfc\"", 1), 201},
		"the last of two":         {"application/json", `{"data":5,` + good[1:], 201},
		"nested beyond reason":    {"application/json", strings.Repeat(`{"data":`, 400) + strings.Repeat("[", 400), 400},
		"byte-order mark":         {"application/json", "\ufeff" + good, 400},
		"a number beyond floats":  {"application/json", strings.Replace(good, `"h"`, "1e999999", 1), 400},
		"an empty list of values": {"application/json", `{"data":[]}`, 400},
	} {
		got := w.call(t, "PUT", hooksPath, token, c.body, "Content-Type", c.contentType)
		if got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
		if name == "latin-1" && got.data().String("name") != "hü" {
			t.Errorf("%s: %s", name, got.text)
		}
	}
	decoded := w.call(t, "PUT", hooksPath, token, base64.StdEncoding.EncodeToString([]byte(good)), "Content-Transfer-Encoding", "base64")
	decoded.want(t, http.StatusCreated)
}

func TestCORS(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	preflight := w.call(t, "OPTIONS", hooksPath, "", "", "Origin", "https://ui.example.org", "Access-Control-Request-Method", "FOO")
	preflight.want(t, http.StatusOK)
	if got := preflight.header.Get("Access-Control-Allow-Methods"); got != "FOO, OPTIONS, PATCH, PUT, GET" || preflight.text != "" {
		t.Errorf("methods %q, body %q", got, preflight.text)
	}
	w.call(t, "OPTIONS", "/v2/nothing", "", "", "Origin", "x").want(t, http.StatusUnauthorized)
	plain := w.call(t, "GET", "/v2/webhooks", "", "").want(t, http.StatusOK)
	if plain.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("headers for nobody")
	}
	asked := w.call(t, "GET", "/v2/webhooks", "", "", "Origin", "x").want(t, http.StatusOK)
	if asked.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("no headers")
	}
}

func TestAccept(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	for _, c := range []struct {
		query, accept string
		status        int
		contentType   string
	}{
		{"", "*/*", 200, "application/json"},
		{"", "application/*", 200, "application/json"},
		{"", "text/csv", 200, "text/csv"},
		{"", "text/*", 200, "text/csv"},
		{"", "text/html, application/json;q=0.5", 200, "application/json"},
		{"", "application/json;q=0", 200, "application/json"},
		{"", "image/png", 406, ""},
		{"", "garbage", 400, ""},
		{"?accept=csv", "application/json", 200, "text/csv"},
		{"?accept=what", "image/png", 200, "application/json"},
		{"?accept=pdf", "*/*", 406, ""},
	} {
		got := w.call(t, "GET", "/v2/webhooks"+c.query, "", "", "Accept", c.accept)
		if got.status != c.status || got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s %s: %d %q", c.query, c.accept, got.status, got.header.Get("Content-Type"))
		}
	}
	csv := w.call(t, "GET", hooksPath+"?accept=csv", w.token(t, "customer"), "", "X-File-Name", `a"b.csv`)
	want := "\"ID\",\"hook\",\"name\",\"uri\",\"enabled\"\r\n\"" + seedHook + "\",\"channel_create\",\"seed\",\"http://127.0.0.1:18080/seed\",\"true\"\r\n"
	if csv.text != want || csv.header.Get("Content-Disposition") != `attachment; filename="a_b.csv"` {
		t.Errorf("%q %q", csv.text, csv.header.Get("Content-Disposition"))
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	for i := range 7 {
		body := fmt.Sprintf(`{"data":{"name":"h%d","uri":"http://example.org/","hook":"all","id":"b%d","group":"g%d"}}`, i, i, i%2)
		w.call(t, "PUT", hooksPath, token, body).want(t, http.StatusCreated)
	}
	for order, want := range map[string]string{
		"":                "ccccccccccccccccccccccccccccccc1 b6 b5 b4 b3 b2 b1 b0",
		"&ascending=true": "b0 b1 b2 b3 b4 b5 b6 ccccccccccccccccccccccccccccccc1",
	} {
		var seen []string
		next := ""
		for range 10 {
			got := w.call(t, "GET", hooksPath+"?page_size=3"+order+next, token, "").want(t, http.StatusOK)
			for _, row := range got.rows() {
				seen = append(seen, row.String("id"))
			}
			if !got.envelope.Has("next_start_key") {
				break
			}
			next = "&start_key=" + got.envelope.String("next_start_key")
		}
		if strings.Join(seen, " ") != want {
			t.Errorf("order %q: %v", order, seen)
		}
	}
	all := w.call(t, "GET", hooksPath+"?paginate=false&page_size=2", token, "").want(t, http.StatusOK)
	if len(all.rows()) != 8 || all.envelope.Has("page_size") || all.envelope.Has("start_key") {
		t.Errorf("unpaged %s", all.text)
	}
	literal := w.call(t, "GET", hooksPath+"?start_key=b2", token, "").want(t, http.StatusOK)
	if len(literal.rows()) != 3 {
		t.Errorf("from b2 %s", literal.text)
	}
	for query, message := range map[string]string{
		"page_size=0": "page size must be at least 1", "page_size=-5": "page size must be at least 1", "page_size=x": "invalid page size",
	} {
		got := w.call(t, "GET", hooksPath+"?"+query, token, "").want(t, http.StatusNotFound)
		if got.data().String("message") != message {
			t.Errorf("%s: %s", query, got.text)
		}
	}
	for query, want := range map[string]int{
		"filter_group=g1": 3, "filter_not_group=g1": 5, "filter_group=": 1, `filter_group=["g0","g1"]`: 7,
		"has_key=group": 7, "key_missing=group": 1, "has_value=pvt_account_db": 7, "filter_pvt_type=webhook": 8,
		"filter_id=b1": 0, "created_from=x": 0, "created_from=1": 8, "created_to=1": 0, "filter_enabled=true": 8,
		"filter_group=g1&filter_name=h1": 1, "FILTER_group=g1": 8, "filter_custom_data.a=": 8,
	} {
		got := w.call(t, "GET", hooksPath+"?"+query, token, "").want(t, http.StatusOK)
		if len(got.rows()) != want {
			t.Errorf("%s finds %d, want %d", query, len(got.rows()), want)
		}
	}
}

// A panic ends one request, not the process, and is told to the log.
func TestPanicsAreContained(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) {
		cfg.Tokens = panicking{}
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	got := w.call(t, "GET", "/v2/webhooks", "token-text", "").want(t, http.StatusInternalServerError)
	if got.envelope.String("status") != "error" {
		t.Errorf("answer %s", got.text)
	}
	if !strings.Contains(log.String(), "a request panicked") || strings.Contains(log.String(), "token-text") {
		t.Errorf("log %s", log.String())
	}
	w.call(t, "GET", "/v2/webhooks", "", "").want(t, http.StatusOK)
}

type panicking struct{}

func (panicking) Issue(context.Context, account.Claims) (string, error)  { panic("at issue") }  //nolint:forbidigo // the point of it
func (panicking) Verify(context.Context, string) (account.Claims, error) { panic("at verify") } //nolint:forbidigo // the point of it

func TestTheLogNamesNoToken(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) {
		cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	token := w.token(t, "customer")
	w.call(t, "GET", customerPath+"/user_auth/"+token+"?auth_token="+token, "", "")
	if strings.Contains(log.String(), token) || !strings.Contains(log.String(), "msg=rest") || !strings.Contains(log.String(), "status=") {
		t.Errorf("log %s", log.String())
	}
}

func FuzzRequest(f *testing.F) {
	w := newWorld(f, newKeys(), nil)
	token := w.token(f, "customer")
	for _, seed := range [][4]string{
		{"PUT", "/v2/accounts/" + customerID + "/webhooks", "application/json", `{"data":{"name":"h","uri":"http://example.org/","hook":"all"}}`},
		{"PATCH", "/v2/accounts/" + customerID + "/webhooks/" + seedHook, "application/x-www-form-urlencoded", `{"data":{"retries":"3.0"},"verb":"POST"}`},
		{"GET", "/v2/webhooks?filter_name=x&page_size=1&start_key=W10", "", ""},
		{"POST", "/v2/user_auth?verb=put", "multipart/mixed; boundary=x", "--x\r\nContent-Type: application/json\r\n\r\n{}\r\n--x--"},
		{"GET", "/v2/accounts/%zz", "garbage", "\xff\"\xfc"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, target, contentType, body string) {
		request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if err != nil || request.URL.Path == "" {
			return // no server would hand it on
		}
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("X-Auth-Token", token)
		recorder := &discarding{header: http.Header{}}
		w.handler.ServeHTTP(recorder, request)
		if recorder.status == http.StatusInternalServerError || recorder.status == http.StatusServiceUnavailable {
			t.Errorf("%s %s answers %d: %s", method, target, recorder.status, recorder.body.String())
		}
	})
}

type discarding struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) WriteHeader(status int)      { d.status = status }
func (d *discarding) Write(p []byte) (int, error) { return d.body.Write(p) }

func TestWhatAClientSendsComesBackAsText(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	got := w.call(t, "GET", "/v2/accounts/%ff", "\xfc", "", "X-Request-Id", "\xe4").want(t, http.StatusNotFound)
	if !utf8.ValidString(got.text) || got.data().String("message") == "" {
		t.Errorf("answer %q", got.text)
	}
}

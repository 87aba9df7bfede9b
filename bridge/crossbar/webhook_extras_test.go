package crossbar_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// secretNo is one of many secrets, each with a tail of its own.
func secretNo(n int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "a secret of 24 bytes: %02d", n))
}

func maskNo(n int) string { s := secretNo(n); return "whsec_***" + s[len(s)-4:] }

// extrasWorld watches that no answer to a client shows a secret.
type extrasWorld struct {
	*world
	t     *testing.T
	token string
}

func newExtrasWorld(t *testing.T) extrasWorld {
	t.Helper()
	w := newWorld(t, newKeys(), nil)
	return extrasWorld{w, t, w.token(t, "customer")}
}

func (w extrasWorld) ask(method, path, members string) reply {
	w.t.Helper()
	body := ""
	if method != http.MethodGet && method != http.MethodDelete {
		body = `{"data":{"name":"n","uri":"http://h.example/","hook":"channel_create"` + members + `}}`
	}
	got := w.call(w.t, method, path, w.token, body)
	for n := range 7 {
		if strings.Contains(got.text, secretNo(n)[6:]) || strings.Contains(fmt.Sprint(got.header), secretNo(n)[6:]) {
			w.t.Errorf("%s %s shows secret %d: %s", method, path, n, got.text)
		}
	}
	return got
}

// stored are the secrets that sign.
func (w extrasWorld) stored(id string) string {
	w.t.Helper()
	doc, err := w.store.Get(w.t.Context(), kapi.DatabaseWebhooks, id)
	if err != nil {
		w.t.Fatal(err)
	}
	value, _ := doc.Body.Get("pvt_signing_secrets")
	return string(jobj.Append(nil, value))
}

func quoted(texts ...string) string {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return string(jobj.Append(nil, list))
}

func shownSecrets(r reply) string {
	value, _ := r.data().Get("signing_secrets")
	return string(jobj.Append(nil, value))
}

func TestSecretsComeInAndAreShownMasked(t *testing.T) {
	g := NewWithT(t)
	w := newExtrasWorld(t)
	made := w.ask("PUT", hooksPath, `,"signing_secrets":`+quoted(secretNo(1), secretNo(2))).want(t, http.StatusCreated)
	id := made.data().String("id")
	path := hooksPath + "/" + id
	g.Expect(shownSecrets(made)).To(Equal(quoted(maskNo(1), maskNo(2))))
	g.Expect(w.stored(id)).To(Equal(quoted(secretNo(1), secretNo(2))))
	for _, c := range []struct {
		what, method, members string
		want                  []string
	}{
		{"a form that does not know them sends the rest", "POST", `,"retries":"3","custom_request_headers":{}`, []string{secretNo(1), secretNo(2)}},
		{"a client sends back what it was shown", "POST", `,"signing_secrets":` + quoted(maskNo(1), maskNo(2)), []string{secretNo(1), secretNo(2)}},
		{"a change of something else", "PATCH", `,"retries":1`, []string{secretNo(1), secretNo(2)}},
		{"one more, in front", "POST", `,"signing_secrets":` + quoted(secretNo(3), maskNo(1), maskNo(2)), []string{secretNo(3), secretNo(1), secretNo(2)}},
		{"the old ones go", "PATCH", `,"signing_secrets":` + quoted(maskNo(3)), []string{secretNo(3)}},
		{"none", "POST", `,"signing_secrets":[]`, nil},
		{"another", "PATCH", `,"signing_secrets":` + quoted(secretNo(4)), []string{secretNo(4)}},
		{"none, as a PATCH removes", "PATCH", `,"signing_secrets":null`, nil},
		{"a private member of that name is nobody's to send", "POST", `,"pvt_signing_secrets":` + quoted(secretNo(5)), nil},
	} {
		got := w.ask(c.method, path, c.members).want(t, http.StatusOK)
		seen := w.ask("GET", path, "").want(t, http.StatusOK)
		if c.want == nil {
			g.Expect(w.stored(id)).To(Equal("null"), c.what)
			g.Expect(got.data().Has("signing_secrets") || seen.data().Has("signing_secrets")).To(BeFalse(), c.what)
			continue
		}
		g.Expect(w.stored(id)).To(Equal(quoted(c.want...)), c.what)
		g.Expect(strings.Count(shownSecrets(seen), "***")).To(Equal(len(c.want)), c.what)
		g.Expect(shownSecrets(got)).To(Equal(shownSecrets(seen)), c.what)
	}
	w.ask("PATCH", path, `,"signing_secrets":`+quoted(secretNo(6))).want(t, http.StatusOK)
	for _, query := range []string{"", "?has_key=pvt_signing_secrets", "?filter_pvt_signing_secrets=" + secretNo(6), "?has_value=pvt_signing_secrets"} {
		w.ask("GET", hooksPath+query, "").want(t, http.StatusOK)
	}
	w.ask("DELETE", path, "").want(t, http.StatusOK)
}

func TestExtrasThatAreRefused(t *testing.T) {
	w := newExtrasWorld(t)
	made := w.ask("PUT", hooksPath, `,"signing_secrets":`+quoted(secretNo(1))).want(t, http.StatusCreated)
	long := strings.Repeat("v", 4096)
	for _, c := range []struct{ members, path, says string }{
		{`,"signing_secrets":"` + secretNo(2) + `"`, "signing_secrets", "array"},
		{`,"signing_secrets":{}`, "signing_secrets", "array"},
		{`,"signing_secrets":[5]`, "signing_secrets.0", "begins with whsec_"},
		{`,"signing_secrets":["secret"]`, "signing_secrets.0", "begins with whsec_"},
		{`,"signing_secrets":["whsec_AAAA"]`, "signing_secrets.0", "24 to 64 bytes"},
		{`,"signing_secrets":["whsec_?"]`, "signing_secrets.0", "base64"},
		{`,"signing_secrets":` + quoted(secretNo(2), secretNo(2)), "signing_secrets.1", "there twice"},
		{`,"signing_secrets":` + quoted(maskNo(2)), "signing_secrets.0", "send the secret itself"},
		{`,"signing_secrets":` + quoted(secretNo(1), secretNo(2), secretNo(3), secretNo(4), secretNo(5), secretNo(6)), "signing_secrets", "more than 5"},
		{`,"retry_on_status":"perhaps"`, "retry_on_status", "boolean"},
		{`,"retry_on_status":{"max":3}`, "retry_on_status", "boolean"},
		{`,"custom_request_headers":[]`, "custom_request_headers", "object"},
		{`,"custom_request_headers":{"X-A":1}`, "custom_request_headers.X-A", "string"},
		{`,"custom_request_headers":{"X-A":null}`, "custom_request_headers.X-A", "string"},
		{`,"custom_request_headers":{"":"v"}`, "custom_request_headers", "a name has letters"},
		{`,"custom_request_headers":{"X A":"v"}`, "custom_request_headers.X A", "a name has letters"},
		{`,"custom_request_headers":{"X.A\r\nX-B":"v"}`, "custom_request_headers.X%2EA\r\nX-B", "a name has letters"},
		{`,"custom_request_headers":{"X-A":"v\r\nX-B: w"}`, "custom_request_headers.X-A", "printable ASCII"},
		{`,"custom_request_headers":{"X-A":"é"}`, "custom_request_headers.X-A", "printable ASCII"},
		{`,"custom_request_headers":{"X-A":"1","x-a":"2"}`, "custom_request_headers.x-a", "is there twice"},
		{`,"custom_request_headers":{"Host":"internal"}`, "custom_request_headers.Host", "set by the sender"},
		{`,"custom_request_headers":{"Transfer-Encoding":"chunked"}`, "custom_request_headers.Transfer-Encoding", "set by the sender"},
		{`,"custom_request_headers":{"X-Account-ID":"` + siblingID + `"}`, "custom_request_headers.X-Account-ID", "set by the sender"},
		{`,"custom_request_headers":{"X-A":"` + long + `"}`, "custom_request_headers", "4096 bytes"},
	} {
		for method, path := range map[string]string{"PUT": hooksPath, "POST": hooksPath + "/" + made.data().String("id")} {
			got := w.ask(method, path, c.members).want(t, http.StatusBadRequest)
			found, _ := got.data().Get(c.path)
			if text := string(jobj.Append(nil, found)); !strings.Contains(text, c.says) {
				t.Errorf("%s %s answers %s, want %q at %s", method, c.members, got.text, c.says, c.path)
			}
		}
	}
	twice := w.ask("PATCH", hooksPath+"/"+made.data().String("id"), `,"signing_secrets":`+quoted(maskNo(1), secretNo(1))).want(t, http.StatusBadRequest)
	if twice.data().Object("signing_secrets.1") == nil {
		t.Errorf("a secret and its mask: %s", twice.text)
	}
	if w.stored(made.data().String("id")) != quoted(secretNo(1)) {
		t.Error("a refused change was stored")
	}
}

// What Monster UI sends with every hook, and what the talk sends, changes nothing.
func TestAHookWithoutExtrasIsStoredAsEver(t *testing.T) {
	g := NewWithT(t)
	w := newExtrasWorld(t)
	made := w.ask("PUT", hooksPath, `,"custom_request_headers":{},"custom_data":{}`).want(t, http.StatusCreated)
	g.Expect(made.data().Has("signing_secrets")).To(BeFalse())
	g.Expect(made.data().Has("retry_on_status")).To(BeFalse())
	g.Expect(made.data().Object("custom_request_headers")).To(BeEmpty())
	kept := w.ask("PUT", hooksPath, `,"retry_on_status":"true","custom_request_headers":{"X-Tenant":"acme","Authorization":"Bearer t"}`).
		want(t, http.StatusCreated)
	seen := w.ask("GET", hooksPath+"/"+kept.data().String("id"), "").want(t, http.StatusOK)
	g.Expect(seen.data().Object("custom_request_headers")).To(HaveLen(2))
	g.Expect(seen.data().Bool(false, "retry_on_status")).To(BeTrue())
}

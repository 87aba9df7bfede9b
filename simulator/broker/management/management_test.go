package management_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/management"
)

// ask makes a request as guest of this machine.
func ask(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.RemoteAddr = "127.0.0.1:1"
	r.SetBasicAuth("guest", "guest")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestNamesInAPathMayHoldAnything(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	h := management.Handler(broker.New(broker.Config{Clock: clock.System(), IDs: ids.New()}))
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/api/overview", http.StatusOK},
		{http.MethodGet, "/api/queues/%2F", http.StatusOK},
		{http.MethodGet, "/api/queues/%2f", http.StatusOK},
		{http.MethodGet, "/api/vhosts/%2F/connections", http.StatusOK},
		{http.MethodGet, "/api/queues/%2F/none", http.StatusNotFound},
		{http.MethodGet, "/api/queues/none", http.StatusNotFound},
		{http.MethodPut, "/api/vhosts/a%2Fb%25c%20d", http.StatusCreated},
		{http.MethodPut, "/api/vhosts/a%2Fb%25c%20d", http.StatusNoContent},
		{http.MethodGet, "/api/exchanges/a%2Fb%25c%20d", http.StatusOK},
		{http.MethodDelete, "/api/connections/127.0.0.1:1%20-%3E%20127.0.0.1:2", http.StatusNotFound},
	} {
		g.Expect(ask(t, h, c.method, c.path).Code).To(gomega.Equal(c.status), "%s %s", c.method, c.path)
		if c.method == http.MethodGet {
			g.Expect(ask(t, h, c.method, c.path+"/").Code).To(gomega.Equal(c.status), "%s %s/", c.method, c.path)
		}
	}
	var v struct{ Name string }
	g.Expect(json.Unmarshal(ask(t, h, http.MethodGet, "/api/vhosts/a%2Fb%25c%20d").Body.Bytes(), &v)).To(gomega.Succeed())
	g.Expect(v.Name).To(gomega.Equal("a/b%c d"))
	g.Expect(ask(t, h, http.MethodDelete, "/api/vhosts/a%2Fb%25c%20d").Code).To(gomega.Equal(http.StatusNoContent))
}

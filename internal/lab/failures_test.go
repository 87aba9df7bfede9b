package lab_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// attempt is a failed try for an event, with a member that says what it was.
func attempt(hook string, n int, key, value string) store.Attempt {
	return store.Attempt{AccountID: "a", HookID: hook, Created: 1, CreatedAt: time.Unix(int64(n), 0), Body: jobj.Object{
		{Key: key, Value: value},
		{Key: "req_body", Value: []any{[]any{"call_id", fmt.Sprintf("labevent-%09d", n)}}},
	}}
}

func TestOnlyFinalFailuresCount(t *testing.T) {
	g := NewWithT(t)
	s, err := lab.OpenStore(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "s.db"))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { g.Expect(s.Close()).To(Succeed()) }()
	attempts := []store.Attempt{
		attempt("h", 1, "retries_left", "retries exceeded"),
		attempt("h", 2, "resp_status_code", "500"),
		attempt("h", 3, "client_error", "econnrefused"), // another try follows
		attempt("other", 4, "resp_status_code", "500"),
	}
	success := attempt("h", 5, "resp_status_code", "200")
	success.Success = true
	for n := range 4500 { // more than two pages
		attempts = append(attempts, attempt("h", 100+n, "retries_left", "retries exceeded"))
	}
	g.Expect(s.AddAttempts(t.Context(), append(attempts, success))).To(Succeed())
	failed, err := lab.Failures(t.Context(), s, "a", "h", 10_000)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(failed.Len()).To(Equal(4502))
	g.Expect([]bool{failed.Has(1), failed.Has(2), failed.Has(3), failed.Has(4), failed.Has(5), failed.Has(4599)}).
		To(Equal([]bool{true, true, false, false, false, true}))
}

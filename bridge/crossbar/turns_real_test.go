//go:build real

package crossbar_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Two nodes on one PostgreSQL are asked for the same name at the same moment: one of
// them makes it, each time.
func TestTwoNodesAcceptANameOnce(t *testing.T) {
	var config crossbar.Config
	one := newWorld(t, newKeys(), func(cfg *crossbar.Config) { config = *cfg })
	g := NewWithT(t)
	db, err := store.Open(t.Context(), one.address, store.Options{Clock: one.clock, IDs: ids.Seeded("other"), Log: slog.New(slog.DiscardHandler)})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(db.Close()).To(Succeed()) })
	other := &world{store: db, clock: one.clock, tokens: one.tokens, changes: one.changes, bus: one.bus}
	config.Store, config.IDs = db, ids.Seeded("other node")
	other.handler, err = crossbar.New(config)
	g.Expect(err).NotTo(HaveOccurred())

	token := one.token(t, "master")
	for what, path := range map[string]string{"name": "/v2/accounts/" + masterID, "username": customerPath + "/users"} {
		for i := range 20 {
			body := fmt.Sprintf(`{"data":{"name":"Twin %d"}}`, i)
			if what == "username" {
				body = fmt.Sprintf(`{"data":{"username":"twin%d","password":"secret-%[1]d","first_name":"Twin","last_name":"One"}}`, i)
			}
			var answers [2]reply
			var asking sync.WaitGroup
			for node, w := range []*world{one, other} {
				asking.Go(func() { answers[node] = w.call(t, "PUT", path, token, body) })
			}
			asking.Wait()
			statuses := []int{answers[0].status, answers[1].status}
			slices.Sort(statuses)
			g.Expect(statuses).To(Equal([]int{http.StatusCreated, http.StatusBadRequest}), "%s: %v, %v", body, answers[0].data(), answers[1].data())
		}
	}
}

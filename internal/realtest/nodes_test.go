//go:build real

package realtest_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	. "github.com/onsi/gomega"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"

	metrics "github.com/kazoolab/kazoolab/internal/lab"
)

// twoNodes runs the image twice on one PostgreSQL. Each part goes on where the one
// before it ended.
func twoNodes(t *testing.T, lab *lab, broker string) {
	t.Helper()
	database := lab.database(t)
	settings := map[string]string{
		"KAZOOLAB_AMQP_URL":               broker,
		"KAZOOLAB_STORE":                  "postgres://" + account + ":" + account + "@" + databaseName + ":5432/" + account,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME": "Containers",
		"KAZOOLAB_BOOTSTRAP_API_KEY":      apiKey(),
	}
	first, second := lab.nodes(t, settings)
	var in login

	t.Run("that start at once on an empty database make one account, and share it", func(t *testing.T) {
		g := NewWithT(t)
		made := strings.Count(logOf(first), "first account made") + strings.Count(logOf(second), "first account made")
		g.Expect(made).To(Equal(1))
		in = logIn(t, first)
		status, body := get(t, second, "/v2/accounts/"+in.Data.AccountID, in.AuthToken)
		g.Expect(status).To(Equal(http.StatusOK), body)
	})

	t.Run("deliver to a hook that was made at one of them, through either", func(t *testing.T) {
		g := NewWithT(t)
		makeHook(t, first, in)
		const calls = 40
		receiver := lab.receiver(t, calls, "200")
		lab.call(t, in.Data.AccountID, broker, calls)
		awaitExit(t, receiver)
		one, other := delivered(t, first), delivered(t, second)
		g.Expect(one).To(BeNumerically(">", 0), "by the first node; the second: %v", other)
		g.Expect(other).To(BeNumerically(">", 0), "by the second node; the first: %v", one)
		g.Expect(one + other).To(BeNumerically(">=", calls))
	})

	t.Run("are not ready while PostgreSQL stands still, and say so", func(t *testing.T) {
		g := NewWithT(t)
		engine, err := testcontainers.NewDockerClientWithOpts(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = engine.Close() }()
		_, err = engine.ContainerPause(t.Context(), database.GetContainerID(), client.ContainerPauseOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		ready := func() (int, string) { return get(t, second, "/readyz", "") }
		g.Eventually(t.Context(), func(g Gomega) {
			status, body := ready()
			g.Expect(status).To(Equal(http.StatusServiceUnavailable))
			g.Expect(body).To(ContainSubstring("the store does not answer"))
		}).WithTimeout(readyLimit).WithPolling(time.Second).Should(Succeed())
		_, err = engine.ContainerUnpause(t.Context(), database.GetContainerID(), client.ContainerUnpauseOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Eventually(t.Context(), func(g Gomega) {
			status, body := ready()
			g.Expect(status).To(Equal(http.StatusOK), body)
		}).WithTimeout(readyLimit).WithPolling(time.Second).Should(Succeed())
	})

	t.Run("lose nothing when one is stopped amid deliveries, and the other goes on", func(t *testing.T) {
		g := NewWithT(t)
		const calls = 20
		receiver := lab.receiver(t, calls, "slow:3s")
		lab.call(t, in.Data.AccountID, broker, calls)
		g.Expect(stop(t, first)).To(Equal(0), logOf(first))
		awaitExit(t, receiver)

		receiver = lab.receiver(t, calls, "200")
		lab.call(t, in.Data.AccountID, broker, calls)
		awaitExit(t, receiver)
	})

	t.Run("leave a database alone that a later version has changed", func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(stop(t, second)).To(Equal(0), logOf(second))
		code, _, err := database.Exec(t.Context(), []string{
			"psql", "-U", account, "-c", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)",
		}, exec.WithUser("postgres"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(code).To(Equal(0))
		late := maps.Clone(settings)
		late["KAZOOLAB_LOG_FORMAT"] = "json"
		node := lab.run(t, "bridge3", image, testcontainers.WithEnv(late),
			testcontainers.WithWaitStrategy(wait.ForExit().WithExitTimeout(readyLimit)))
		g.Expect(exitCode(t, node)).To(Equal(1))
		g.Expect(logOf(node)).To(And(
			ContainSubstring("database schema is newer than this program"),
			ContainSubstring("it has version 999"),
		))
	})
}

// delivered is how many requests a node has made.
func delivered(t *testing.T, node *testcontainers.DockerContainer) float64 {
	t.Helper()
	_, text := get(t, node, "/metrics", "")
	figures, err := metrics.ParseMetrics([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return figures.Sum("kazoolab_webhook_tries_total")
}

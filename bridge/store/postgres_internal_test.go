package store

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAddressesOfPostgres(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://user:hunter2@host/database",
		"postgresql://user@host:5433,other:5434/database?target_session_attrs=read-write",
		"postgres:///database?host=/var/run/postgresql",
		"postgres://user:hun%2Fter2@[::1]:5432/database?sslmode=verify-full&connect_timeout=3",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			config, err := postgresConfig(address)
			g.Expect(err).NotTo(HaveOccurred())
			limit := connectLimit
			if strings.Contains(address, "connect_timeout") {
				limit = 3 * time.Second
			}
			g.Expect(config.ConnectTimeout).To(Equal(limit))
			g.Expect(config.RuntimeParams).To(HaveKeyWithValue("application_name", "kazoolab"))
		})
	}
}

func TestBadAddressesOfPostgresAreSaidWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres:",
		"postgres://",
		"postgres:///database",
		"postgres://user:hunter2@/database",
		"postgres://user:hunter2/x@host/database", // a slash that is to be %2F
		"postgres://user:hunter2@host:port/database",
		"postgres://user:hunter2@host:70000/database",
		"postgres://user:hunter2%zz@host/database",
		"postgres://user:hunter2@host/database?sslmode=sure",
		"postgres://user:hunter2@host/database?connect_timeout=soon",
		"postgres://user:hunter2@host/database?target_session_attrs=best",
		"postgres://user@host/database?password=hunter2&sslmode=sure",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := Open(t.Context(), address, Options{})
			g.Expect(err).To(MatchError(ContainSubstring("want postgres://user:password@host:5432/database")))
			g.Expect(err).NotTo(MatchError(ContainSubstring("hunter")))
		})
	}
}

// Nothing listens on port 1 of this machine.
func TestAPostgresThatDoesNotAnswerIsWaitedForAndGivenUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var log strings.Builder
	dialect := postgresDialect(slog.New(slog.NewTextHandler(&log, nil)), time.Second)
	_, err := openWith(t.Context(), dialect, "postgres://user:hunter2@127.0.0.1:1/database?sslmode=disable", Options{})
	g.Expect(err).To(MatchError(And(ContainSubstring("127.0.0.1:1 has not answered for 1s"), MatchRegexp("refused|timeout"))))
	g.Expect(strings.Count(log.String(), "waiting for PostgreSQL")).To(Equal(1), log.String())
	g.Expect(log.String() + err.Error()).NotTo(ContainSubstring("hunter2"))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = openWith(ctx, dialect, "postgres://127.0.0.1:1/database", Options{})
	g.Expect(err).To(MatchError(context.Canceled))
}

func TestWhatTheAddressSetsIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	config, err := postgresConfig("postgres://host/database?idle_in_transaction_session_timeout=5s")
	g.Expect(err).NotTo(HaveOccurred())
	settings := sessionSettings(config, "default_transaction_read_only", "on")
	g.Expect(settings).To(And(ContainSubstring("SET tcp_user_timeout TO '30s';"), ContainSubstring("read_only TO on;")))
	g.Expect(settings).NotTo(ContainSubstring("idle_in_transaction"))
}

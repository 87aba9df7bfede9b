//go:build real

package cli_test

import (
	"net/url"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/postgres"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

func TestBridgeWaitsForItsPostgres(t *testing.T) {
	g := gomega.NewWithT(t)
	server, err := postgres.Start(t.Context(), postgres.Options{})
	g.Expect(err).NotTo(gomega.HaveOccurred())
	t.Cleanup(func() { g.Expect(server.Stop()).To(gomega.Succeed()) })
	g.Expect(server.Halt(t.Context())).To(gomega.Succeed())

	p := prepare(t, "bridge", "--store", server.URL(), "--amqp-url", "amqp://127.0.0.1:1/", "--rest-listen", "127.0.0.1:0").start()
	g.Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(gomega.ContainSubstring("waiting for PostgreSQL"))
	g.Expect(server.Restart(t.Context())).To(gomega.Succeed())
	g.Eventually(t.Context(), p.stderr.String).WithTimeout(eventually).Should(gomega.ContainSubstring("bridge starts"))
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
	u, err := url.Parse(server.URL())
	g.Expect(err).NotTo(gomega.HaveOccurred())
	password, _ := u.User.Password()
	g.Expect(p.stderr.String()).NotTo(gomega.ContainSubstring(password))
}

func TestBridgeSaysWhyPostgresRefusesIt(t *testing.T) {
	u, err := url.Parse(postgrestest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/nowhere"
	run(t, "bridge", "--store", u.String(), "--rest-listen", "127.0.0.1:0").
		expect(cli.ExitUnreachable, `database "nowhere" does not exist`, "store is postgres://"+u.User.Username()+":***@")
}

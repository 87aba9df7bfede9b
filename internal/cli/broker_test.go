package cli_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// served is what broker prints as JSON.
type served struct{ AMQP, Management string }

// serving runs the broker command on free ports until it says that it serves.
func serving(t *testing.T, args ...string) (*program, served) {
	t.Helper()
	p := prepare(t, append([]string{"broker", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "-o", "json"}, args...)...).start()
	var s served
	gomega.NewWithT(t).Eventually(t.Context(), func() error {
		return json.Unmarshal([]byte(p.stdout.String()), &s)
	}).WithTimeout(eventually).Should(gomega.Succeed(), func() string { return p.stderr.String() })
	return p, s
}

func TestBrokerServesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	p, s := serving(t)
	conn, err := amqp.Dial(s.AMQP)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	defer func() { _ = conn.Close() }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Management+"/api/overview", http.NoBody)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	req.SetBasicAuth("guest", "guest")
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	defer res.Body.Close()
	g.Expect(res.StatusCode).To(gomega.Equal(http.StatusOK))

	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	p.end(cli.ErrInterrupted)
	p.expect(cli.ExitInterrupted)
	g.Eventually(closed).WithTimeout(eventually).Should(gomega.Receive(gomega.HaveField("Code", amqp.ConnectionForced)))
	_, err = amqp.Dial(s.AMQP)
	g.Expect(err).To(gomega.HaveOccurred())
}

func TestBrokerTakesUsersAndVirtualHosts(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	p, s := serving(t, "--user", "alice:secret", "--user", "bob:hunter2", "--vhost", "first one", "--vhost", "other", "--http", "")
	g.Expect(s.AMQP).To(gomega.MatchRegexp(`^amqp://alice@127\.0\.0\.1:\d+/first%20one$`))
	g.Expect(s.Management).To(gomega.BeEmpty())
	host := strings.TrimSuffix(strings.TrimPrefix(s.AMQP, "amqp://alice@"), "/first%20one")
	for login, refusal := range map[string]string{
		"alice:secret@" + host + "/first%20one": "",
		"bob:hunter2@" + host + "/other":        "",
		"bob:secret@" + host + "/other":         "username or password",
		"guest:guest@" + host + "/other":        "username or password",
		"alice:secret@" + host + "/":            "vhost",
	} {
		conn, err := amqp.Dial("amqp://" + login)
		if refusal != "" {
			g.Expect(err).To(gomega.MatchError(gomega.ContainSubstring(refusal)), login)
			continue
		}
		g.Expect(err).NotTo(gomega.HaveOccurred(), login)
		g.Expect(conn.Close()).To(gomega.Succeed())
	}
	p.end(cli.ErrTerminated)
	p.expect(cli.ExitOK)
	g.Expect(p.stdout.String() + p.stderr.String()).NotTo(gomega.Or(gomega.ContainSubstring("secret"), gomega.ContainSubstring("hunter2")))
}

func TestBrokerSaysWhichPortIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().String()
	run(t, "broker", "--listen", taken).expect(cli.ExitFailed, taken, "in use", "--listen")
	run(t, "broker", "--listen", "127.0.0.1:0", "--http", taken).expect(cli.ExitFailed, taken, "in use", "--http ''")
}

func TestBrokerWarnsWhenOnlyThisMachineCanLogIn(t *testing.T) {
	t.Parallel()
	g := gomega.NewWithT(t)
	const warning = "nobody can log in from another machine"
	open, _ := serving(t, "--listen", "0.0.0.0:0")
	g.Expect(open.stderr.String()).To(gomega.And(gomega.ContainSubstring(warning), gomega.ContainSubstring("--user")))
	for _, args := range [][]string{{"--user", "alice:secret", "--listen", "0.0.0.0:0"}, {}} {
		p, _ := serving(t, args...)
		g.Expect(p.stderr.String()).NotTo(gomega.ContainSubstring(warning), "%q", args)
	}
}

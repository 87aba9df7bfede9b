//go:build real

package program_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// A bridge as operators run it: on RabbitMQ and PostgreSQL, without a clock that could be put
// forward, so that the minutes of auto-disabling pass.
func TestABridgeOnRealServersIsCertified(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	source := ids.New()
	ports, err := daemon.FreePorts(2, source)
	g.Expect(err).NotTo(HaveOccurred())
	rest, sockets, key := daemon.Address(ports[0]), daemon.Address(ports[1]), source.Hex(64)
	broker := brokertest.New(t)
	bridge := commandFor(t, 10*time.Minute, "bridge", "--store", postgrestest.New(t), "--amqp-url", broker.URL, "--rest-listen", rest,
		"--websockets-listen", sockets, "--dialect", "5.0", "--allow-loopback-targets")
	bridge.Env = append(bridge.Env, "KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME=Acme", "KAZOOLAB_BOOTSTRAP_API_KEY="+key)
	g.Expect(bridge.Start()).To(Succeed())
	t.Cleanup(func() {
		if err := bridge.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		_ = bridge.Wait() // it says that it was interrupted
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	g.Eventually(t.Context(), func() (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+rest+"/readyz", http.NoBody)
		if err != nil {
			return 0, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}).WithTimeout(time.Minute).Should(Equal(http.StatusOK), bridge.stderr.String)

	management, err := url.Parse(broker.ManagementURL(t))
	g.Expect(err).NotTo(HaveOccurred())
	management.User = nil // whom the broker's own URL names is let in
	path, out := filepath.Join(t.TempDir(), "bridge.yaml"), t.TempDir()
	text := strings.Join([]string{
		"name: bridge", "rest: http://" + rest, "sockets: ws://" + sockets, "amqp: " + broker.URL, "management: " + management.String(),
		"credentials: {api_key: {env: ACCOUNT_KEY}}", "features: {switch: off, one-node: on}", "timeouts: {run: 9m}", "",
	}, "\n")
	g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	p := commandFor(t, 10*time.Minute, "certify", "--profile", path, "--skip", "WAIT-001", "--out", out)
	p.Env = append(p.Env, "ACCOUNT_KEY="+key)
	g.Expect(code(p.Run())).To(BeZero(), "%s\n%s", &p.stderr, &p.stdout)
	c := read(t, out)
	g.Expect(c.Totals.Pass).To(BeNumerically(">", 900))
	g.Expect(c.Totals.Fail).To(BeZero())
}

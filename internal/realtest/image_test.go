//go:build real

package realtest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// TestTheImage builds the image and runs it in all its parts, beside one RabbitMQ: the
// servers take longest to start.
func TestTheImage(t *testing.T) {
	lab := newLab(t)
	broker := lab.broker(t)
	// A node on a file first: it has ended when others take from the same queue.
	t.Run("alone", func(t *testing.T) { aloneOnAFile(t, lab, broker) })
	t.Run("two nodes", func(t *testing.T) { twoNodes(t, lab, broker) })
}

// aloneOnAFile runs the image as the bridge, as the receiver and as the one who makes
// the call.
func aloneOnAFile(t *testing.T, lab *lab, broker string) {
	t.Helper()
	bridge := lab.bridge(t, map[string]string{
		"KAZOOLAB_AMQP_URL":               broker,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME": "Containers",
		"KAZOOLAB_BOOTSTRAP_API_KEY":      apiKey(),
	})

	// It is healthy, or bridge would have failed: connected, bound, store open.
	if status, _ := get(t, bridge, "/v2/webhooks", ""); status != http.StatusOK {
		t.Errorf("GET /v2/webhooks: %d", status)
	}
	state, err := bridge.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if user := state.Config.User; user != "65532:65532" {
		t.Errorf("runs as %q", user)
	}

	in := logIn(t, bridge)
	makeHook(t, bridge, in)
	receiver := lab.receiver(t, 1, "200")
	lab.call(t, in.Data.AccountID, broker, 1)
	awaitExit(t, receiver)
	if log := logOf(receiver); !strings.Contains(log, "channel_create") {
		t.Errorf("the receiver got\n%s", log)
	}
	if ended := stop(t, bridge); ended != 0 {
		t.Errorf("docker stop ended it with code %d\n%s", ended, logOf(bridge))
	}
}

// get asks the container and returns the status and the answer.
func get(t *testing.T, container *testcontainers.DockerContainer, path, token string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	url := "http://" + published(t, container) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	var client http.Client
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// published is where the container's port 8000 is reached from here. The engine
// may be this machine's own, or the one that this test's container runs on; the
// library tells them apart by a file that some machines have for other reasons.
func published(t *testing.T, container *testcontainers.DockerContainer) string {
	t.Helper()
	host, err := container.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	port, err := container.MappedPort(t.Context(), "8000/tcp")
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for _, host := range []string{"127.0.0.1", host} {
		address := net.JoinHostPort(host, port.Port())
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			return address
		}
	}
	t.Fatalf("port 8000 of the container answers neither on this machine nor on %s", host)
	return ""
}

// stop ends the container as an operator would, and returns its exit code.
func stop(t *testing.T, container *testcontainers.DockerContainer) int {
	t.Helper()
	patience := 40 * time.Second // more than the bridge's drain timeout
	if err := container.Stop(t.Context(), &patience); err != nil {
		t.Fatal(err)
	}
	return exitCode(t, container)
}

func exitCode(t *testing.T, container *testcontainers.DockerContainer) int {
	t.Helper()
	state, err := container.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state.ExitCode
}

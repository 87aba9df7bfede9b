//go:build real

package realtest_test

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"
	"golang.org/x/sync/errgroup"
)

// limits are how long each thing may take on a slow machine that has nothing cached.
const (
	buildLimit  = 15 * time.Minute
	serverLimit = 3 * time.Minute
	readyLimit  = 2 * time.Minute
)

// What the containers call each other, and who they log in as.
const (
	brokerName   = "rabbitmq"
	databaseName = "postgres"
	account      = "kazoolab"
	image        = "kazoolab:test" // what lab.bridge has built
)

// lab is a network of containers that ends with the test.
type lab struct {
	network *testcontainers.DockerNetwork
}

// newLab makes sure that there is a container engine at all.
func newLab(t *testing.T) *lab {
	t.Helper()
	engine, err := testcontainers.NewDockerProvider()
	if err == nil {
		err = engine.Health(t.Context())
	}
	if err != nil {
		t.Fatalf("no container engine answers: start Docker, or point DOCKER_HOST at one: %v", err)
	}
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
	nw, err := network.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testcontainers.CleanupNetwork(t, nw)
	return &lab{network: nw}
}

// run starts a container of an image, or of the one that the options say how to
// build, and returns when the image's own condition holds.
func (l *lab) run(t *testing.T, name, image string, options ...testcontainers.ContainerCustomizer) *testcontainers.DockerContainer {
	t.Helper()
	container, err := l.start(t, name, image, options...)
	if err != nil {
		t.Fatal(err)
	}
	return container
}

// start is run for any goroutine.
func (l *lab) start(t *testing.T, name, image string, options ...testcontainers.ContainerCustomizer) (*testcontainers.DockerContainer, error) {
	t.Helper()
	options = append(options, network.WithNetwork([]string{name}, l.network))
	container, err := testcontainers.Run(t.Context(), image, options...)
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		return nil, fmt.Errorf("container %s: %w\n%s", name, err, logOf(container))
	}
	return container, nil
}

// broker runs RabbitMQ and returns the URL that the lab's other containers use.
func (l *lab) broker(t *testing.T) string {
	t.Helper()
	l.run(t, brokerName, "rabbitmq:4-management",
		testcontainers.WithEnv(map[string]string{"RABBITMQ_DEFAULT_USER": account, "RABBITMQ_DEFAULT_PASS": account}),
		testcontainers.WithWaitStrategyAndDeadline(serverLimit,
			wait.ForExec([]string{"rabbitmq-diagnostics", "-q", "check_port_connectivity"}).WithPollInterval(time.Second)),
	)
	return "amqp://" + account + ":" + account + "@" + brokerName + ":5672/"
}

// database runs PostgreSQL.
func (l *lab) database(t *testing.T) *testcontainers.DockerContainer {
	t.Helper()
	return l.run(t, databaseName, "postgres:17",
		testcontainers.WithEnv(map[string]string{"POSTGRES_USER": account, "POSTGRES_PASSWORD": account}),
		// By TCP: while the database is made, the server listens on its socket alone.
		testcontainers.WithWaitStrategyAndDeadline(serverLimit,
			wait.ForExec([]string{"pg_isready", "-q", "-h", "127.0.0.1", "-U", account}).WithPollInterval(time.Second)),
	)
}

// bridge builds the project's image and runs it until its HEALTHCHECK is content.
// The settings are environment variables.
func (l *lab) bridge(t *testing.T, settings map[string]string) *testcontainers.DockerContainer {
	t.Helper()
	proxy := goProxy(t)
	return l.run(t, "bridge", "",
		testcontainers.WithDockerfile(testcontainers.FromDockerfile{
			Context:   "../..",
			Repo:      "kazoolab",
			Tag:       "test",
			BuildArgs: map[string]*string{"GOPROXY": &proxy},
			KeepImage: true, // its layers make the next build a short one
		}),
		testcontainers.WithEnv(settings),
		testcontainers.WithExposedPorts("8000/tcp"),
		testcontainers.WithWaitStrategyAndDeadline(buildLimit, wait.ForHealthCheck().WithStartupTimeout(readyLimit)),
	)
}

// nodes runs two bridges of the image at once, with the same settings.
func (l *lab) nodes(t *testing.T, settings map[string]string) (first, second *testcontainers.DockerContainer) {
	t.Helper()
	var both errgroup.Group
	start := func(name string, node **testcontainers.DockerContainer) {
		both.Go(func() (err error) {
			*node, err = l.start(t, name, image,
				testcontainers.WithEnv(settings),
				testcontainers.WithExposedPorts("8000/tcp"),
				testcontainers.WithWaitStrategyAndDeadline(readyLimit, wait.ForHealthCheck().WithStartupTimeout(readyLimit)))
			return err
		})
	}
	start("bridge1", &first)
	start("bridge2", &second)
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	return first, second
}

// receiver runs a receiver that ends when so many requests have come.
func (l *lab) receiver(t *testing.T, requests int, answer string) *testcontainers.DockerContainer {
	t.Helper()
	return l.run(t, "receiver", image,
		testcontainers.WithCmd("listen", "--addr", "0.0.0.0:8099", "--count", strconv.Itoa(requests), "--answer", answer),
		testcontainers.WithWaitStrategy(wait.ForLog("listening on").WithStartupTimeout(readyLimit)))
}

// receiverURL is where hooks reach it.
const receiverURL = "http://receiver:8099/"

// call makes calls of an account, and returns when the broker has confirmed them all.
func (l *lab) call(t *testing.T, accountID, broker string, calls int) {
	t.Helper()
	caller := l.run(t, "caller", image,
		testcontainers.WithCmd("trigger", "channel_create", "--account", accountID, "--amqp-url", broker,
			"--count", strconv.Itoa(calls), "--timeout", "30s"),
		testcontainers.WithWaitStrategy(wait.ForExit().WithExitTimeout(readyLimit)))
	if code := exitCode(t, caller); code != 0 {
		t.Fatalf("the caller ended with code %d\n%s", code, logOf(caller))
	}
}

// awaitExit waits for a container to end.
func awaitExit(t *testing.T, container *testcontainers.DockerContainer) {
	t.Helper()
	if err := wait.ForExit().WithExitTimeout(readyLimit).WaitUntilReady(t.Context(), container); err != nil {
		t.Fatalf("waits still: %v\n%s", err, logOf(container))
	}
}

// goProxy is where this machine takes modules from; the image is built from there, too.
func goProxy(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// logOf is what a container said, for the message of a failure.
func logOf(container *testcontainers.DockerContainer) string {
	if container == nil {
		return ""
	}
	// The test's own context may have ended already.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reader, err := container.Logs(ctx)
	if err != nil {
		return err.Error()
	}
	defer reader.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, reader); err != nil {
		return err.Error()
	}
	return text.String()
}

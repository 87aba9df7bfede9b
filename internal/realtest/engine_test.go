//go:build real

package realtest_test

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"
)

// limits are how long each thing may take on a slow machine that has nothing cached.
const (
	buildLimit  = 15 * time.Minute
	brokerLimit = 2 * time.Minute
	readyLimit  = time.Minute
)

// What the containers call each other.
const (
	brokerName = "rabbitmq"
	account    = "kazoolab"
	image      = "kazoolab:test" // what lab.bridge has built
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
	options = append(options, network.WithNetwork([]string{name}, l.network))
	container, err := testcontainers.Run(t.Context(), image, options...)
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		t.Fatalf("container %s: %v\n%s", name, err, logOf(container))
	}
	return container
}

// broker runs RabbitMQ and returns the URL that the lab's other containers use.
func (l *lab) broker(t *testing.T) string {
	t.Helper()
	l.run(t, brokerName, "rabbitmq:4-management",
		testcontainers.WithEnv(map[string]string{"RABBITMQ_DEFAULT_USER": account, "RABBITMQ_DEFAULT_PASS": account}),
		testcontainers.WithWaitStrategyAndDeadline(brokerLimit,
			wait.ForExec([]string{"rabbitmq-diagnostics", "-q", "check_port_connectivity"})),
	)
	return "amqp://" + account + ":" + account + "@" + brokerName + ":5672/"
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

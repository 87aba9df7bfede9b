package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/moby/moby/api/types/container"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/conformance/target"
)

// silent is the library's log: what goes wrong is in its errors.
type silent struct{}

// Printf says nothing.
func (silent) Printf(string, ...any) {}

// containers are the image two times: as the broker, and as a bridge on it, so that nothing
// else is needed.
type containers struct {
	*certify

	image          string
	network        *testcontainers.DockerNetwork
	broker, bridge *testcontainers.DockerContainer
}

// containerLimit is how long a container may take until it is ready, its image's pull included.
const containerLimit = 5 * time.Minute

func (w *whereabouts) startContainer(ctx context.Context, c *certify, p *target.Profile) (func() error, error) {
	k := &containers{certify: c, image: w.image}
	c.stays("docker ps --filter label=org.testcontainers lists the containers that go on")
	stop := func() error { return k.stop(ctx) }
	err := k.start(ctx, p)
	if err == nil {
		err = w.hear(ctx, c, p)
	}
	if err != nil {
		return nil, errors.Join(unreachablef("--target container: %w", err), stop())
	}
	return stop, nil
}

func (k *containers) start(ctx context.Context, p *target.Profile) (err error) {
	source := newIDs("")
	password, key := source.Hex(16), source.Hex(64)
	dialect := k.dialect.value
	if dialect == "" {
		dialect = suite.Talk
	}
	// What the library does is not what people want to read; this is the one place for all of it.
	log.SetDefault(silent{})
	if k.network, err = network.New(ctx); err != nil {
		return err
	}
	k.broker, err = k.run(ctx, "broker", wait.ForListeningPort("5672/tcp"), []string{"5672/tcp"}, map[string]string{"KAZOOLAB_BROKER_USER": "certify:" + password},
		"broker", "--listen", "0.0.0.0:5672", "--http", "")
	if err != nil {
		return err
	}
	k.bridge, err = k.run(ctx, "bridge", wait.ForHealthCheck(), []string{"8000/tcp", "5555/tcp"}, map[string]string{
		"KAZOOLAB_AMQP_URL": "amqp://certify:" + password + "@broker:5672/", "KAZOOLAB_DIALECT": dialect,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME": "Certify", "KAZOOLAB_BOOTSTRAP_API_KEY": key,
	}, "bridge")
	if err != nil {
		return err
	}
	p.Name, p.Clock = "container", target.ClockPlan{}
	p.Credentials = target.Credentials{APIKey: &target.Secret{Inline: key}}
	for _, port := range []struct {
		of     *testcontainers.DockerContainer
		port   string
		before string
		to     *target.Address
	}{
		{k.bridge, "8000/tcp", "http://", &p.REST}, {k.bridge, "5555/tcp", "ws://", &p.Sockets},
		{k.broker, "5672/tcp", "amqp://certify:" + password + "@", &p.AMQP},
	} {
		endpoint, err := port.of.PortEndpoint(ctx, port.port, "")
		if err != nil {
			return err
		}
		*port.to = target.Address{URL: port.before + endpoint}
	}
	return nil
}

func (k *containers) run(ctx context.Context, name string, ready wait.Strategy, ports []string, env map[string]string, command ...string) (*testcontainers.DockerContainer, error) {
	running, err := testcontainers.Run(ctx, k.image,
		testcontainers.WithEnv(env), testcontainers.WithCmd(command...), testcontainers.WithExposedPorts(ports...),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) { h.ExtraHosts = append(h.ExtraHosts, gateway+":host-gateway") }),
		testcontainers.WithWaitStrategyAndDeadline(containerLimit, ready),
		network.WithNetwork([]string{name}, k.network),
	)
	if err != nil {
		return running, fmt.Errorf("%s as %s: %w", k.image, name, err)
	}
	return running, nil
}

// stop removes everything.
func (k *containers) stop(ctx context.Context) error {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), engineLimit)
	defer cancel()
	var errs []error
	for _, c := range []*testcontainers.DockerContainer{k.bridge, k.broker} {
		errs = append(errs, testcontainers.TerminateContainer(c, testcontainers.StopContext(ending)))
	}
	if k.network != nil {
		errs = append(errs, k.network.Remove(ending))
	}
	return errors.Join(errs...)
}

package cli

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/simulator/broker"
)

func (a *app) brokerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Run the built-in AMQP 0-9-1 broker alone, all in memory",
		Long: `Run the broker that is built into the program, for whatever speaks AMQP 0-9-1,
with a slice of RabbitMQ's management API. It keeps everything in memory: queues
and messages, durable ones too, end with it. Not for production.

Without --user, guest with password guest may log in from this machine only.`,
		Example: "  kazoolab broker\n" +
			"  kazoolab broker --listen 0.0.0.0:5672 --user alice:secret --http '' --max-memory 1GB",
		Args: noArguments,
	}
	settingFlags(cmd)
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := a.load(cmd)
		if err != nil {
			return err
		}
		return orderly(cmd.Context(), a.broker(cmd.Context(), loaded.Config, *output))
	}
	return cmd
}

// brokerReport is what broker prints once it serves.
type brokerReport struct {
	AMQP       string `json:"amqp"`
	Management string `json:"management,omitempty"`
}

func (a *app) broker(ctx context.Context, c config.Config, output string) error {
	log, err := a.logger(c)
	if err != nil {
		return err
	}
	if err := checkBroker(c.Broker); err != nil {
		return err
	}
	var own builtIn
	if own.amqp, err = a.open(ctx, c.Broker.Listen, "--listen"); err != nil {
		return err
	}
	defer func() { _ = own.amqp.Close() }() // the broker closes it, if it comes to that
	if c.Broker.HTTP != "" {
		if own.http, err = a.open(ctx, c.Broker.HTTP, "--http, or do without the API by --http ''"); err != nil {
			return err
		}
		defer func() { _ = own.http.Close() }()
	}
	own.config = broker.Config{
		Users: brokerUsers(c.Broker.User), Vhosts: c.Broker.Vhost, MaxMemory: c.Broker.MaxMemory,
		Clock: a.Clock, IDs: newIDs(""), Log: log,
	}
	if len(c.Broker.User) == 0 && !isLoopback(own.amqp.Addr()) {
		log.Warn("nobody can log in from another machine: there is only guest, who may from this one; add --user name:password",
			"listen", own.amqp.Addr().String())
	}
	report := brokerReport{AMQP: own.url(c.Broker), Management: own.managementURL()}
	if err := a.printBroker(report, output); err != nil {
		return err
	}
	return own.serve(ctx)
}

// checkBroker refuses what would only fail later, or never be reached by a client.
func checkBroker(c config.Broker) error {
	for _, name := range c.Vhost {
		if err := broker.CheckVhostName(name); err != nil {
			return usagef("--vhost: %w", err)
		}
	}
	if c.Listen == c.HTTP && !strings.HasSuffix(c.Listen, ":0") {
		return usagef("--listen and --http are both %s; give one of them another port, or do without the API by --http ''", c.Listen)
	}
	return nil
}

func (a *app) printBroker(report brokerReport, output string) error {
	if output == outputJSON {
		return a.printLine(report)
	}
	line := "the broker serves " + report.AMQP
	if report.Management != "" {
		line += " and the management API " + report.Management
	}
	a.printf("%s\n", line)
	return nil
}

// brokerUsers takes apart what config has found to be name:password.
func brokerUsers(members []string) []broker.User {
	var users []broker.User
	for _, member := range members {
		name, password, _ := strings.Cut(member, ":")
		users = append(users, broker.User{Name: name, Password: password})
	}
	return users
}

// url is how a client of this machine logs in, as the first user into the first
// virtual host. Only guest's password is shown, which is no secret. There is no final
// slash: to librabbitmq that is a virtual host without a name.
func (b builtIn) url(c config.Broker) string {
	u := url.URL{Scheme: "amqp", User: url.UserPassword("guest", "guest"), Host: localAddress(b.amqp.Addr().String())}
	if len(c.User) > 0 {
		name, _, _ := strings.Cut(c.User[0], ":")
		u.User = url.User(name)
	}
	if len(c.Vhost) > 0 && c.Vhost[0] != "/" {
		u = *u.JoinPath(url.PathEscape(c.Vhost[0]))
	}
	return u.String()
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

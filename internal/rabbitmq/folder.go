package rabbitmq

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// nodeName may be the same for every instance: nodes meet only through a port
// mapper, and each instance has its own.
const nodeName = "kazoolab@localhost"

// folder is the server's home. Nothing is written outside it, and it is closed to
// others because the Erlang cookie, which is as good as a password, lives in it.
type folder struct{ path string }

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

func (f folder) log() string { return f.file("rabbitmq.log") }

// prepare writes the configuration.
func (f folder) prepare(name string, p ports, options Options) error {
	lines := []string{
		fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d", p.amqp),
		"loopback_users.guest = true",
		"cluster_name = " + name,
		"log.file = false",
		"log.console = true",
		"log.console.level = info",
		"log.console.use_colors = off",
	}
	plugins := []string{"rabbitmq_consistent_hash_exchange"}
	if options.Management {
		plugins = append(plugins, "rabbitmq_management")
		lines = append(lines,
			"management.tcp.ip = 127.0.0.1",
			fmt.Sprintf("management.tcp.port = %d", p.management),
			"collect_statistics_interval = 1000",
		)
	}
	for name, text := range map[string]string{
		"rabbitmq.conf":   strings.Join(lines, "\n") + "\n",
		"enabled_plugins": "[" + strings.Join(plugins, ",") + "].\n",
	} {
		if err := os.WriteFile(f.file(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("rabbitmq folder: %w", err)
		}
	}
	return nil
}

// environment is complete: nothing of the caller's reaches the server, so a
// RABBITMQ_* or ERL_* variable meant for another one cannot lead it astray.
func (f folder) environment(p ports) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8",
		"HOME=" + f.path,
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"ERL_EPMD_PORT=" + strconv.Itoa(p.epmd),
		"ERL_CRASH_DUMP_SECONDS=0",
		"RABBITMQ_NODENAME=" + nodeName,
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_NODE_PORT=" + strconv.Itoa(p.amqp),
		"RABBITMQ_DIST_PORT=" + strconv.Itoa(p.distribution),
		"RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_CONFIG_FILE=" + f.file("rabbitmq.conf"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + f.file("enabled_plugins"),
		"RABBITMQ_MNESIA_BASE=" + f.file("data"),
		"RABBITMQ_LOG_BASE=" + f.file("log"),
		// With input allowed the script becomes the server instead of its
		// parent: one process to signal, and it inherits our death signal.
		"RABBITMQ_ALLOW_INPUT=true",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput -kernel inet_dist_use_interface {127,0,0,1}",
	}
}

// logTail returns the last lines of the log, for error messages. Of a failed
// boot those are the ones up to where it gave up: stack traces follow.
func (f folder) logTail() string {
	const most = 12
	text, err := os.ReadFile(f.log())
	if err != nil {
		return err.Error()
	}
	told := string(text)
	if before, after, failed := strings.Cut(told, "BOOT FAILED"); failed {
		reason, _, _ := strings.Cut(strings.TrimLeft(after, "\n="), "\n")
		told = before + "BOOT FAILED\n" + reason
	}
	lines := strings.Split(strings.TrimSpace(told), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

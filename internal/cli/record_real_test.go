//go:build real

package cli_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// guarded is a virtual host and a user of RabbitMQ who may do there what permit says.
type guarded struct {
	*brokertest.Broker

	t     *testing.T
	vhost string
	user  string
	url   string // the virtual host's, as that user
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	gd := &guarded{t: t, Broker: brokertest.New(t), user: "watcher " + ids.New().Hex(8)}
	uri, err := url.Parse(gd.URL)
	if err != nil {
		t.Fatal(err)
	}
	gd.vhost = strings.TrimPrefix(uri.Path, "/")
	uri.User = url.UserPassword(gd.user, "secret-one")
	gd.url = uri.String()
	gd.manage(t.Context(), http.MethodPut, `{"password":"secret-one","tags":""}`, "users", gd.user)
	t.Cleanup(func() { gd.manage(context.Background(), http.MethodDelete, "", "users", gd.user) })
	return gd
}

// manage makes a request to the management API.
func (gd *guarded) manage(ctx context.Context, method, body string, path ...string) {
	gd.t.Helper()
	address := gd.ManagementURL(gd.t) + "/api"
	for _, part := range path {
		address += "/" + url.PathEscape(part)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		gd.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Timeout: soon}).Do(request)
	if err != nil {
		gd.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		gd.t.Fatalf("%s %s: %s", method, answer.Request.URL.Path, answer.Status)
	}
}

func (gd *guarded) permit(configure, write, read string) {
	gd.t.Helper()
	gd.manage(gd.t.Context(), http.MethodPut, `{"configure":"`+configure+`","write":"`+write+`","read":"`+read+`"}`, "permissions", gd.vhost, gd.user)
}

// own are the queues of record; docs/captures.md says that no more is needed.
const own = "^kazoolab-record-"

// Only RabbitMQ has permissions.
func TestRecordNeedsOnlyItsOwnQueues(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := newGuarded(t)
	tapped(t, broker.Broker)
	broker.permit(own, own, ".*")
	record := recording(t, "-", "--from", broker.url, "--messages", "1")
	prepare(t, "trigger", "channel_create", "--amqp-url", broker.URL, "--account", customerID).start().expect(cli.ExitOK)
	record.expect(cli.ExitOK)
	g.Expect(entriesOf(t, strings.NewReader(record.stdout.String()))).To(HaveLen(1))
}

// Each permission that is missing is named, with the line that gives it.
func TestRecordSaysWhatPermissionIsMissing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broker := newGuarded(t)
	tapped(t, broker.Broker)
	line := "rabbitmqctl set_permissions -p " + broker.vhost + " '" + broker.user + "' '^kazoolab-record-' '^kazoolab-record-' '.*'\n"
	file := t.TempDir() + "/c.ndjson"
	refused := func(args []string, says ...string) {
		t.Helper()
		p := run(t, append([]string{"record", file, "--from", broker.url}, args...)...)
		p.expect(cli.ExitUnreachable, says...)
		g.Expect(p.stderr.String()).NotTo(ContainSubstring("secret-one"))
		g.Expect(file).NotTo(BeAnExistingFile())
	}
	refused(nil, "refuses the virtual host: access to vhost '"+broker.vhost+"' refused for user '"+broker.user+"'", line)
	broker.permit("", own, ".*")
	refused(nil, "lacks a permission: access to queue 'kazoolab-record-", line)
	broker.permit(own, "", ".*")
	refused(nil, "lacks a permission: access to queue 'kazoolab-record-", line)
	broker.permit(own, own, own)
	refused(nil, "lacks a permission: access to exchange '", line)
	broker.permit(own, own, own+"|^callevt$")
	refused([]string{"--exchange", "callevt", "--exchange", "faxes"}, "lacks a permission: access to exchange 'faxes'", line)
	run(t, "record", "-", "--from", broker.url, "--exchange", "callevt", "--for", "1ms").expect(cli.ExitOK)

	broker.permit(own, own, ".*")
	broker.manage(t.Context(), http.MethodPut, `{"exchange":"callevt","write":".*","read":"^none$"}`, "topic-permissions", broker.vhost, broker.user)
	refused(nil, "lacks a permission: access to topic '#' in exchange 'callevt'",
		"rabbitmqctl set_topic_permissions -p "+broker.vhost+" '"+broker.user+"' callevt '^$' '.*'\n")
}

// Who may not publish is told so; nobody waits for what does not come.
func TestReplaySaysThatItMayNotPublish(t *testing.T) {
	t.Parallel()
	broker := newGuarded(t)
	tapped(t, broker.Broker)
	broker.permit(".*", "", ".*")
	p := prepare(t, "replay", "-", "--to", broker.url, "--speed", "max")
	p.state.Stdin = strings.NewReader(small(t))
	p.start().expect(cli.ExitUnreachable, "lacks a permission: access to exchange 'callevt'", "rabbitmqctl set_permissions")
}

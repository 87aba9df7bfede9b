//go:build real

package bus_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// manage makes a request to RabbitMQ's management API.
func manage(ctx context.Context, t *testing.T, broker *brokertest.Broker, method, body string, path ...string) {
	t.Helper()
	g := NewWithT(t)
	address := broker.ManagementURL(t) + "/api"
	for _, part := range path {
		address += "/" + url.PathEscape(part)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	g.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Timeout: soon}).Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Body.Close()).To(Succeed())
	g.Expect(answer.StatusCode).To(BeNumerically("<", 300), answer.Request.URL.Path)
}

// Only RabbitMQ has permissions. Each that is missing is told by what it is missing
// on, and what was refused works once it is given.
func TestAMissingPermissionSaysOnWhat(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	user := "user-" + ids.New().Hex(8)
	uri, err := url.Parse(broker.URL)
	g.Expect(err).NotTo(HaveOccurred())
	vhost := strings.TrimPrefix(uri.Path, "/")
	uri.User = url.UserPassword(user, "secret-one")
	manage(t.Context(), t, broker, http.MethodPut, `{"password":"secret-one","tags":""}`, "users", user)
	t.Cleanup(func() { manage(context.Background(), t, broker, http.MethodDelete, "", "users", user) })
	permit := func(configure, write, read string) {
		manage(t.Context(), t, broker, http.MethodPut,
			`{"configure":"`+configure+`","write":"`+write+`","read":"`+read+`"}`, "permissions", vhost, user)
	}

	b := run(t, configFor(uri.String()))
	b.DeclareExchange("callevt", "topic")
	sub, err := b.Consume(bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true},
		Bindings: []bus.Binding{{Exchange: "callevt", Key: "#"}}, Handle: func(bus.Delivery) {},
	})
	g.Expect(err).NotTo(HaveOccurred())
	said := func(kind error, words string) {
		t.Helper()
		g.Eventually(t.Context(), func() error { return b.State().LastError }).WithTimeout(soon).Should(
			And(MatchError(kind), MatchError(ContainSubstring(words)), MatchError(ContainSubstring("rabbitmqctl set_permissions"))))
		g.Expect(b.State().LastError).NotTo(MatchError(ContainSubstring("secret-one")))
	}
	said(bus.ErrVhost, "the broker refuses the virtual host: access to vhost '"+vhost+"' refused for user '"+user+"'")
	permit("^callevt$", "", "")
	said(bus.ErrForbidden, "the broker's user lacks a permission: access to queue 'work'")
	permit("^(callevt|work)$", "^work$", "^callevt$")
	said(bus.ErrForbidden, "access to queue 'work'")
	permit("^(callevt|work)$", "^work$", "^(callevt|work)$")
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())

	err = b.Publish(within(t, soon/5), bus.Message{Exchange: "callevt", Key: "k"})
	g.Expect(err).To(MatchError(ContainSubstring("access to exchange 'callevt'")))
}

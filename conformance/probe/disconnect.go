package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/tidwall/gjson"
)

// Disconnect has the broker close every connection to the target's virtual host but the harness's
// own, as it would at a network's fault, and returns how many they were. It needs Target.Management.
func (p *Probe) Disconnect(ctx context.Context) (closed int, err error) {
	uri, err := amqp.ParseURI(p.Target.AMQP)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrHarness, err)
	}
	list, err := p.manage(ctx, http.MethodGet, "/api/connections")
	if err != nil {
		return 0, err
	}
	for _, c := range gjson.ParseBytes(list).Array() {
		// Where none is told yet, it may be anybody's.
		if c.Get("vhost").Str != uri.Vhost || strings.HasPrefix(c.Get("client_properties.connection_name").Str, harnessName) {
			continue
		}
		// One that has ended meanwhile is closed as well.
		if _, err := p.manage(ctx, http.MethodDelete, "/api/connections/"+url.PathEscape(c.Get("name").Str)); err != nil {
			return closed, err
		}
		closed++
	}
	p.Note("connections closed", fmt.Sprint(closed))
	return closed, nil
}

// manage makes a request to the broker's management API, with the credentials of the bus.
// What is not there is no error.
func (p *Probe) manage(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Target.Patience.Reply)
	defer cancel()
	bus, err := url.Parse(p.Target.AMQP)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHarness, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.Target.Management+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHarness, err)
	}
	password, _ := bus.User.Password()
	req.SetBasicAuth(bus.User.Username(), password)
	answer, err := p.answer(req)
	if err == nil && answer.Status/100 != 2 && answer.Status != http.StatusNotFound {
		err = fmt.Errorf("it answers %d: %s", answer.Status, p.short(answer.Body))
	}
	if err != nil {
		return nil, fmt.Errorf("the broker's management API: %s %s: %w", method, path, err)
	}
	return answer.Body, nil
}

// Group is the group for which the probe is.
func (p *Probe) Group() string { return p.group }

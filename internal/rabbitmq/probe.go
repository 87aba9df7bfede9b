package rabbitmq

import (
	"context"
	"fmt"
	"net/http"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/daemon"
)

// probe returns nil when a client can log in, and the management API answers if
// there is one.
func (s *Server) probe(ctx context.Context) error {
	conn, err := amqp.DialConfig(s.URL(), amqp.Config{Dial: amqp.DefaultDial(2 * time.Second)})
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	name := conn.Properties["cluster_name"]
	if err := conn.Close(); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	// Someone else may have taken the port since it was found free.
	if name != s.name {
		return fmt.Errorf("another broker answers: %w", daemon.ErrPortTaken)
	}
	if s.ports.management == 0 {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ManagementURL()+"/api/whoami", nil)
	if err != nil {
		return fmt.Errorf("management: %w", err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("management: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("management: %s", answer.Status)
	}
	return nil
}

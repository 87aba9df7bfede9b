package cli

import (
	"fmt"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// withPermissions completes an error that ends in rabbitmqctl's command for a permission
// that is missing (internal/bus): with all that record needs, and for whom.
func withPermissions(address string, err error) error {
	if err == nil {
		return nil
	}
	uri, invalid := amqp.ParseURI(address)
	if invalid != nil {
		return err
	}
	said, command, _ := strings.Cut(err.Error(), ": rabbitmqctl ")
	var needs string
	switch command {
	case "set_permissions":
		needs = "'^kazoolab-record-' '^kazoolab-record-' '.*'"
	case "set_topic_permissions":
		_, exchange, _ := strings.Cut(said, " in exchange '")
		exchange, _, _ = strings.Cut(exchange, "'")
		needs = shellWord(exchange) + " '^$' '.*'"
	default:
		return err
	}
	return &codedError{exitCode(err), fmt.Errorf("%w -p %s %s %s", err, shellWord(uri.Vhost), shellWord(uri.Username), needs)}
}

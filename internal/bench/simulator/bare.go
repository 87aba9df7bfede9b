package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
	"github.com/kazoolab/kazoolab/simulator/outlet"
)

// publishBare publishes messages that say nothing, with the switch's own window.
func publishBare(ctx context.Context, o options) error {
	conn, err := amqp.Dial(o.amqpURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.ExchangeDeclare("callevt", "topic", false, false, false, false, nil); err != nil {
		return err
	}
	if err := ch.Confirm(false); err != nil {
		return err
	}
	confirmed := ch.NotifyPublish(make(chan amqp.Confirmation, outlet.Window))
	window := make(chan struct{}, outlet.Window)
	done := make(chan struct{})
	began := clock.System().Now()
	go func() {
		defer close(done)
		for range o.messages {
			if _, ok := <-confirmed; !ok {
				return
			}
			<-window
		}
	}()
	body := []byte(`{"x":"` + strings.Repeat("x", max(o.size-8, 0)) + `"}`)
	for n := range o.messages {
		window <- struct{}{}
		err := ch.PublishWithContext(ctx, "callevt", fmt.Sprintf("call.CHANNEL_CREATE.%d", n), false, false, amqp.Publishing{
			ContentType: "application/json", Headers: amqp.Table{"call-id": []byte("00000000-0000-0000-0000-000000000000")},
			Timestamp: began, Body: body,
		})
		if err != nil {
			return err
		}
	}
	<-done
	return json.NewEncoder(o.out).Encode(result{Messages: o.messages, Seconds: clock.System().Since(began).Seconds()})
}

// each runs something with each broker, freshly started.
func (o options) each(ctx context.Context, do func(name, url string) error) error {
	for name := range strings.SplitSeq(o.brokers, ",") {
		var err error
		switch name {
		case "rabbitmq":
			err = onRabbitMQ(ctx, do)
		case "kazoolab":
			err = o.onEmbedded(ctx, do)
		default:
			err = fmt.Errorf("-brokers: %q is neither rabbitmq nor kazoolab", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func onRabbitMQ(ctx context.Context, do func(name, url string) error) error {
	server, err := rabbitmq.Start(ctx, rabbitmq.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop() }()
	return do("rabbitmq", server.URL())
}

func (o options) onEmbedded(ctx context.Context, do func(name, url string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.kazoolab, "broker", "--listen", "127.0.0.1:0", "--http", "", "--output", "json") //nolint:gosec // the binary that the user names
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	var serves struct{ AMQP string }
	if err := json.NewDecoder(stdout).Decode(&serves); err != nil {
		return fmt.Errorf("the embedded broker does not say where it is: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return do("kazoolab", serves.AMQP)
}

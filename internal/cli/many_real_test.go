//go:build real

package cli_test

// manyCalls is a day of a large office, half a minute on RabbitMQ.
const manyCalls = 10_000

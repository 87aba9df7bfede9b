// Package webhooks turns bus events into HTTP requests: it holds the live hooks,
// finds those an event concerns, has them delivered and retried, records each
// attempt and only then lets the message go. It owns the order of these steps;
// what is in a request belongs to package payload, how it travels to package
// delivery.
package webhooks

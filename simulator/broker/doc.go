// Package broker is a small AMQP 0-9-1 broker in memory, so that a laptop or a
// test needs no RabbitMQ. It speaks the real wire: whatever client talks to
// RabbitMQ talks to it, and gets the same answers.
//
// It owns connections: the handshake, channels, content, confirms, heartbeats,
// back-pressure. What exchanges and queues do is package vhost's; bytes are
// package wire's.
//
// Nothing survives the process: durable exchanges, queues and persistent messages
// are taken and treated as such, and end with it. There are no streams, no
// clustering, no policies, no TLS, and any user may do everything in any virtual
// host.
package broker

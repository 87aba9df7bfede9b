// Package management is a slice of RabbitMQ's management API over the embedded
// broker, in RabbitMQ's JSON shapes: what tools and tests look at, and the two
// things they do, making virtual hosts and closing connections. It owns HTTP and
// JSON, and never changes a queue.
package management

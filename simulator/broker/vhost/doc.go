// Package vhost is what lies behind the connections of the broker: exchanges,
// bindings, queues, messages, and the consumers that take them. It follows
// RabbitMQ in every rule that a client can see.
//
// A Vhost is one lock: each operation on it is done as a whole, so that a publish
// with its routing, dead letters and deliveries, or a queue's end with that of
// its bindings, is seen by nobody half done. Nothing under the lock waits. What
// clients are to be sent goes to their Outlet, which only takes note.
//
// The package never reads a socket, and writes nothing to disk: what it holds
// ends with it, durable or not.
package vhost

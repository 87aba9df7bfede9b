// Package deadletter is the queue of messages that became no delivery because they are
// broken: what is kept of one and how, and how people look at them, send them to work
// again or drop them. It never decides what is broken, and consumes nothing: a letter
// stays until somebody takes it away, or the queue's limits push it out.
package deadletter

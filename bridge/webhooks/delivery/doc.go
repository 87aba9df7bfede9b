// Package delivery makes one HTTP request of a webhook and says what came of it.
// It owns the wire towards a receiver: target, headers, redirects, timeouts and
// the names of failures. It never retries and knows nothing of events or hooks.
package delivery

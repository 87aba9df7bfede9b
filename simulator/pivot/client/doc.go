// Package client asks an application over HTTP as Pivot does: one exchange, with what
// redirects and Retry-After make of it, within limits. It does not know what the
// answer means.
package client

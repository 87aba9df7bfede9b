// Package stage is one call to a Pivot app in one process, without a broker: a switch with its
// telephones, the callflow application, the Pivot engine and somebody who calls, on one timeline.
// It owns how they are joined, who is behind a telephone, and the making of a session of what
// happens. It never decides what the caller does, and never prints.
package stage

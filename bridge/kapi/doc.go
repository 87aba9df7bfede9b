// Package kapi is the bus vocabulary: exchanges, routing keys, the shape and
// order of messages, database names and Kazoo's time. It is pure: it computes
// names and bytes, and never opens a connection, reads a clock or keeps state.
package kapi

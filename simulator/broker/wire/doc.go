// Package wire is the form of AMQP 0-9-1 on a connection: frames, methods, field
// tables, content properties and reply codes. It owns the translation between
// bytes and values, checks every length, and never reads or writes a socket nor
// knows what a method means.
//
// Values parsed from a frame are views of its bytes where their type is []byte,
// and copies where it is string.
package wire

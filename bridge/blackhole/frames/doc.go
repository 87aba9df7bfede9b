// Package frames makes of a message of the bus what sockets are sent: the members
// that the public may see, with the keys that clients know, once for each event, and
// a frame around them, once for each subscription that it goes to. It owns the bytes
// and is pure; who gets them is not its business.
package frames

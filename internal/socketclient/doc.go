// Package socketclient is a client of Kazoo's websockets that stays connected: it
// subscribes, connects again after a while when the connection ends, and subscribes
// anew, from where it was if it resumes. It owns commands, their ids and what was seen
// last; what frames mean to anyone, and how they are shown, it does not know.
package socketclient

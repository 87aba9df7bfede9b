// Package pbx is the simulated switch. It owns what a switch knows of its calls,
// legs and their timeline, and turns a moment of a leg into the bus message that
// Kazoo's own switch would emit then (App-Name freeswitch 1.0: the form of the
// master branch). It never opens a connection: it hands out messages, and who
// asked for them publishes.
//
// Values fit one another as they do on a real switch: one clock reading gives
// Msg-ID and Timestamp, durations follow from the leg's timeline, ids in one
// field return in others.
package pbx

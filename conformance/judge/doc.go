// Package judge holds rules over messages as they were seen on Kazoo's bus: what one
// message may look like, and what may follow what. It owns the reference's closed
// lists, as literals, and the order of events of a call, a fax, a conference, a
// document and a mailbox. It is pure: no I/O, no clock, and no code of the bridge or
// the simulator, whose faults it is to find.
//
// A Book checks messages one by one. A Judge checks them in their order, in memory
// that is bounded by what is live.
package judge

// Package blackhole is the websocket application: sockets, what they ask, what they
// are subscribed to, and the events they get (blackhole of Kazoo). It owns the hub, in
// which each node's sockets meet the events of its queue, the command pipeline, limits,
// slow readers, tracking and resuming. What a binding means, which keys match and how a
// frame reads is known to its sub-packages; it never talks to a broker itself, and has
// no rule of its own about who may see what but asks the account tree.
//
// Sockets may serve Pivot applications, which is no Kazoo's (pivot.go): the hub knows which
// socket has which application and which request, delivers, and reports to the engines
// that ask. It chooses nothing: engines choose the socket, and say which answer counts.
//
// Close codes: 1000 after an idle time, 1001 when the node goes, 1002 and 1007 for
// frames that break the protocol or are no UTF-8, 1008 for a reader that is too slow, for
// a socket beyond its account's limit and for one that has more than its account may see
// by now, 1009 for a frame that is too large.
package blackhole

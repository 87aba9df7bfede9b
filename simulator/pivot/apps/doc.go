// Package apps asks Pivot applications that are connected by websockets what a call does
// next. It is the engine's side of it: it keeps a directory of which node has which
// application of which account, and chooses the node and the socket that a request goes
// to. Nodes (bridge/blackhole) only deliver, and report; engines and nodes know each other
// by messages on the bus alone (kapi.PivotAppsMessage).
//
// A node announces its registrations as they change, again every 10 s, and when an engine
// asks, as it does when it begins. A registration of which nothing is heard for 35 s is
// gone; so are those of a node whose queue the broker does not have.
//
// A call stays with the socket that had its first request. New calls go to the socket with
// the fewest calls of this engine, in turn where several have as few. How many requests a
// socket has is counted here, for the choice, and at its node, which has the last word as
// there may be other engines: what it refuses goes to another socket. A request whose
// socket ends goes to another of the application, or waits until its deadline for one. Of
// several answers the first wins, and that is decided here.
//
// It never reads an answer's body, and does not know what a call is.
package apps

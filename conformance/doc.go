// Package conformance judges a running system from the outside: a bridge, this
// one or another, that it knows only by its wire. It owns the requirements and
// what is expected of each, as literals and recorded answers. It never imports
// the bridge (other than the names in bridge/kapi), the simulator or the bridge's
// connection to the bus: a suite that shares code with what it judges shares its
// faults.
package conformance

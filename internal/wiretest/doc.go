// Package wiretest holds parts to each other that may not know one another: what the
// simulator says to the rules of conformance/judge, and the engine's side of Pivot over
// websockets (simulator/pivot/apps) to that of the nodes, over a broker. It owns tests
// only; nothing imports it. It stands beside them all.
package wiretest

// Package lab holds the pieces of which storms and measurements are made: nodes of
// the built program, receivers whose behaviour changes while they run, a publisher
// that numbers its events, and a line to a server that can be cut. It owns what was
// sent and what arrived; it never judges either, and is no part of the program.
//
// Every event carries its number, from 0 up, in its Call-ID, so that a receiver knows
// which one arrived. What is kept of an event is a bit for each hook and eight bytes
// for all of them, so that a million events and a hundred hooks fit in memory.
package lab

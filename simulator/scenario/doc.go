// Package scenario is the language in which stories of calls are written: YAML files
// that say who there is, what happens when, and what hooks and sockets must get of it.
// It owns the language: its types, its JSON Schema, what is right and wrong in a file,
// and the Plan that a file becomes, which needs no YAML any more. It never plays a
// plan, and never judges what came of one.
//
// A file is gone through in three ways: form reads it into a File; a planner gives every
// step its time and every name its meaning; a story walks the steps in order and finds
// what cannot happen, such as an answer of somebody whose telephone does not ring.
// Whatever each of them finds wrong is told at once.
package scenario

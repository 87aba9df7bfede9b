// Package bindings is the grammar of what a socket can subscribe to: for each
// family of bindings, call to presence, what its words may be, what of the bus must
// reach this node for it, and the keys that events are matched with. It speaks the
// three dialects, and answers in the words of the reference what it refuses. It is
// pure: it knows no socket, no broker and no account beyond what it is told.
package bindings

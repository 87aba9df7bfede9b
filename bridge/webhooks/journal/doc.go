// Package journal remembers the last events that came in and what became of them,
// so that somebody can ask later why nothing fired. It is pure memory, bounded by
// number and bytes, and costs an event an allocation or two; it never reads a
// body. What an event means is worked out when somebody asks, by others.
package journal

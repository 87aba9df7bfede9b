// Package index finds what is kept under the subscription keys that match the key
// of an event. A key is words with dots between; * is one word and # any number of
// them, in either key. What it costs to look an event up depends on what matches,
// not on how much is kept. It is pure, and knows nothing of sockets or the bus.
package index

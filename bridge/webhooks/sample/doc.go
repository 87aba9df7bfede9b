// Package sample composes bus messages such as hooks fire for, so that a hook can
// be tried without a call. They are as real ones are, but for values that say what
// they are: the caller is called Sample Caller. It knows what stands in a message,
// never where that goes.
package sample

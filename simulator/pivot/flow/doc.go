// Package flow checks the JSON answers of applications: whether a text is a callflow,
// what Kazoo makes of it, and what is wrong with it, where, and how it is put right.
// It is pure, and runs nothing.
package flow

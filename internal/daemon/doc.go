// Package daemon starts the server programs that tests and measurements run of
// their own, and finds free ports for them. It owns one process each, which ends
// with this one; it knows nothing of what the program serves.
package daemon

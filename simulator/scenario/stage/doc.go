// Package stage plays the plan of a scenario: it gives everybody in it a telephone, and
// has people do at their moments what the plan says, on a switchboard. It owns who is
// at which leg of which call, and what a name of the plan stands for. It never
// judges what comes of it, and opens no connection: events, requests and faults are
// handed to whoever it is told.
package stage

// Package limits counts: tokens of a bucket, and how many things somebody has. It is
// pure, and knows neither sockets nor accounts.
package limits

//go:build !real

package cli_test

// manyCalls are as many as a test has the time for.
const manyCalls = 1000

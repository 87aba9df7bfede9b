// Package wiretest holds what the simulator says to the rules of conformance/judge. It
// owns tests only; nothing imports it. It stands beside both, as neither may know the
// other.
package wiretest

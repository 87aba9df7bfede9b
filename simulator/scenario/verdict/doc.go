// Package verdict judges whether what came is what a scenario expected. It owns the
// Evidence of a run, which is what receivers and websockets got and what was on the
// bus, and the words of a judgement: what was wanted, what came instead, and the
// nearest miss with the fields in which it differs. It never waits, and never fetches
// anything itself.
package verdict

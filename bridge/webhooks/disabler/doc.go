// Package disabler knows when a hook has failed too often: it remembers failures,
// has the limits that accounts set, and says what a hook's document is like once
// it is switched off (webhooks_disabler). It is pure: times and settings come in,
// verdicts go out. Acting on them is for others.
package disabler

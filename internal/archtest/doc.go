// Package archtest holds the rules of the tree that no compiler knows: who may
// import whom, that each package says what it is for, which names stand at the
// top, how long a file may be, and that what the documents name exists. It owns
// tests only; nothing imports it.
package archtest

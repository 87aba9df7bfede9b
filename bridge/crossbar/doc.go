// Package crossbar is the REST face: the paths under /v2, their envelope, errors,
// tokens, conditions, lists and filters, and one file for each family of
// endpoints. It owns what a caller may do and how answers look; it never keeps
// state of its own beside the rate limit's. A write goes to the store first and
// is then told to everyone as a document change.
//
// A family is described by data (family, clause, operation): who may call which
// operation with which arguments is decided in one place, before any of its code
// runs. See route.go and family.go.
package crossbar

// Package request composes what Pivot asks an application: the parameters in wire
// order, their form or JSON text, the target they go to, and the next target that an
// answer names. It is pure: it sends nothing and remembers nothing.
package request

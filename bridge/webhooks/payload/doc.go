// Package payload makes what a receiver gets out of what the bus brought: it
// picks the fields of an event, merges a hook's custom_data, applies its
// modifiers, and prints the result as form text or JSON exactly as the
// reference does. It works on raw JSON text, so that numbers and order survive.
// It is pure: no I/O, no clock, no state.
package payload

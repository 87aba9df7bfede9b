// Package schema checks JSON documents against JSON Schema and says what is wrong
// in Kazoo's words. It owns casts, defaults and the texts of violations; it never
// knows which resource a document belongs to.
package schema

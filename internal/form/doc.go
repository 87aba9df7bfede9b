// Package form reads YAML files that people write by hand into Go types, and makes the
// JSON Schema of those types. It owns the tags that describe a field, strict reading
// with the place of every value, and how a list of problems is shown. It never knows
// what a file is about.
//
// A field is described by its tags:
//
//	yaml     its name in the file
//	doc      a sentence for people; editors show it
//	eg       an example, as YAML
//	is       required; one (of those so marked a mapping has exactly one); short (a
//	         mapping may be written as this field's value alone)
//	of       the words it can be, divided by |
//	default  what holds where it is left out, for people to read
//	min, max bounds of a number
//
// Fields are texts, switches, numbers, Scalars, structs and pointers to these, lists of
// them, Named ones, and any or jobj.Object for what is not described further.
package form

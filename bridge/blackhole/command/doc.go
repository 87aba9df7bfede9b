// Package command is the text of what a socket's client asks and is answered: it
// reads a frame into a Request and writes replies. It owns how odd values are read
// (numbers as text, null as "null") and the order of a reply's members; what a
// command does, and who may give it, it does not know.
package command

package cli

import (
	"encoding/json"
	"fmt"
)

// printf writes data.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.Stdout, format, args...) }

// say writes talk, a line of it.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.Stderr, format+"\n", args...) }

// printJSON writes a value indented, for people and programs alike.
func (a *app) printJSON(value any) error { return a.encode(value, "  ") }

// printLine writes a value as one line of JSON.
func (a *app) printLine(value any) error { return a.encode(value, "") }

func (a *app) encode(value any, indent string) error {
	encoder := json.NewEncoder(a.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	return encoder.Encode(value)
}

// colour is an ANSI colour.
type colour string

const (
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	bold   colour = "\x1b[1m"
	reset  colour = "\x1b[0m"
)

// paint colours data for a person at a terminal, unless they would rather not
// (https://no-color.org).
func (a *app) paint(c colour, text string) string {
	if !a.StdoutTerminal || a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb" {
		return text
	}
	return string(c) + text + string(reset)
}

// paintOutcome shows at a glance what a sender was answered.
func (a *app) paintOutcome(outcome string) string {
	text := fmt.Sprintf("%-4s", outcome)
	switch outcome[0] {
	case '2':
		return a.paint(green, text)
	case '3':
		return a.paint(yellow, text)
	}
	return a.paint(red, text)
}

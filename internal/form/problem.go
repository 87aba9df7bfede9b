package form

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Place is where something stands in a file. Lines and columns count from 1, columns
// and the width in characters.
type Place struct{ Line, Column, Width int }

// Problem is something wrong with a file.
type Problem struct {
	Place

	Path string // of the field, as steps[2].answer.by; "" for the whole file
	What string // is wrong, and how to put it right
}

// FileError is all that is wrong with a file.
type FileError struct {
	File string // its name
	List []Problem

	lines []string
}

// Error shows each problem with its line.
func (p *FileError) Error() string {
	var text strings.Builder
	for i, problem := range p.List {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(p.File)
		if problem.Line > 0 {
			fmt.Fprintf(&text, ":%d:%d", problem.Line, problem.Column)
		}
		if problem.Path != "" {
			text.WriteString(": " + printable(problem.Path))
		}
		text.WriteString(": " + printable(problem.What))
		text.WriteString(p.excerpt(problem.Place))
	}
	return text.String()
}

// excerpt is the line of a place, with a caret below it; "" for a place that is none.
func (p *FileError) excerpt(at Place) string {
	if at.Line < 1 || at.Line > len(p.lines) {
		return ""
	}
	const before, after = 80, 60 // characters that are shown of a long line
	line := []rune(p.lines[at.Line-1])
	column := min(max(at.Column-1, 0), len(line))
	width := max(1, min(at.Width, len(line)-column))
	first := max(0, column-before)
	last := min(len(line), column+width+after)
	var pad strings.Builder
	for _, r := range line[first:column] {
		if r == '\t' {
			pad.WriteRune(r)
			continue
		}
		pad.WriteByte(' ')
	}
	gutter := fmt.Sprintf("%5d | ", at.Line)
	return "\n" + gutter + printable(strings.TrimRight(string(line[first:last]), " ")) +
		"\n" + strings.Repeat(" ", len(gutter)-2) + "| " + pad.String() + strings.Repeat("^", min(width, after))
}

// printable is text without what would upset a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// sorted is the list in the order of the file, each problem once, and no more than a few
// of one value: what is repeated can be wrong in thousands of ways.
func sorted(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	const few = 3
	seen, many := map[Problem]bool{}, map[Place]int{}
	return slices.DeleteFunc(list, func(p Problem) bool {
		p.Path = "" // one place can be reached by several paths
		if seen[p] || many[p.Place] == few {
			return true
		}
		seen[p] = true
		many[p.Place]++
		return false
	})
}

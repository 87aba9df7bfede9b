package expectations

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Seen is what came of a requirement in the run after which a file is rewritten.
type Seen struct {
	ID     string
	Failed bool
	// What says in a few words what was found; it is the reason of a new line.
	What string
}

// ErrForm says that a file is written in a way that cannot be rewritten.
var ErrForm = errors.New("it is written in a way that cannot be rewritten: put each line of a list on lines of its own, in block style")

// Update returns the file's text as it has to be after a run in a dialect: without the lines
// of what passed, with one for each new failure. What stays, stays byte for byte, with its
// reason and the comments above it. Known-flaky lines are never taken out, since one run
// says nothing about them, nor are lines of requirements that seen does not tell of, or of
// another dialect. The error wraps ErrForm: what would not say what it has to is not returned.
func (f *File) Update(seen []Seen, dialect string) ([]byte, error) {
	text := f.rewritten(seen, dialect)
	again, err := Parse(f.Name, text, f.ids)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%w)", f.Name, ErrForm, err)
	}
	for _, s := range seen {
		if line, found := again.Find(s.ID, dialect); found != s.Failed && !line.Flaky {
			return nil, fmt.Errorf("%s: %w (%s)", f.Name, ErrForm, s.ID)
		}
	}
	return text, nil
}

func (f *File) rewritten(seen []Seen, dialect string) []byte {
	drop := map[int]bool{}
	var fresh []Seen
	for _, s := range seen {
		line, known := f.Find(s.ID, dialect)
		switch {
		case s.Failed && !known:
			fresh = append(fresh, s)
		case !s.Failed && known && !line.Flaky:
			for n := f.above(line); n <= line.last; n++ {
				drop[n] = true
			}
		}
	}
	var out []string
	end := f.endOfFailing(drop)
	add := func() {
		for _, s := range fresh {
			out = append(out, f.item(s, dialect)...)
		}
	}
	for i, text := range f.text {
		if !drop[i+1] {
			if i+1 == f.lists[KnownFailing] {
				text = f.heading(text, drop, len(fresh))
			}
			out = append(out, text)
		}
		if i+1 == end {
			add()
		}
	}
	if _, there := f.lists[KnownFailing]; !there && len(fresh) > 0 {
		out = append(out, KnownFailing+":")
		add()
	}
	if len(out) == 0 {
		return nil
	}
	return []byte(strings.Join(out, "\n") + "\n")
}

// heading is the line of the list's name: "[]" goes when the list is given members, and
// comes when it loses them all.
func (f *File) heading(text string, drop map[int]bool, fresh int) string {
	left := slices.ContainsFunc(f.Lines, func(l Line) bool { return !l.Flaky && !drop[l.At] })
	bare := strings.TrimRight(strings.Replace(text, "[]", "", 1), " ")
	if left || fresh > 0 {
		return bare
	}
	if strings.Contains(text, "[]") {
		return text
	}
	return strings.Replace(text, KnownFailing+":", KnownFailing+": []", 1)
}

// above is the number of the first of the comment lines that stand right above a line.
func (f *File) above(l Line) int {
	at := l.At
	for at > 1 && strings.HasPrefix(strings.TrimSpace(f.text[at-2]), "#") && strings.HasPrefix(f.text[at-2], indent(l)) {
		at--
	}
	return at
}

func indent(l Line) string { return strings.Repeat(" ", l.deep) }

// endOfFailing is the number of the line behind which new ones are put: the last of the list.
func (f *File) endOfFailing(drop map[int]bool) int {
	end := f.lists[KnownFailing]
	for _, l := range f.Lines {
		if !l.Flaky && !drop[l.At] {
			end = max(end, l.last)
		}
	}
	return end
}

func (f *File) item(s Seen, dialect string) []string {
	before := "  "
	if i := slices.IndexFunc(f.Lines, func(l Line) bool { return !l.Flaky }); i >= 0 {
		before = indent(f.Lines[i])
	}
	lines := []string{before + "- id: " + s.ID, fmt.Sprintf("%s  reason: %s", before, quoted("not looked into yet: "+s.What))}
	if dialect != "" {
		lines = append(lines, fmt.Sprintf("%s  dialect: %s", before, strconv.Quote(dialect)))
	}
	return lines
}

// quoted is a text as YAML has it between double quotes, in one line of ASCII.
func quoted(text string) string {
	const most = 160 // characters; a reason is for people
	if short := []rune(text); len(short) > most {
		text = string(short[:most]) + "…"
	}
	return strings.ReplaceAll(strconv.QuoteToGraphic(strings.ToValidUTF8(text, "?")), `\x`, `\\x`)
}

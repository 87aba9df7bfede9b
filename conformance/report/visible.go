package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is a text in which nothing is hidden and nothing acts: what is no character stands
// as its picture or number. In one line, a line feed is a picture too; otherwise it is a
// picture and a line feed.
func visible(text string, oneLine bool) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(shown(r, text[i:i+size], oneLine))
		i += size
	}
	return b.String()
}

func shown(r rune, raw string, oneLine bool) string {
	const (
		pictures = 0x2400 // of U+0000 and so on
		del      = 0x7f
	)
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf("⟨%02x⟩", raw[0])
	case r == '\n' && !oneLine:
		return "␊\n"
	case r < ' ':
		return string(pictures + r)
	case r == del:
		return "␡"
	case unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && r != '\u00a0':
		return raw
	}
	return fmt.Sprintf("⟨U+%04X⟩", r)
}

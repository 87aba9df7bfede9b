package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is a text in which nothing is hidden and nothing acts: a byte that is no character,
// or only moves the cursor, stands as its number, ⟨1b⟩; a character that is not to be seen
// likewise, ⟨U+202E⟩; and a line feed as ↵, behind which the line ends unless all is to be in
// one line. These are signs that every font has; there are pictures of control characters,
// which few have.
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
	const del = 0x7f
	switch {
	case r == '\n' && oneLine:
		return "↵"
	case r == '\n':
		return "↵\n"
	case r == utf8.RuneError && len(raw) == 1, r < ' ', r == del:
		return fmt.Sprintf("⟨%02x⟩", raw[0])
	case unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && r != '\u00a0':
		return raw
	}
	return fmt.Sprintf("⟨U+%04X⟩", r)
}

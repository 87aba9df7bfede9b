package pseudonyms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/internal/ids"
)

const (
	vowels     = "aeiou"
	consonants = "bcdfghjklmnpqrstvwxyz"
	hexLetters = "abcdef"
	letters    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits     = "0123456789"
)

// scramble puts other letters and digits in the place of each, vowels for vowels, and
// leaves what is neither: Dana Desk becomes Keso Rumt. What was hexadecimal stays so.
func scramble(s string, from *ids.Source) string {
	random := make([]byte, utf8.RuneCountInString(s))
	_, _ = from.Read(random) // documented never to fail
	hexadecimal := isHex(s)
	var b strings.Builder
	b.Grow(len(s))
	i := 0
	for _, r := range s {
		b.WriteRune(other(r, random[i], hexadecimal))
		i++
	}
	made := b.String()
	if s != "" && allDigits(s) && s[0] != '0' && made[0] == '0' {
		return "9" + made[1:] // as a number it has as many digits
	}
	return made
}

func other(r rune, random byte, hexadecimal bool) rune {
	pick := func(set string) rune { return rune(set[int(random)%len(set)]) }
	lower := unicode.ToLower(r)
	var made rune
	switch {
	case r >= '0' && r <= '9':
		return pick(digits)
	case hexadecimal && lower >= 'a' && lower <= 'f':
		made = pick(hexLetters)
	case r < utf8.RuneSelf && strings.ContainsRune(vowels, lower):
		made = pick(vowels)
	case unicode.IsLetter(r):
		made = pick(consonants)
	case r < utf8.RuneSelf || unicode.IsSpace(r):
		return r
	default:
		return '*'
	}
	if unicode.IsUpper(r) {
		return unicode.ToUpper(made)
	}
	return made
}

// isHex tells that the letters and digits are hexadecimal, and that there is a digit:
// Ada is a name.
func isHex(s string) bool {
	digit := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == '-', c == '_':
		default:
			return false
		}
	}
	return digit
}

const lorem = "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. "

// filler is text of as many characters.
func filler(s string) string {
	n := utf8.RuneCountInString(s)
	return strings.Repeat(lorem, n/len(lorem)+1)[:n]
}

// word is a made-up one, of small letters.
func word(n int, from *ids.Source) string {
	random := make([]byte, n)
	_, _ = from.Read(random) // documented never to fail
	for i, b := range random {
		random[i] = 'a' + b%26
	}
	return string(random)
}

// numerals are n made-up digits.
func numerals(n int, from *ids.Source) string {
	random := make([]byte, n)
	_, _ = from.Read(random) // documented never to fail
	for i, b := range random {
		random[i] = '0' + b%10
	}
	return string(random)
}

package pseudonyms

import (
	"strings"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// A telephone number has this many digits. Shorter ones are extensions, feature codes
// and the like, which tell of nobody outside their account.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// number replaces the digits of a telephone number however it is written, and leaves
// what stands between them. ok is false for what has too few digits, or too many.
//
// Numbers of North America get the area code 555, which nobody has; those of other
// countries the country code 999, which none has. They are the same with and without
// what is dialled before them.
func (p *Pseudonyms) number(s string) (replaced string, ok bool) {
	var b strings.Builder
	for i := range len(s) {
		if isDigit(s[i]) {
			b.WriteByte(s[i])
		}
	}
	found := b.String()
	if len(found) < fewestDigits || len(found) > mostDigits {
		return s, false
	}
	made := p.dialled(found, strings.HasPrefix(s, "+"))
	out := []byte(s)
	next := 0
	for i := range out {
		if isDigit(out[i]) {
			out[i] = made[next]
			next++
		}
	}
	return string(out), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// dialled replaces digits by as many.
func (p *Pseudonyms) dialled(d string, international bool) string {
	northAmerican := len(d) == 10 && d[0] >= '2'
	switch {
	case !international && northAmerican:
		return p.northAmerican(d)
	case len(d) == 11 && d[0] == '1' && d[1] >= '2':
		return "1" + p.northAmerican(d[1:])
	case !international && strings.HasPrefix(d, "011") && len(d) >= 10:
		return "011" + p.dialled(d[3:], true)
	case !international && strings.HasPrefix(d, "00") && len(d) >= 9:
		return "00" + p.dialled(d[2:], true)
	case international, len(d) >= 11:
		return p.assign("international", d, func(from *ids.Source) string { return "999" + numerals(len(d)-3, from) })
	}
	return p.assign("local", d, func(from *ids.Source) string {
		made := []byte(numerals(len(d), from))
		switch {
		case d[0] == '0': // dialled before a national number
			made[0] = '0'
		case made[0] < '2':
			made[0] = '2'
		}
		return string(made)
	})
}

func (p *Pseudonyms) northAmerican(d string) string {
	return p.assign("north american", d, func(from *ids.Source) string {
		made := []byte("555" + numerals(7, from))
		if made[3] < '2' {
			made[3] += 2 // an exchange begins with 2 to 9
		}
		return string(made)
	})
}

package kapi

import "regexp"

var (
	northAmerican = regexp.MustCompile(`^(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$`)
	dialledAbroad = regexp.MustCompile(`^(?:011|00)([0-9]+)$`)
	withoutPlus   = regexp.MustCompile(`^[2-9][0-9]{7,}$`)
)

// E164 normalises a number as the reference does by default
// (knm_converter_regex): a North American one gets +1, the prefixes 011 and 00
// and a missing plus become a plus; anything else stays.
func E164(number string) string {
	if m := northAmerican.FindStringSubmatch(number); m != nil {
		return "+1" + m[1]
	}
	if m := dialledAbroad.FindStringSubmatch(number); m != nil {
		return "+" + m[1]
	}
	if withoutPlus.MatchString(number) {
		return "+" + number
	}
	return number
}

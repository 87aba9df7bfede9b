package crossbar

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// wholeNumber reads a request value as kz_term:to_integer/1 does. ok is false for
// what is no number, and for one beyond 18 digits, which the reference would take.
func wholeNumber(value any) (n int64, ok bool) {
	const largest = 1e18
	n, ok = jobj.Integer(value)
	if n <= -largest || n >= largest {
		return 0, false
	}
	return n, ok
}

package lab

import (
	"bytes"
	"fmt"
)

// An event's number stands in its Call-ID, which hooks of every format receive, and
// with it wherever the event names its call.
const (
	numberMark   = "labevent-"
	numberDigits = 9
)

func callID(n int) string { return fmt.Sprintf("%s%0*d", numberMark, numberDigits, n) }

// Number finds the number of the event that a text tells of: a message, what a hook
// received, or an attempt's record of it.
func Number(text []byte) (n int, found bool) {
	at := bytes.Index(text, []byte(numberMark))
	if at < 0 || len(text) < at+len(numberMark)+numberDigits {
		return 0, false
	}
	for _, digit := range text[at+len(numberMark):][:numberDigits] {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = 10*n + int(digit-'0')
	}
	return n, true
}

// stamp writes a number wherever text has one.
func stamp(text []byte, n int) {
	id := []byte(callID(n))
	for at := bytes.Index(text, []byte(numberMark)); at >= 0; {
		copy(text[at:], id)
		next := bytes.Index(text[at+len(id):], []byte(numberMark))
		if next < 0 {
			return
		}
		at += len(id) + next
	}
}

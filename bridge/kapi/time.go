package kapi

import "time"

// GregorianOffset is the number of seconds from year 0, where Kazoo's times
// begin, to the Unix epoch.
const GregorianOffset = 62167219200

// Gregorian is t in Kazoo's seconds, rounded down.
func Gregorian(t time.Time) int64 { return t.Unix() + GregorianOffset }

// GregorianCeil is t in Kazoo's seconds, rounded up, as the switch fills
// Timestamp (mod_kazoo, kazoo_message.c).
func GregorianCeil(t time.Time) int64 {
	s := Gregorian(t)
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}

// FromGregorian is the time of Kazoo's seconds, in UTC.
func FromGregorian(seconds int64) time.Time {
	return time.Unix(seconds-GregorianOffset, 0).UTC()
}

package judge

import (
	"strconv"
	"strings"
	"time"
)

// epoch is 1970 in Gregorian seconds, which Kazoo counts from the year 0.
const epoch = 62167219200

// encode writes one segment of a routing key (kz_amqp_util:encode/1).
func encode(s string) string {
	if s == "" || s == "*" || s == "#" {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '~', c == '_':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			const digits = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func hasOnlyHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isHex reports whether s is n hexadecimal digits, in lower case.
func isHex(s string, n int) bool { return len(s) == n && hasOnlyHex(s) }

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		hasOnlyHex(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])
}

// isMonthly reports whether s is the id of a document of a month: 202403-, then 32
// hexadecimal digits.
func isMonthly(s string) bool { return len(s) == 39 && monthOf(s) != "" && isHex(s[7:], 32) }

// monthOf is the month that an id begins with, as 202403; "" when it does with none.
func monthOf(id string) string {
	if len(id) < 8 || id[6] != '-' || !isDigits(id[:6]) || id[4:6] < "01" || id[4:6] > "12" {
		return ""
	}
	return id[:6]
}

// isNode reports whether s is an Erlang node's name, name@host.
func isNode(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.Contains(host, "@")
}

// isE164 reports whether s is a number as the whole telephone network knows it.
func isE164(s string) bool { return len(s) > 1 && s[0] == '+' && isDigits(s[1:]) }

// isAddress reports whether s is user@host[:port], without a scheme.
func isAddress(s string) bool {
	i := strings.LastIndexByte(s, '@')
	return i > 0 && i < len(s)-1 && !strings.HasPrefix(s, "sip:") && !strings.HasPrefix(s, "sips:") && !strings.ContainsAny(s, "<>")
}

// interactionTime is the time in a Call-Interaction-ID, in Gregorian seconds: eleven
// digits, a hyphen, eight hexadecimal ones.
func interactionTime(id string) (int64, bool) {
	if len(id) != 20 || id[11] != '-' || !isDigits(id[:11]) || !isHex(id[12:], 8) {
		return 0, false
	}
	n, err := strconv.ParseInt(id[:11], 10, 64)
	return n, err == nil
}

// ceilSeconds is the Gregorian second in which, or at whose end, some microsecond of
// Unix time is.
func ceilSeconds(micros int64) int64 {
	return (micros+int64(time.Second/time.Microsecond)-1)/int64(time.Second/time.Microsecond) + epoch
}

// accountOfDB is whose database it is, and of which month, if of one; ok is false for
// what is no account's.
func accountOfDB(db string) (account, month string, ok bool) {
	rest, found := strings.CutPrefix(db, "account%2F")
	if !found || len(rest) < 38 || rest[2:5] != "%2F" || rest[7:10] != "%2F" {
		return "", "", false
	}
	rest = rest[:2] + rest[5:7] + rest[10:]
	account, month, monthly := strings.Cut(rest, "-")
	if !isHex(account, 32) || monthly && monthOf(month+"-0") != month {
		return "", "", false
	}
	return account, month, true
}

// isDatabase reports whether a name is as it stands on the wire: encoded, an account's
// not in its raw form.
func isDatabase(db string) bool {
	raw, _, _ := strings.Cut(db, "-")
	if db == "" || strings.Contains(db, "/") || strings.Contains(db, "%2f") || isHex(raw, 32) {
		return false
	}
	if strings.HasPrefix(db, "account%2F") {
		_, _, ok := accountOfDB(db)
		return ok || isYearly(db)
	}
	return true
}

func isYearly(db string) bool {
	year := strings.LastIndexByte(db, '-')
	if year < 0 || len(db)-year != 5 || !isDigits(db[year+1:]) {
		return false
	}
	_, month, ok := accountOfDB(db[:year])
	return ok && month == ""
}

// hostOf is what stands behind the first @, userOf what stands before it.
func hostOf(address string) string {
	_, host, _ := strings.Cut(address, "@")
	return host
}

func userOf(address string) string {
	user, _, _ := strings.Cut(address, "@")
	return user
}

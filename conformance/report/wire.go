package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/results"
)

// mark is what stands before an entry of the wire: what it is, and its direction, which is
// ">" to the target and "<" from it.
func mark(kind capture.Kind) string {
	switch kind {
	case capture.Published:
		return "message>"
	case capture.Delivered:
		return "message<"
	case capture.HookRequest:
		return "hook request<"
	case capture.HookAnswer:
		return "hook response>"
	case capture.SocketOpen:
		return "socket opened<"
	case capture.SocketRefused:
		return "socket refused<"
	case capture.SocketSent:
		return "frame>"
	case capture.SocketGot:
		return "frame<"
	case capture.SocketClosed:
		return "socket closed"
	case capture.RestRequest:
		return "request>"
	case capture.RestAnswer:
		return "response<"
	case capture.RestFailed:
		return "no response"
	case capture.RawSent:
		return "bytes>"
	case capture.RawGot:
		return "bytes<"
	case capture.RawClosed:
		return "connection closed"
	case capture.WaitedOut:
		return "waited in vain"
	case capture.Note, capture.Began, capture.Ended:
		return string(kind)
	}
	return string(kind)
}

// since is a time since the group began, in milliseconds.
func since(micros int64) string {
	return fmt.Sprintf("+%.1f ms", float64(micros)/float64(time.Millisecond.Microseconds()))
}

// title is who, and the first line.
func title(e results.Entry) string {
	return strings.TrimSpace(visible(e.Name, true) + "  " + visible(e.Head, true))
}

// took is a length of time for people.
func took(millis int64) string {
	d := time.Duration(millis) * time.Millisecond
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// part says which part of a whole is shown, or nothing when it is all of it.
func part(b *results.Bytes) string {
	if !b.Cut() {
		return ""
	}
	return fmt.Sprintf("bytes %s to %s of %s", grouped(b.From), grouped(b.From+len(b.Data)), grouped(b.Size))
}

// grouped is a number with a comma before every three digits.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// firstDifference says where two differ first, and by which bytes, or "" when it is not to be seen.
func firstDifference(expected, actual *results.Bytes) string {
	at := 0
	for at < len(expected.Data) && at < len(actual.Data) && expected.Data[at] == actual.Data[at] {
		at++
	}
	if at >= len(expected.Data) && at >= len(actual.Data) {
		return ""
	}
	return fmt.Sprintf("differs at byte %s: expected %s, actual %s", grouped(expected.From+at), name(expected, at), name(actual, at))
}

func name(b *results.Bytes, at int) string {
	if at >= len(b.Data) {
		return "the end"
	}
	c := b.Data[at]
	if c > ' ' && c < 0x7f {
		return fmt.Sprintf("%02x %q", c, c)
	}
	return fmt.Sprintf("%02x", c)
}

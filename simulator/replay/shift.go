package replay

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/capture"
)

// Shift moves the times in messages by whole seconds, so that those which follow from one
// another still do: Timestamp is Msg-ID rounded up. It knows the fields that hold times,
// the ids of interactions, and the months in names of databases and ids of documents.
func Shift(by time.Duration) Alteration {
	s := &shift{by: by.Truncate(time.Second), months: regexp.MustCompile(months)}
	return s.message
}

type shift struct {
	by     time.Duration
	months *regexp.Regexp
}

// months are those of databases, encoded or not, and of documents in them.
const months = `(account(?:/|%2[Ff]|%252[Ff])[0-9a-f]{2}(?:/|%2[Ff]|%252[Ff])[0-9a-f]{2}(?:/|%2[Ff]|%252[Ff])[0-9a-f]{28}-)([0-9]{6})\b` +
	`|\b([0-9a-f]{32}-)([0-9]{6})\b` +
	`|\b([0-9]{6})(-[0-9a-f]{32})\b`

func (s *shift) message(at time.Time, m capture.Message) capture.Message {
	if text, ok := capture.Unpack(m); ok {
		if v, err := jobj.Parse(text); err == nil {
			moved := &moving{shift: s, at: at}
			if v = moved.value("", v); moved.changed {
				m.Body = capture.Pack(m.ContentEncoding, jobj.Append(nil, v))
			}
		}
	}
	m.Key = s.monthsIn(at, m.Key)
	m.Headers = onText(m.Headers, func(text string) string { return s.monthsIn(at, text) })
	if m.Timestamp != 0 {
		m.Timestamp += s.by.Microseconds()
	}
	return m
}

// monthsIn moves the months in a text, by as many as the message's own.
func (s *shift) monthsIn(at time.Time, text string) string {
	if !strings.Contains(text, "-") {
		return text
	}
	by := month(at.Add(s.by)) - month(at)
	if by == 0 {
		return text
	}
	return s.months.ReplaceAllStringFunc(text, func(found string) string {
		parts := s.months.FindStringSubmatch(found)
		for _, at := range []int{2, 4} {
			if parts[at] != "" {
				return parts[at-1] + moveMonth(parts[at], by)
			}
		}
		return moveMonth(parts[5], by) + parts[6]
	})
}

// month counts months.
func month(t time.Time) int { return t.UTC().Year()*12 + int(t.UTC().Month()) - 1 }

// moveMonth moves a month that is written as 202401; what is none stays.
func moveMonth(text string, by int) string {
	n, _ := strconv.Atoi(text)
	year, of := n/100, n%100
	if year < 1970 || year > 2200 || of < 1 || of > 12 {
		return text
	}
	moved := year*12 + of - 1 + by
	return fmt.Sprintf("%04d%02d", moved/12, moved%12+1)
}

// moving goes through one message.
type moving struct {
	*shift
	at      time.Time
	changed bool
}

func (m *moving) value(field string, v any) any {
	switch v := v.(type) {
	case jobj.Object:
		for i := range v {
			v[i].Value = m.value(v[i].Key, v[i].Value)
		}
		return v
	case []any:
		for i := range v {
			v[i] = m.value(field, v[i])
		}
		return v
	case string:
		return m.note(v, m.text(field, v))
	case json.Number:
		if holdsTime(field) {
			return json.Number(m.note(v.String(), m.time(v.String())))
		}
	}
	return v
}

func (m *moving) note(was, is string) string {
	m.changed = m.changed || was != is
	return is
}

func (m *moving) text(field, s string) string {
	seconds, key, _ := strings.Cut(s, "-")
	switch {
	case holdsTime(field) && m.time(s) != s:
		return m.time(s)
	case len(seconds) == 11 && len(key) == 8 && strings.Trim(key, "0123456789abcdef") == "": // of an interaction
		return m.time(seconds) + "-" + key
	}
	return m.monthsIn(m.at, s)
}

// time moves Gregorian seconds, Unix seconds and Unix microseconds, as they are near the
// message's own moment; everything else stays.
func (m *moving) time(s string) string {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s
	}
	const near = 20 * 365 * 24 * time.Hour
	for _, as := range []struct {
		moment time.Time
		by     int64
	}{
		{kapi.FromGregorian(n), int64(m.by / time.Second)},
		{time.Unix(n, 0), int64(m.by / time.Second)},
		{time.UnixMicro(n), m.by.Microseconds()},
	} {
		if as.moment.Sub(m.at).Abs() < near {
			return strconv.FormatInt(n+as.by, 10)
		}
	}
	return s
}

// holdsTime tells which fields hold times.
func holdsTime(field string) bool {
	switch name := strings.ToLower(strings.ReplaceAll(field, "-", "_")); name {
	case "msg_id", "timestamp", "date_created", "date_modified", "due_date", "created", "modified", "pvt_created", "pvt_modified",
		"expiration", "_id":
		return true
	default:
		return strings.HasSuffix(name, "_timestamp") || strings.HasSuffix(name, "_time")
	}
}

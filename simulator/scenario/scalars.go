package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/internal/receiver"
)

// longest is how long anything in a story may last.
const longest = 366 * 24 * time.Hour

// Duration is a time span such as 200ms, 3s or 1m30s.
type Duration time.Duration

// Parse is that of form.Scalar.
func (d *Duration) Parse(text string) error {
	value, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no time span; write it with its unit: 200ms, 3s, 1m30s", text)
	case value < 0:
		return fmt.Errorf("%s is before the beginning; time runs forward only", text)
	case value > longest:
		return fmt.Errorf("%s is longer than a year", text)
	}
	*d = Duration(value)
	return nil
}

// Keywords are those of form.Scalar.
func (*Duration) Keywords() jobj.Object {
	return pattern(`^([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))*$`)
}

// or is the span, or another where there is none.
func (d *Duration) or(otherwise time.Duration) time.Duration {
	if d == nil || *d == 0 {
		return otherwise
	}
	return time.Duration(*d)
}

func pattern(text string) jobj.Object { return jobj.Object{{Key: "pattern", Value: text}} }

// Moment is a moment such as 2026-03-12T14:24:34Z.
type Moment time.Time

// Parse is that of form.Scalar.
func (m *Moment) Parse(text string) error {
	value, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("%q is no moment; write it as 2026-03-12T14:24:34Z", text)
	}
	if year := value.UTC().Year(); year < 1970 || year > 2200 { // beyond, what is counted in microseconds overflows
		return fmt.Errorf("%q is not between 1970 and 2200", text)
	}
	*m = Moment(value.UTC())
	return nil
}

// Keywords are those of form.Scalar.
func (*Moment) Keywords() jobj.Object {
	return pattern(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)
}

// words are what a text must be: a pattern, and how to write it.
type words struct{ pattern, fix string }

func (w words) parse(text string, into *string) error {
	if !regexp.MustCompile(w.pattern).MatchString(text) {
		return errors.New(strings.ReplaceAll(w.fix, "TEXT", fmt.Sprintf("%q", text)))
	}
	*into = text
	return nil
}

// Label is a name that the story gives.
type Label string

func (*Label) words() words {
	return words{form.NamePattern, `TEXT is no name; it begins with a letter, and has letters, digits, - and _`}
}

// Parse is that of form.Scalar.
func (l *Label) Parse(text string) error { return l.words().parse(text, (*string)(l)) }

// Keywords are those of form.Scalar.
func (l *Label) Keywords() jobj.Object { return pattern(l.words().pattern) }

// PhoneNumber is a number in E.164.
type PhoneNumber string

func (*PhoneNumber) words() words {
	return words{`^\+[1-9][0-9]{6,14}$`, `TEXT is no number in E.164; write it as "+14155550100"`}
}

// Parse is that of form.Scalar.
func (n *PhoneNumber) Parse(text string) error { return n.words().parse(text, (*string)(n)) }

// Keywords are those of form.Scalar.
func (n *PhoneNumber) Keywords() jobj.Object { return pattern(n.words().pattern) }

// Digits are an extension.
type Digits string

func (*Digits) words() words {
	return words{`^[0-9]{2,10}$`, `TEXT is no extension; it has two to ten digits, as "1001"`}
}

// Parse is that of form.Scalar.
func (d *Digits) Parse(text string) error { return d.words().parse(text, (*string)(d)) }

// Keywords are those of form.Scalar.
func (d *Digits) Keywords() jobj.Object { return pattern(d.words().pattern) }

// Keys are keys of a telephone.
type Keys string

func (*Keys) words() words {
	return words{`^[0-9*#A-D]{1,64}$`, `TEXT are no keys; there are the digits, * and #, as "12#"`}
}

// Parse is that of form.Scalar.
func (k *Keys) Parse(text string) error { return k.words().parse(text, (*string)(k)) }

// Keywords are those of form.Scalar.
func (k *Keys) Keywords() jobj.Object { return pattern(k.words().pattern) }

// Slot is where a call is parked.
type Slot string

func (*Slot) words() words {
	return words{`^[0-9*#]{1,12}$`, `TEXT is no slot; write what is dialled for it, as "*3101"`}
}

// Parse is that of form.Scalar.
func (s *Slot) Parse(text string) error { return s.words().parse(text, (*string)(s)) }

// Keywords are those of form.Scalar.
func (s *Slot) Keywords() jobj.Object { return pattern(s.words().pattern) }

// Answers is a script of a receiver's answers.
type Answers string

// Parse is that of form.Scalar.
func (a *Answers) Parse(text string) error {
	if _, err := receiver.ParseScript(text); err != nil {
		return err
	}
	*a = Answers(text)
	return nil
}

// Keywords are those of form.Scalar.
func (*Answers) Keywords() jobj.Object {
	return pattern(`^ *([2-5][0-9]{2}|slow:[0-9a-zµ.]+|drop|redirect:.+)(x[0-9]+)?( *, *([2-5][0-9]{2}|slow:[0-9a-zµ.]+|drop|redirect:.+)(x[0-9]+)?)* *$`)
}

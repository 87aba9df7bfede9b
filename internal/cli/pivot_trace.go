package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/pivot/session"
)

// What is shown of a call.
const (
	traceFull  = "full"
	traceBrief = "brief"
	traceNone  = "none"
)

// tracer prints a call as it goes.
type tracer struct {
	*app

	trace   string
	request *session.Entry // for which there is no answer yet
	answer  string         // the latest

	lines   []string // of that answer, once there is a mistake in it
	at      int      // the line that letters are of
	letters []rune
}

// Widths of what is printed side by side, in characters.
const (
	leftWidth  = 56
	rightWidth = 68
	mostLines  = 60
)

func (t *tracer) begin(script *caller.Script) {
	if t.trace != traceNone {
		t.printf("%s\n", t.paint(bold, fmt.Sprintf("%s: %s calls %s", script.Title, script.From, script.To)))
	}
}

// entry prints one. A request waits for its answer, to stand beside it.
func (t *tracer) entry(e *session.Entry) {
	switch {
	case t.trace == traceNone:
	case e.Kind == session.Asks:
		t.flush()
		t.request = e
	case e.Kind == session.Answers && t.request != nil && t.request.Request.Number != e.Answer.Number: // a report's, late
		t.printf("%8s  %-9s  to request %d: %s\n", at(e.At), "answer", e.Answer.Number, visible(e.Answer.Outcome()))
	case e.Kind == session.Answers:
		t.exchange(e)
	default:
		t.line(e)
	}
}

// flush prints a request that nobody has answered.
func (t *tracer) flush() {
	if t.request != nil {
		t.exchange(&session.Entry{At: t.request.At, Answer: &session.Answer{Failed: "no answer"}})
	}
}

// line prints what is said in one.
func (t *tracer) line(e *session.Entry) {
	full := t.trace == traceFull
	what, text := "", e.Text
	switch e.Kind { //nolint:exhaustive // requests and answers are an exchange
	case session.Did:
		what = "caller"
		if e.Act != nil && e.Act.HangUp != "" {
			what = e.Act.HangUp
		}
	case session.Hears:
		what, text = "hears", fmt.Sprintf("%s %q", e.Sound.Kind, e.Sound.Text)
	case session.Silent:
		if e.Why == "" || !full {
			return
		}
		what, text = "", fmt.Sprintf("%q ends", e.Sound.Text)
	case session.Takes:
		what = "why"
	case session.Begins:
		if !full {
			return
		}
		what = "flow"
	case session.Goes:
		what = "flow"
	case session.Waits:
		what = "flow"
	case session.Rings:
		what = "telephone"
	case session.Commands:
		if !full {
			return
		}
		what = "command"
	case session.Stores:
		what = "recording"
	case session.Notes:
		what = "note"
		if len(e.Findings) > 0 {
			text = t.finding(e.Findings[0])
		}
	case session.Mistakes:
		what, text = "MISTAKE", t.finding(e.Findings[0])+t.excerpt(e.Findings[0])
	case session.Fails:
		what, text = "FAILED", t.paint(red, e.Text)
	case session.Ends:
		what = "end"
	}
	if e.Why != "" {
		text += " (" + e.Why + ")"
	}
	t.printf("%8s  %-9s  %s\n", at(e.At), what, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 21)))
}

// finding is a mistake, or where Kazoo does the unexpected.
func (t *tracer) finding(f session.Finding) string {
	text := f.Rule
	if f.Line > 0 {
		text = t.paint(yellow, fmt.Sprintf("line %d, column %d: ", f.Line, f.Column)) + text
	}
	if f.Quirk != "" {
		text += " [" + f.Quirk + "]"
	}
	return text
}

// excerpt is the line of an answer in which a mistake is, with a mark below it.
func (t *tracer) excerpt(f session.Finding) string {
	const before, after = 50, 40 // characters of a long line
	letters := t.lettersOf(f.Line)
	if letters == nil {
		return ""
	}
	column := min(max(f.Column-1, 0), len(letters))
	head, tail := visible(string(letters[max(0, column-before):column])), visible(string(letters[column:min(len(letters), column+after)]))
	return fmt.Sprintf("\n  %d | %s\n  %s | %s^", f.Line, head+tail, strings.Repeat(" ", len(strconv.Itoa(f.Line))), strings.Repeat(" ", len([]rune(head))))
}

// lettersOf are those of a line of the answer; nil where it has no such line. They are kept, because a
// large answer in one line may have thousands of mistakes.
func (t *tracer) lettersOf(line int) []rune {
	if t.lines == nil {
		t.lines = strings.Split(strings.ReplaceAll(t.answer, "\r\n", "\n"), "\n")
	}
	if line < 1 || line > len(t.lines) {
		return nil
	}
	if t.at != line {
		t.at, t.letters = line, []rune(strings.ReplaceAll(t.lines[line-1], "\t", " "))
	}
	return t.letters
}

func at(s session.Span) string { return fmt.Sprintf("%.2fs", time.Duration(s).Seconds()) }

// exchange prints a request and its answer side by side.
func (t *tracer) exchange(e *session.Entry) {
	r := t.request
	t.request = nil
	if r == nil || r.Request == nil {
		return
	}
	left := []string{fmt.Sprintf("request %d: %s %s", r.Request.Number, r.Request.Method, withoutQuery(r.Request.URL))}
	if t.trace == traceFull {
		for _, m := range r.Request.Params {
			left = append(left, "  "+m.Key+": "+visible(value(m.Value)))
		}
	}
	if !e.Answer.Report {
		t.answer, t.lines, t.at = e.Answer.Body, nil, 0
	}
	outcome := visible(e.Answer.Outcome())
	if i := slices.IndexFunc(e.Answer.Header, func(h [2]string) bool { return strings.EqualFold(h[0], "content-type") }); i >= 0 {
		outcome += ", " + visible(e.Answer.Header[i][1])
	}
	right := append([]string{"answer: " + outcome}, bodyLines(e.Answer.Body)...)
	left, right = folded(left, leftWidth), folded(right, rightWidth)
	for i := range max(len(left), len(right)) {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		when := ""
		if i == 0 {
			when = at(e.At)
		}
		t.printf("%8s  %s\n", when, strings.TrimRight(fmt.Sprintf("%s%s | %s", l, strings.Repeat(" ", max(0, leftWidth-len([]rune(l)))), r), " "))
	}
}

func withoutQuery(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return url
}

func value(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return string(jobj.Append(nil, v))
}

// Of an answer with more bytes than large, the first page is shown as it stands.
const (
	large = 64 << 10
	page  = mostLines * rightWidth
)

// bodyLines are an answer's, for people: JSON that stands in one line is put into several. It is
// cut before all else, because an answer may have megabytes, of which a page is shown.
func bodyLines(body string) []string {
	text := strings.TrimRight(body, "\r\n")
	if text == "" {
		return nil
	}
	more := ""
	if len(text) > large {
		cut := page
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		more = fmt.Sprintf("… and %s more", session.Counted(len(text)-cut, "byte"))
		text = text[:cut]
	}
	text = indented(text)
	lines := strings.SplitN(text, "\n", mostLines+1)
	switch {
	case len(lines) <= mostLines:
	case more == "":
		more = fmt.Sprintf("… and %s more", session.Counted(1+strings.Count(lines[mostLines], "\n"), "line"))
		fallthrough
	default:
		lines = lines[:mostLines]
	}
	for i, line := range lines {
		lines[i] = visible(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
	}
	if more != "" {
		lines = append(lines, more)
	}
	return lines
}

// indented puts JSON that stands in one line into several; other text stays.
func indented(text string) string {
	var several bytes.Buffer
	if !strings.Contains(text, "\n") && json.Indent(&several, []byte(text), "", "  ") == nil {
		return several.String()
	}
	return text
}

// folded are lines none of which is longer than a width, no more than a page of them.
func folded(lines []string, width int) (all []string) {
	const indent, most = "    ", 2 * mostLines
	for _, line := range lines {
		letters := []rune(line)
		for begin := ""; len(all) <= most; begin = indent {
			room := width - len(begin)
			if len(letters) <= room {
				all = append(all, begin+string(letters))
				break
			}
			all = append(all, begin+string(letters[:room]))
			letters = letters[room:]
		}
	}
	if len(all) > most {
		all = append(all[:most:most], "…")
	}
	return all
}

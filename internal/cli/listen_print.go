package cli

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
	"github.com/kazoolab/kazoolab/internal/receiver"
)

// requestPrinter prints the requests that listen receives. Nothing in a request can
// move the cursor or begin a line.
type requestPrinter struct {
	*app
	secrets []signature.Secret // none: signatures are not looked at
}

func (p requestPrinter) line(r receiver.Request) {
	p.printf("%s  %-4s  %-8.8s  %-16s  %s  %6d ms%s\n", r.Received.Format("15:04:05.000"), r.Method,
		orDash(visible(r.HookID())), orDash(visible(r.Event())), p.paintOutcome(r.Outcome), r.Took.Milliseconds(), p.signed(r))
}

func (p requestPrinter) withBody(r receiver.Request) {
	p.line(r)
	for _, f := range r.Fields() {
		p.printf("    %s = %s\n", visible(f.Key), unquoted(f.Value))
	}
}

// signed is what a line says of the signature.
func (p requestPrinter) signed(r receiver.Request) string {
	switch reason := p.unsigned(r); {
	case len(p.secrets) == 0:
		return ""
	case reason != "":
		return "  " + p.paint(red, "not valid: "+visible(reason))
	}
	return "  " + p.paint(green, "signed")
}

// unsigned says why a request is not to be trusted, "" when it is.
func (p requestPrinter) unsigned(r receiver.Request) string {
	if len(p.secrets) == 0 {
		return ""
	}
	_, _, err := messageOf(r.Method, r.Target, r.Header, r.Body).Verify(p.secrets, r.Received, signature.Tolerance)
	if err != nil {
		return err.Error()
	}
	return ""
}

// requestReport is a request as a line of JSON.
type requestReport struct {
	Time      time.Time         `json:"time"`
	Method    string            `json:"method"`
	Target    string            `json:"target"`
	HookID    string            `json:"hook_id,omitempty"`
	AccountID string            `json:"account_id,omitempty"`
	Event     string            `json:"event,omitempty"`
	Answered  string            `json:"answered"`
	Millis    int64             `json:"ms"`
	Headers   map[string]string `json:"headers"`
	Body      string            `json:"body"`
	// Signed and NotSigned are there with --secret.
	Signed    *bool  `json:"signed,omitempty"`
	NotSigned string `json:"not_signed,omitempty"`
}

func (p requestPrinter) json(r receiver.Request) {
	headers := map[string]string{}
	for name := range r.Header {
		headers[name] = r.Header.Get(name)
	}
	report := requestReport{
		Time: r.Received, Method: r.Method, Target: r.Target, HookID: r.HookID(), AccountID: r.AccountID(),
		Event: r.Event(), Answered: r.Outcome, Millis: r.Took.Milliseconds(), Headers: headers, Body: string(r.Body),
	}
	if len(p.secrets) > 0 {
		report.NotSigned = p.unsigned(r)
		signed := report.NotSigned == ""
		report.Signed = &signed
	}
	if err := p.printLine(report); err != nil {
		p.say("a request cannot be printed: %v", err)
	}
}

// visible is text from outside as a person can be shown it.
func visible(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return unquoted(text)
	}
	return text
}

// unquoted is text as Go writes it, but for the quotes around.
func unquoted(text string) string {
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

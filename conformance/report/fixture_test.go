package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/expectations"
	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func began() time.Time { return time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC) }

func facts() capture.Facts {
	return capture.Facts{
		Target: "cluster one", Dialect: "5.0", Features: []string{suite.Bus, suite.Hooks},
		Absent: []capture.Lack{{Feature: suite.Clock, Offered: true, Why: "no clock API, and --real-waits was not given"}},
		Began:  began(), Harness: "1.0.0", Seed: "42", REST: "http://127.0.0.1:8000/v2",
	}
}

// hostile is what a receiver or a target may send to those who read reports.
const hostile = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\x1b[31mred\x1b]0;title\x07 ]]> `````` | \u202e\x00"

// log is one of a group in which hooks are told of a call.
func log() capture.File {
	entries := []capture.Entry{
		{Kind: capture.Began, Name: "How an event is encoded"},
		{Kind: capture.RestRequest, Name: "make the hook", Head: "PUT /v2/accounts/0123/webhooks HTTP/1.1", Header: []capture.Field{{Name: "X-Auth-Token", Value: "<token-1>"}}, Body: []byte(`{"data":{"name":"a+b"}}`)},
		{Kind: capture.RestAnswer, Name: "make the hook", Head: "201", Body: []byte(`{"status":"success"}`), Ref: 2},
		{Kind: capture.Published, Head: "callevt call.CHANNEL_CREATE.a", Body: []byte(`{"Event-Name":"CHANNEL_CREATE"}`)},
		{Kind: capture.HookRequest, Name: "form", Head: "POST / HTTP/1.1", Header: []capture.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, Body: []byte("name=a%20b&call_id=1")},
		{Kind: capture.HookAnswer, Name: "form", Head: "200", Ref: 5},
		{Kind: capture.HookRequest, Name: "raw", Head: "POST / HTTP/1.1", Body: []byte("\xff\xfe\x00binary")},
		{Kind: capture.HookRequest, Name: "large", Head: "POST / HTTP/1.1", Body: bytes.Repeat([]byte("0123456789abcdef"), 1<<16)},
		{Kind: capture.HookAnswer, Name: "form", Head: hostile, Ref: 7, Body: []byte(hostile)},
		{Kind: capture.Ended, Head: capture.Done},
	}
	for i := range entries {
		entries[i].Seq, entries[i].Group, entries[i].At = i+1, "payloads/form", time.Duration(i)*12345*time.Microsecond
	}
	for i, group := range []string{"sockets/login", "rest/limits"} {
		at := len(entries)
		entries = append(entries,
			capture.Entry{Seq: at + 1, Group: group, Kind: capture.Began, At: time.Duration(i+1) * time.Second},
			capture.Entry{Seq: at + 2, Group: group, Kind: capture.Ended, Head: capture.Done, At: time.Duration(i+2) * time.Second})
	}
	return capture.File{Facts: facts(), Entries: entries}
}

func requirement(group, id, text string, outcome suite.Outcome, why string, findings ...suite.Finding) suite.Verdict {
	title := map[string]string{"payloads/form": "How an event is encoded", "sockets/login": "Who may listen", "rest/limits": "Limits of kazoolab"}[group]
	return suite.Verdict{
		Planned: suite.Planned{
			Group:       suite.Group{Name: group, Title: title, Optional: group == "rest/limits"},
			Requirement: suite.Requirement{ID: id, Text: text, Source: "webhooks.md 6.3; kz_http_util:json_to_querystring/1", Ours: group == "rest/limits"},
		},
		Outcome: outcome, Why: why, Findings: findings,
	}
}

func build(t *testing.T, verdicts []suite.Verdict, o results.Options) *results.Results {
	t.Helper()
	o.Mode, o.Harness, o.Judged, o.Took = results.Live, "1.0.0", began().Add(time.Minute), 65*time.Second
	r, err := results.Build(verdicts, log(), o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return r
}

// certified is a run in which all is well, but for a SHOULD.
func certified(t *testing.T) *results.Results {
	t.Helper()
	return build(t, []suite.Verdict{
		requirement("payloads/form", "WH-ENC-001", "A space in a form MUST be written as +.", suite.Pass, ""),
		requirement("payloads/form", "WH-ENC-002", "A member that is null MUST NOT be sent.", suite.Pass, ""),
		requirement("sockets/login", "WS-LOGIN-001", "A token SHOULD be accepted in any case.", suite.Pass, ""),
		requirement("sockets/login", "WS-LOGIN-002", "A command of a closed socket MUST be dropped.", suite.Unsupported, "the target has no switch"),
		requirement("rest/limits", "RS-LIM-001", "A hook of an account MAY be one of a thousand.", suite.NotRun, "no clock API, and --real-waits was not given"),
	}, results.Options{})
}

// failing is a run in which each thing is wrong that can be.
func failing(t *testing.T) *results.Results {
	t.Helper()
	long := `{"data":{` + strings.Repeat(`"some_member":"some value",`, 40) + `"name":"%s",` + strings.Repeat(`"more":"values",`, 40) + `"id":1}}`
	known, err := expectations.Parse("known.yaml", []byte(
		"known-failing:\n- id: WH-ENC-004\n  reason: The proxy | rewrites it.\n  link: https://example.com/17\n- id: WS-LOGIN-001\n  reason: It is old.\n"),
		[]string{"WH-ENC-004", "WS-LOGIN-001"})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return build(t, []suite.Verdict{
		requirement("payloads/form", "WH-ENC-001", "A space in a form MUST be written as +.", suite.Fail, "",
			suite.Finding{What: "body of the request at the receiver form", Expected: []byte("name=a+b&call_id=1"), Actual: []byte("name=a%20b&call_id=1"), Entries: []int{5}}),
		requirement("payloads/form", "WH-ENC-002", "A member that is null MUST NOT be sent.", suite.Fail, "",
			suite.Finding{What: "body of the answer", Expected: []byte(strings.Replace(long, "%s", "Mr. Brown", 1)), Actual: []byte(strings.Replace(long, "%s", "Mrs. Grün", 1)), Entries: []int{3}},
			suite.Finding{What: "the request came twice", Entries: []int{5, 7}}),
		requirement("payloads/form", "WH-ENC-003", "A body that is no text MUST be passed on as it is.", suite.Fail, "",
			suite.Finding{What: "the body", Expected: []byte("\xff\xfe\x01binary and some more of it"), Actual: []byte("\xff\xfe\x00binary and some more of it\n"), Entries: []int{7}}),
		requirement("payloads/form", "WH-ENC-004", "A form SHOULD end without a line feed.", suite.Fail, "",
			suite.Finding{What: "how many", Expected: []byte("1"), Actual: []byte("2")}),
		requirement("payloads/form", "WH-ENC-005", "An answer SHOULD do no harm to those who read it.", suite.Fail, "",
			suite.Finding{What: "the answer " + hostile, Expected: []byte("quiet"), Actual: []byte(hostile), Entries: []int{9}}),
		requirement("payloads/form", "WH-ENC-006", "A large body MUST arrive whole.", suite.Fail, "",
			suite.Finding{
				What:     "a megabyte",
				Expected: bytes.Repeat([]byte("0123456789abcdef"), 1<<16), Actual: append(bytes.Repeat([]byte("0123456789abcdef"), 1<<15), bytes.Repeat([]byte("0123456789abcdeF"), 1<<15)...),
				Entries: []int{8},
			}),
		requirement("sockets/login", "WS-LOGIN-001", "A token SHOULD be accepted in any case.", suite.Pass, ""),
		requirement("sockets/login", "WS-LOGIN-002", "A command of a closed socket MUST be dropped.", suite.Broken, "the judge failed: index out of range"),
		requirement("rest/limits", "RS-LIM-001", "A hook of an account MAY be one of a thousand.", suite.NotRun, "no clock API, and --real-waits was not given"),
	}, results.Options{Expectations: known, Faults: []string{"the port of the receivers is taken"}, Notes: []string{"an account was left behind: 0123"}, Catalogue: 40})
}

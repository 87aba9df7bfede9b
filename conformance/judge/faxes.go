package judge

import (
	"fmt"
	"strings"
)

// faxInfoFields are what the switch says of a fax (its spandsp events).
const faxInfoFields = `Fax-Success:b Fax-T38-Used:b Fax-T38-Status Fax-ECM-Used:b Fax-ECM-Requested:b Fax-Transferred-Pages:n
	Fax-Total-Pages:n Fax-Bad-Rows:n Fax-Transfer-Rate:n Fax-Local-Station-ID Fax-Remote-Station-ID Fax-Remote-Country
	Fax-Remote-Vendor Fax-Remote-Model Fax-Image-Resolution Fax-File-Image-Resolution Fax-Image-Size:n Fax-Image-Pixel-Size
	Fax-File-Image-Pixel-Size Fax-Longest-Bad-Row-Run:n Fax-Encoding Fax-Encoding-Name Fax-Timezone Fax-Identity-Number
	Fax-Identity-Name Fax-Doc-ID Fax-Doc-DB`

// faxKinds are states of faxes, and what starts them (kapi_fax).
func faxKinds() []kind {
	status := kind{
		topic: "fax-status", category: "fax", names: []string{"status"}, exchange: "faxes", source: "kapi_fax:status_definition/0",
		required: "Job-ID",
		optional: `Status FaxBox-ID Account-ID Fax-Info:o Cloud-Job-ID Cloud-Printer-ID Fax-State Direction Page:i Stage Caller-ID-Number
			Caller-ID-Name Callee-ID-Number Callee-ID-Name`,
		deep: true, app: "fax", msgID: always(formLong),
		key: func(f fields) string {
			if !f.has("Account-ID") {
				return ""
			}
			return "fax.status." + f.text("Account-ID") + "." + encode(f.text("Job-ID"))
		},
		keySource: "kapi_fax:publish_status/1, kz_amqp_util:encode/1",
		check:     faxStatus,
		rules: map[string]string{
			"value":    "kapi_fax:status_definition/0",
			"job":      "fax_worker, fax_request",
			"fields":   "fax_worker, fax_request",
			"state":    "fax_worker, fax_request",
			"page":     "fax_worker, fax_request",
			"fax-info": "mod_kazoo: spandsp events",
		},
	}
	answer := status
	answer.topic, answer.exchange, answer.key, answer.msgID, answer.check = "fax-answer", "targeted", nil, nil, nil
	start := func(name, required string, key func(fields) string) kind {
		return kind{
			topic: "fax-start", category: "start", names: []string{name}, exchange: "faxes", source: "kapi_fax:start_" + name + "_definition/0",
			required: required, deep: true, key: key, keySource: "kapi_fax:publish_start_" + name + "/1, kz_amqp_util:encode/1",
		}
	}
	return []kind{
		status, answer,
		start("account", "Account-ID", func(f fields) string { return "fax.start.account." + encode(f.text("Account-ID")) }),
		start("job", "Job-ID Account-ID To-Number Control-Queue", func(f fields) string { return "fax.start.job." + encode(f.text("Job-ID")) }),
		{
			topic: "fax-query", category: "fax", names: []string{"query_status"}, exchange: "targeted", source: "kapi_fax:query_status_definition/0",
			required: "Job-ID", deep: true, loose: true, open: true,
		},
	}
}

// faxInfo holds an object of the switch's to what it can say; more lists further fields.
func (l *look) faxInfo(field, more string) {
	v := l.body.get(field)
	if v.sort != object {
		return
	}
	known := map[string]fieldType{}
	for word := range strings.FieldsSeq(faxInfoFields + more) {
		name, t := parseField(word)
		known[name] = t
	}
	for _, m := range v.fields {
		t, ok := known[m.key]
		switch {
		case !ok:
			l.aspect("fax-info", field+"."+m.key, m.String(), "no such field")
		case m.sort != null && !t.holds(m.value):
			l.aspect("fax-info", field+"."+m.key, m.String(), t.String())
		}
	}
}

func faxStatus(l *look) {
	f := l.body
	l.oneOf("value", "Fax-State", "start prepare send receive end error")
	l.oneOf("value", "Direction", "incoming outgoing")
	for _, field := range []string{"Fax-State", "Direction", "Page", "Account-ID"} {
		l.must(f.has(field), "fields", field, "the field")
	}
	l.must(!f.has("Stage"), "fields", "Stage", "no such field: it is never sent")
	l.faxInfo("Fax-Info", "")
	switch f.text("Direction") {
	case "outgoing":
		l.form("job", "Job-ID", func(s string) bool { return isHex(s, 32) }, "32 hexadecimal digits, without a month")
		for _, field := range []string{"Caller-ID-Number", "Caller-ID-Name", "Callee-ID-Number", "Callee-ID-Name"} {
			l.must(!f.has(field), "fields", field, "no such field on a fax that is sent")
		}
	case "incoming":
		l.form("job", "Job-ID", isMonthly, "YYYYMM-<32 hexadecimal digits>")
		for _, field := range []string{"Cloud-Job-ID", "Cloud-Printer-ID"} {
			l.must(!f.has(field), "fields", field, "no such field on a fax that comes in")
		}
		l.must(f.has("Status"), "fields", "Status", "a text")
	}
	l.faxText()
}

// faxStep is what a text of a fax's status goes with.
type faxStep struct {
	name, state string
	page        int64 // that the text tells; 0 where it tells none
	info        bool  // Fax-Info belongs to it
}

// stepOf reads a status text; ok is false for one that the direction does not have. The
// text of a failure can be anything on the way out.
func stepOf(direction, status, state string) (step faxStep, ok bool) {
	switch direction {
	case "outgoing":
		return outgoingStep(status, state)
	case "incoming":
		return incomingStep(status)
	}
	return faxStep{}, false
}

func outgoingStep(status, state string) (faxStep, bool) {
	for _, s := range []faxStep{
		{name: "job acquired", state: "start"},
		{name: "fetching document to send", state: "prepare"},
		{name: "prepared document for send", state: "prepare"},
		{name: "ready to send", state: "send"},
		{name: "received successful attempt to originate fax", state: "send"},
		{name: "Fax Successfully sent", state: "end", info: true},
		{name: "Error sending fax", state: "error", info: true},
	} {
		if s.name == status {
			return s, true
		}
	}
	if rate, ok := strings.CutPrefix(status, "Fax negotiated at "); ok && isDigits(rate) {
		return faxStep{name: "negotiated", state: "send", info: true}, true
	}
	var page int64
	var of string
	if n, _ := fmt.Sscanf(status, "Sent Page %d of %s", &page, &of); n == 2 && status == fmt.Sprintf("Sent Page %d of %s", page, of) && (of == "undefined" || isDigits(of)) {
		return faxStep{name: "page", state: "send", page: page, info: true}, true
	}
	return faxStep{name: "failed", state: "error"}, state == "error"
}

func incomingStep(status string) (faxStep, bool) {
	for _, s := range []faxStep{
		{name: "Fax Successfully received", state: "end"},
		{name: "Error receiving fax : unknown error", state: "error"},
	} {
		if s.name == status {
			return s, true
		}
	}
	if number, ok := strings.CutPrefix(status, "New Fax from "); ok && number != "" {
		return faxStep{name: "new", state: "start"}, true
	}
	if rate, ok := strings.CutPrefix(status, "fax negotiated at "); ok && isDigits(rate) {
		return faxStep{name: "negotiated", state: "receive"}, true
	}
	var page int64
	if n, _ := fmt.Sscanf(status, "Received  Page %d", &page); n == 1 && status == fmt.Sprintf("Received  Page %d", page) {
		return faxStep{name: "page", state: "receive", page: page}, true
	}
	return faxStep{}, false
}

// faxText holds the text, the state, the page and the switch's report together.
func (l *look) faxText() {
	f := l.body
	direction, status, state := f.text("Direction"), f.text("Status"), f.text("Fax-State")
	if !hasWord("outgoing incoming", direction) || !hasWord("start prepare send receive end error", state) || f.get("Status").sort > text ||
		f.has("Status") && status == "" || direction == "incoming" && status == "" {
		return
	}
	step, ok := stepOf(direction, status, state)
	if !ok {
		l.aspect("state", "Status", quote(status), "a text of an "+direction+" fax")
		return
	}
	l.must(state == step.state, "state", "Fax-State", step.state+" with "+quote(status))
	if direction == "outgoing" {
		l.must(f.has("Fax-Info") == step.info, "fields", "Fax-Info", map[bool]string{true: "the switch's report", false: "no such field yet"}[step.info])
	}
	if page, ok := f.int("Page"); ok && f.get("Page").sort == number {
		early := step.state == "start" || step.state == "prepare" || step.name == "negotiated" || step.name == "ready to send" ||
			strings.HasPrefix(step.name, "received ")
		switch {
		case early:
			l.must(page == 0, "page", "Page", "0 before the first page")
		case step.name == "page":
			l.must(page == step.page || direction == "outgoing" && pagesDone(f) == page, "page", "Page", fmt.Sprint(step.page))
		}
	}
}

// pagesDone is the switch's count of pages, -1 when it has none.
func pagesDone(f fields) int64 {
	if n, ok := f.get("Fax-Info").fields.int("Fax-Transferred-Pages"); ok {
		return n
	}
	return -1
}

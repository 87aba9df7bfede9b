package judge

import (
	"fmt"
	"strings"
)

// faxCourse is how far a fax has come.
type faxCourse struct {
	step  string
	page  int64 // that was told last
	pages int64 // that the switch counted last; -1 where it did not
}

// faxNext are the steps that can follow one. A fax that is sent begins anew after a
// failure, or a time-out, of which nothing is told.
func faxNext(direction, step string) string {
	const again = "job acquired"
	outgoing := map[string]string{
		"":                           again,
		"job acquired":               "fetching document to send",
		"fetching document to send":  "prepared document for send,failed",
		"prepared document for send": "ready to send",
		"ready to send":              "received successful attempt to originate fax,failed," + again,
		"received successful attempt to originate fax": "negotiated,Error sending fax," + again,
		"negotiated":            "page,Fax Successfully sent,Error sending fax," + again,
		"page":                  "page,Fax Successfully sent,Error sending fax," + again,
		"failed":                again,
		"Fax Successfully sent": again, "Error sending fax": again,
	}
	incoming := map[string]string{
		"":           "new",
		"new":        "negotiated,Error receiving fax : unknown error",
		"negotiated": "page,Error receiving fax : unknown error",
		"page":       "page,Fax Successfully received,Error receiving fax : unknown error",
	}
	if direction == "incoming" {
		return incoming[step]
	}
	return outgoing[step]
}

// faxed follows the states of a fax.
func (j *Judge) faxed(l *look) {
	f := l.body
	direction, job := f.text("Direction"), f.text("Job-ID")
	step, ok := stepOf(direction, f.text("Status"), f.text("Fax-State"))
	if !ok || job == "" {
		return
	}
	id := direction + " " + job
	before, known := j.faxes.get(id)
	next := faxNext(direction, before.step)
	if !listed(next, step.name) && (known || !j.cfg.Cut) {
		j.finding("fax.order", j.count, "Status", quote(f.text("Status"))+" after "+quote(before.step), "one of "+next)
	}
	now := faxCourse{step: step.name, page: before.page, pages: pagesDone(f)}
	switch step.name {
	case "page":
		j.faxPage(direction, before, step.page, known)
		now.page = step.page
	case "job acquired", "new":
		now.page = 0
	case "Fax Successfully received", "Error receiving fax : unknown error":
		if page, ok := f.int("Page"); ok && page != before.page && (known || !j.cfg.Cut) {
			j.finding("fax.page", j.count, "Page", fmt.Sprint(page), fmt.Sprint(before.page)+", the last that was told")
		}
	}
	j.faxes.put(id, now)
	if hasWord("end error", step.state) {
		j.faxEnds.put(id, step.state)
	}
}

func listed(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// faxPage: pages are told one by one; of a fax that comes in, one late.
func (j *Judge) faxPage(direction string, before faxCourse, page int64, known bool) {
	want := before.page + 1
	if direction == "incoming" && before.step == "page" {
		want = before.page
		if before.pages > 0 {
			want = before.pages
		}
	}
	if page != want && known {
		j.finding("fax.page", j.count, "Status", fmt.Sprintf("page %d", page), fmt.Sprintf("page %d", want))
	}
}

// faxTold: the document and the last state come before the notification.
func (j *Judge) faxTold(l *look) {
	if j.cfg.Cut {
		return
	}
	f := l.body
	id, account := f.text("Fax-ID"), f.text("Account-ID")
	if !isMonthly(id) {
		return
	}
	if l.name != "inbound_fax_error" && account != "" && !j.monthly(account, id) {
		j.finding("fax.document-first", j.count, "Fax-ID", quote(id), "a document that has been created in the month's database")
	}
	job, state := "incoming "+id, "end"
	if strings.HasPrefix(l.name, "outbound_") {
		job = "outgoing " + id[len("202403-"):]
	}
	if strings.HasSuffix(l.name, "_error") {
		state = "error"
	}
	if saw, _ := j.faxEnds.get(job); saw != state {
		j.finding("fax.status-first", j.count, "Fax-ID", quote(id)+", of which the last state told is "+quote(saw), "state "+state+" first")
	}
}

package pivot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// unreported are what a CDR leaves out of a CHANNEL_DESTROY: its variables, and all default headers
// (kz_api:remove_defaults/1).
func unreported() []string {
	return strings.Fields(`Custom-Channel-Vars App-Name App-Version Event-Category Event-Name Msg-ID Access-Group Defer-Response
Destination-Server Geo-Location System-Log-ID Account-ID Call-ID Node Server-Queue-ID Raw-Headers Server-ID AMQP-Broker AMQP-Broker-Zone Request-From-PID Reply-To-PID Deliver-To-PID`)
}

// reportTimeout bounds a CDR's post, so that no receiver holds the time for ever; Kazoo has no bound.
const reportTimeout = 30 * time.Second

// report posts the end of a leg to the cdr_url; any answer is fine, and so is none. then follows.
func (w *worker) report(event jobj.Object, then func()) {
	fields := event.Filter(func(m jobj.Member) bool { return !slices.Contains(unreported(), m.Key) })
	if w.e.corrected() { // quirk cdr-no-id
		fields = append(jobj.Object{{Key: "Call-ID", Value: w.callID}, {Key: "Account-ID", Value: w.accountID}}, fields...)
	} else {
		w.note(cdrNoID, "the CDR does not name its call: Call-ID and Account-ID are left out; put an id into the cdr_url")
	}
	fields, nulls := emptied(fields)
	if nulls {
		w.note(nullCrash, "a null of the event is told as an empty member. Kazoo crashes over it, and posts no CDR")
	}
	if w.connected(w.cdr) {
		w.tell(Step{Kind: Reported, Text: "the CDR is sent to the app at " + request.Shown(w.cdr)})
		if err := w.e.Connected.CDR(w.accountID, w.callID, w.cdr, fields); err != nil {
			w.tell(Step{Kind: Failed, Text: fmt.Sprintf("the CDR is not sent: %v", err)})
		}
		then()
		return
	}
	r, notes, err := request.Build("post", request.BodyForm, w.cdr, fields, w.e.Compat)
	w.notes(notes)
	r.Format, r.Iteration, r.Timeout, r.AccountID, r.CallID = w.format, w.iteration, reportTimeout, w.accountID, w.callID
	if r.Method != "" {
		w.storeRequest(r)
	}
	if err != nil {
		w.tell(Step{Kind: Failed, Text: fmt.Sprintf("the CDR is not posted: %v", err)})
		then()
		return
	}
	w.tell(Step{Kind: Reported, Request: &r, Text: "the CDR is posted to " + r.URL})
	w.exchange(r, func(a client.Answer, err error) {
		if err == nil {
			w.storeAnswer(a, false)
			w.tell(Step{Kind: ReportAnswered, Request: &r, Answer: &a, Text: fmt.Sprintf("the CDR is answered %d", a.Status)})
		} else {
			w.tell(Step{Kind: ReportAnswered, Request: &r, Text: fmt.Sprintf("the CDR has got no answer: %v", err)})
		}
		then()
	})
}

// emptied makes empty texts of null, in objects at any depth; in a list it is sent as it is.
func emptied(o jobj.Object) (out jobj.Object, nulls bool) {
	for _, m := range o {
		switch v := m.Value.(type) {
		case nil:
			m.Value, nulls = "", true
		case jobj.Object:
			inner, some := emptied(v)
			m.Value, nulls = inner, nulls || some
		}
		out = append(out, m)
	}
	return out, nulls
}

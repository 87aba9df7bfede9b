package pbx

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// faxInfo is what the switch says of a fax of two pages.
func faxInfo(pages int) string {
	done := ""
	if pages == 2 {
		done = `"Fax-Success": true, `
	}
	return fmt.Sprintf(`"Fax-Info": {%s"Fax-T38-Used": true, "Fax-ECM-Used": true, "Fax-Transferred-Pages": %d, "Fax-Total-Pages": 2,
		"Fax-Bad-Rows": 0, "Fax-Transfer-Rate": 14400}`, done, pages)
}

func faxNotificationKinds() []Kind {
	fax := origin{"fax", called}
	return []Kind{
		notified("inbound_fax", "a fax was received", fax, `{"Call-ID": "{call_id}", `+faxInfo(2)+"}").on((*scene).faxReceived),
		notified("inbound_fax_error", "a fax could not be received", fax,
			`{"Call-ID": "{call_id}", "Fax-Error": "unknown error",
				"Fax-Info": {"Fax-Success": false, "Fax-Transferred-Pages": 0, "Fax-Total-Pages": 2}}`).on((*scene).faxReceived),
		notified("outbound_fax", "a fax was sent", fax,
			`{"Call-ID": "{other_leg}", "Fax-Info": {"Fax-Success": true, "Fax-Transferred-Pages": 2, "Fax-Total-Pages": 2,
				"Fax-Hangup-Code": 0}}`).on((*scene).faxSent),
		// No call came about, so there is none to name. The code is 0 whatever happened.
		notified("outbound_fax_error", "a fax could not be sent", fax,
			`{"Fax-Error": "USER_BUSY", "Fax-Info": {"Fax-Result-Text": "USER_BUSY", "Fax-Hangup-Code": 0}}`).on((*scene).faxSent),
		notified("outbound_smtp_fax_error", "an e-mail that was to be a fax was refused", fax,
			`{"Account-ID": "{account_id}", "Fax-From-Email": "{email}", "Fax-To-Email": "{caller_number}@fax.{realm}", "Timestamp": "{now}",
				"Errors": ["no valid attachment"], "FaxBox-ID": "{faxbox_id}", "FaxBox-Name": "Front desk",
				"FaxBox-Timezone": "America/Los_Angeles", "Number": "{caller_number}", "Owner-ID": "{owner_id}"}`),
	}
}

// faxKinds are the states a fax goes through; the texts are those of fax_worker and
// fax_request.
func faxKinds() []Kind {
	kind := func(name, about, category, event, fields string) Kind {
		return Kind{Name: name, About: about, category: category, event: event, by: origin{"fax", direct}, fields: fields}
	}
	course := func(name, about string, of func(*scene) jobj.Object, steps ...string) Kind {
		k := kind(name, about, kapi.CategoryFax, "status", "").on(of)
		k.steps = steps
		return k
	}
	outgoing, incoming := (*scene).faxGoing, (*scene).faxComing
	origination := []string{
		status("job acquired", "start"), status("fetching document to send", "prepare"),
		status("prepared document for send", "prepare"), status("ready to send", "send"),
	}
	sent := []string{
		status("received successful attempt to originate fax", "send"), page("Fax negotiated at 14400", "send", 0, 0),
		page("Sent Page 1 of 2", "send", 1, 1), page("Sent Page 2 of 2", "send", 2, 2), page("Fax Successfully sent", "end", 2, 2),
	}
	coming := []string{status("New Fax from {caller_number}", "start"), page("fax negotiated at 14400", "receive", 0, 0)}
	// Pages are counted one late (fax_request).
	received := []string{
		page("Received  Page 1", "receive", 1, 1), page("Received  Page 1", "receive", 1, 2), page("Fax Successfully received", "end", 1, 2),
	}
	const broken = `{"Status": "Error receiving fax : unknown error", "Fax-State": "error",
		"Fax-Info": {"Fax-Success": false, "Fax-Transferred-Pages": 0, "Fax-Total-Pages": 0}}`
	one := course("fax_status", "one state of a fax: a page went out", outgoing, page("Sent Page 1 of 2", "send", 1, 1))
	return []Kind{
		one,
		course("fax_outgoing", "all states of a fax that is sent", outgoing, slices.Concat(origination, sent)...),
		course("fax_outgoing_error", "all states of one that the other end refuses", outgoing,
			slices.Concat(origination, []string{status("USER_BUSY", "error")})...),
		course("fax_incoming", "all states of a fax that comes in", incoming, slices.Concat(coming, received)...),
		course("fax_incoming_error", "all states of one that breaks off", incoming,
			slices.Concat(coming, []string{broken})...),
		kind("fax_start_account", "a worker is to send what an account has waiting", kapi.CategoryFaxStart, "account", `{"Account-ID": "{account_id}"}`),
		kind("fax_start_job", "a worker is to send a fax", kapi.CategoryFaxStart, "job",
			`{"Account-ID": "{account_id}", "Job-ID": "{fax_job}", "To-Number": "{caller_number}", "Control-Queue": "{apps_node}-fax_worker-{hex8}"}`),
		{
			Name: "fax_req", About: "a call is to be received as a fax",
			category: kapi.CategoryDialplan, event: "fax_req", by: origin{"callflow", cast}, at: phaseAnswered,
			fields: `{"Action": "receive", "Owner-ID": "{owner_id}", "FaxBox-ID": "{faxbox_id}", "Call": {"Account-ID": "{account_id}",
				"Account-DB": "{account_db}", "Call-ID": "{call_id}", "Call-Direction": "inbound", "Caller-ID-Name": "{caller_name}",
				"Caller-ID-Number": "{caller_number}", "From": "{caller_number}@{carrier}", "To": "{dialled}@{public}",
				"Request": "{dialled}@{public}", "Custom-Channel-Vars": "{vars}"}}`,
		},
	}
}

func status(text, state string) string {
	return fmt.Sprintf(`{"Status": %q, "Fax-State": %q}`, text, state)
}

// page is a state of which the switch has something to say: n is the page that is
// told, pages how many went over the line.
func page(text, state string, n, pages int) string {
	return fmt.Sprintf(`{"Status": %q, "Fax-State": %q, "Page": %d, %s}`, text, state, n, faxInfo(pages))
}

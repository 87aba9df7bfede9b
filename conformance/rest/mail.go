package rest

import (
	"context"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// faxing is about faxes as the API has them.
func faxing() suite.Group {
	return suite.Group{
		Name: "rest/faxes", Title: "Faxes", Needs: []string{suite.Accounts},
		Do: exchange(
			put("nothing", faxes, `{"data":{}}`), put("no document", faxes, `{"data":{"to_number":"+15555550100","from_number":"+15555550101"}}`),
			put("empty document", faxes, `{"data":{"to_number":"+15555550100","from_number":"+15555550101","document":{}}}`),
			put("bad number", faxes, `{"data":{"to_number":"x","from_number":"y","document":{"url":"http://fax.invalid/f.pdf"}}}`),
			get("list", faxes), get("inbox", faxes+"/inbox"), get("incoming", faxes+"/incoming"), get("outbox", faxes+"/outbox"), get("outgoing", faxes+"/outgoing"), get("smtplog", faxes+"/smtplog"),
			get("no such folder", faxes+"/nope"), get("unknown in the inbox", faxes+"/inbox/x"), get("unknown in the outbox", faxes+"/outbox/"+nowhere), get("unknown in outgoing", faxes+"/outgoing/"+nowhere),
			put("send", faxes, `{"data":{"to_number":"+15555550100","from_number":"+15555550101","document":{"url":"http://fax.invalid/f.pdf","method":"get"}}}`),
		),
		Requirements: faxRequirements(),
	}
}

const faxed = "crossbar.md 9.3; cb_faxes; crossbar vectors faxes"

func faxRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-FAX-001", Text: "A fax MUST have to_number and from_number.",
			Source: faxed, Judge: answers(answered("nothing", "400").json(invalid("{" + required("from_number") + "," + required("to_number") + "}"))),
		},
		{
			ID: "CB-FAX-002", Text: "A fax MUST have a document.url or a file.",
			Source: faxed, Judge: answers(
				answered("no document", "400").json(invalid(`{"document.url":{"required":{"message":"add document url or upload a document"}}}`)),
				answered("empty document", "400").json(invalid("{"+required("document.url")+"}"))),
		},
		{
			ID: "CB-FAX-003", Text: "A fax to what is no number MUST be 400, document.to_number, required.",
			Source: faxed, Judge: answers(answered("bad number", "400").json(invalid(`{"document.to_number":{"required":{"message":"add a valid number to send the fax to"}}}`))),
		},
		{
			ID: "CB-FAX-004", Text: "A fax that is sent MUST be 201 with the whole stored document, its private fields included.",
			Source: faxed + "; crossbar.md 10", Judge: func(j *suite.Judging) {
				answered("send", "201").member("data.to_number", `"+15555550100"`).member("data.pvt_type", `"fax"`).member("data.pvt_job_status", `"pending"`).member("data.pvt_account_id", `"{account}"`).
					member("data.pvt_account_db", `"faxes"`).member("data.attempts", "0").member("data.retries", "1").judge(j)
				if answer, found := j.Answer("send"); found {
					location, _ := answer.Value("location")
					j.Equal("location", fill(j, faxes)+"/"+gjson.GetBytes(answer.Body, "data._id").Str, location, answer)
					if !strings.HasPrefix(gjson.GetBytes(answer.Body, "data._rev").Str, "1-") {
						j.Fail("there is no _rev of a first revision", answer)
					}
				}
			},
		},
		{
			ID: "CB-FAX-005", Text: "The path /faxes MUST NOT have a list.",
			Source: faxed, Judge: answers(answered("list", "405").json(badMethod), answered("no such folder", "404").json(notFound)),
		},
		{
			ID: "CB-FAX-006", Text: "The folders inbox, incoming, outbox, outgoing and smtplog MUST be lists, with a start_key.",
			Source: faxed, Judge: func(j *suite.Judging) {
				for _, folder := range []string{"inbox", "incoming", "outbox", "outgoing", "smtplog"} {
					answered(folder, "200").data("[]").member("page_size", "0").judge(j)
					if answer, found := j.Answer(folder); found && gjson.GetBytes(answer.Body, "start_key").Str == "" {
						j.Fail(folder+" has no start_key", answer)
					}
				}
			},
		},
		{
			ID: "CB-FAX-007", Text: "A fax that is not in a folder MUST be 404 bad_identifier.",
			Source: faxed, Judge: answers(answered("unknown in the inbox", "404").json(unknown("x")), answered("unknown in the outbox", "404").json(unknown(nowhere)), answered("unknown in outgoing", "404").json(unknown(nowhere))),
		},
	}
}

// voicemail is about the messages of a voicemail box.
func voicemail() suite.Group {
	return suite.Group{
		Name: "rest/voicemail", Title: "Voicemail messages", Needs: []string{suite.Accounts},
		Do: doVoicemail, Requirements: mailRequirements(),
	}
}

func doVoicemail(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	if err := t.all(ctx,
		put("box", vmboxes, `{"data":{"name":"b","mailbox":"500"}}`).keep("box"), put("other box", vmboxes, `{"data":{"name":"o","mailbox":"501"}}`).keep("other"), get("none", vmboxes+"/{box}/messages"),
	); err != nil {
		return err
	}
	made, err := t.do(ctx, put("message", vmboxes+"/{box}/messages", `{"data":{"caller_id_name":"Ann","caller_id_number":"1001","from":"1001@x.example.com","to":"500@x.example.com","folder":"new","call_id":"c1"}}`))
	if err != nil {
		return err
	}
	id := made.Data().Get("media_id").Str
	if id == "" {
		id = made.Data().Get("id").Str
	}
	t.know("message", id)
	messages := vmboxes + "/{box}/messages"
	return t.all(ctx,
		get("list", messages), get("all boxes", vmboxes+"/messages"), get("read", messages+"/{message}"), get("in another box", vmboxes+"/{other}/messages/{message}"), get("box counts", vmboxes),
		post("save", messages+"/{message}", `{"data":{"folder":"saved"}}`), get("saved", messages+"/{message}"),
		post("bulk", messages, `{"data":{"folder":"new","messages":["{message}","202001-`+nowhere+`"]}}`), post("bulk of none", messages, `{"data":{"folder":"new","messages":[]}}`),
		del("delete", messages+"/{message}"), get("deleted", messages+"/{message}"), get("list after", messages),
	)
}

var monthly = regexp.MustCompile(`^20[0-9]{4}-[0-9a-f]{32}$`)

func mailRequirements() []suite.Requirement {
	const mailing = "crossbar.md 9.4; cb_vmboxes"
	return []suite.Requirement{
		{
			ID: "CB-VM-001", Text: "A message that is put into a box MUST be given an id of its month, a dash and 32 hex digits.",
			Source: mailing, Judge: func(j *suite.Judging) {
				if answer, ok := j.Status("message", "201"); ok && !monthly.MatchString(j.Fact(noted+"message")) {
					j.Differs("media_id", []byte("YYYYMM-<32 hex digits>"), []byte(j.Fact(noted+"message")), answer)
				}
			},
		},
		{
			ID: "CB-VM-002", Text: "The messages of a box MUST be listed with media_id, folder and who called, and an empty box be an empty list.",
			Source: mailing, Judge: answers(
				answered("none", "200").data("[]"), answered("list", "200").member("data.#", "1").member("data.0.media_id", `"{message}"`).member("data.0.folder", `"new"`).
					member("data.0.caller_id_name", `"Ann"`).member("data.0.caller_id_number", `"1001"`).member("data.0.call_id", `"c1"`),
				answered("read", "200").member("data.media_id", `"{message}"`)),
		},
		{
			ID: "CB-VM-003", Text: "A POST with a folder MUST move a message there.",
			Source: mailing, Judge: answers(answered("save", "200"), answered("saved", "200").member("data.folder", `"saved"`)),
		},
		{
			ID: "CB-VM-004", Text: "A POST with several messages MUST tell which succeeded and which failed, and be 400 for an empty list.",
			Source: mailing, Judge: func(j *suite.Judging) {
				answered("bulk", "200").member("data.succeeded", `["{message}"]`).judge(j)
				if answer, found := j.Answer("bulk"); found {
					j.Contains("failed", "202001-"+nowhere, gjson.GetBytes(answer.Body, "data.failed").Raw, answer)
				}
				answered("bulk of none", "400").member("data.messages.required.message", `"No array of message ids are specified"`).judge(j)
			},
		},
		{
			ID: "CB-VM-005", Text: "A message that is deleted MUST NOT be listed or read any more.",
			Source: mailing, Judge: answers(answered("delete", "200"), answered("list after", "200").data("[]"), answered("list", "200").member("data.#", "1")),
		},
		{
			ID: "CB-VM-006", Text: "A message MUST NOT be found in another box.",
			Source: mailing, Judge: answers(answered("in another box", "404").member("message", `"bad_identifier"`), answered("read", "200")),
		},
	}
}

package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

func judgedMessages(messages []judge.Message) []judge.Finding {
	j := judge.New(judge.Config{})
	for _, m := range messages {
		j.Add(m)
	}
	return j.End()
}

const (
	accountDB = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90"
	faxJob    = "e58ddc2b6d8a4e0f9c3b7a6d5e4f3021"
	faxID     = "202403-3513f829b23ce4ec8e4bc372701a0cae"
)

// doc is a change of a document.
func (s *story) doc(action, typ, id, rev string) judge.Message {
	db := accountDB
	if strings.HasPrefix(id, "202403-") {
		db += "-202403"
	}
	return s.docIn(db, action, typ, id, rev)
}

func (s *story) docIn(db, action, typ, id, rev string) judge.Message {
	change := []string{
		"Event-Name", quoted("doc_" + action), "ID", quoted(id), "Type", quoted(typ), "Database", quoted(db),
		"Rev", quoted(rev + "-0a1b2c3d4e5f60718293a4b5c6d7e8f9"), "key", strings.Join([]string{"doc_" + action, db, typ, id}, "."),
	}
	return s.of("doc_edited", change...)
}

func TestDocumentsAreCreatedEditedAndDeleted(t *testing.T) {
	s := newStory(t, samples(t))
	const id = "5e1f0e2d3c4b5a69788796a5b4c3d2e1"
	const account = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	doc := func(action, rev string) judge.Message { return s.doc(action, "device", id, rev) }
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"a life", []judge.Message{doc("created", "1"), doc("edited", "2"), doc("edited", "5"), doc("deleted", "6"), doc("created", "7")}, nil},
		{"one that was there", []judge.Message{doc("edited", "7"), doc("edited", "8")}, nil},
		{"created twice", []judge.Message{doc("created", "1"), doc("created", "2")}, []string{"document.created-once"}},
		{"created after an edit", []judge.Message{doc("edited", "4"), doc("created", "5")}, []string{"document.created-once"}},
		{"created with a past", []judge.Message{doc("created", "3")}, []string{"document.first-revision"}},
		{"edited after its end", []judge.Message{doc("deleted", "3"), doc("edited", "4")}, []string{"document.after-delete"}},
		{"the same revision", []judge.Message{doc("edited", "4"), doc("edited", "4")}, []string{"document.revision-grows"}},
		{"nine before ten", []judge.Message{doc("edited", "10"), doc("edited", "9")}, []string{"document.revision-grows"}},
		{"an account, twice", []judge.Message{s.doc("edited", "account", account, "4"), s.docIn("accounts", "edited", "account", account, "9")}, nil},
		{"an account, once", []judge.Message{s.doc("edited", "account", account, "4")}, []string{"document.account-twice"}},
		{"an account in accounts alone", []judge.Message{s.docIn("accounts", "edited", "account", account, "4")}, []string{"document.account-twice"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

func TestWhatIsToldBesideALegFitsIt(t *testing.T) {
	const id = `"a@203.0.113.20"`
	s := newStory(t, samples(t))
	told := func(p ...step) []judge.Message {
		var all []judge.Message
		for _, one := range p {
			all = append(all, s.message(one))
		}
		return all
	}
	missed := s.of("missed_call", "Call-ID", id, "System-Log-ID", id, "Notify", `{"Call-ID":`+id+`,"Event-Name":"CHANNEL_DESTROY"}`)
	asked := s.of("route_req", "Call-ID", id)
	won := func(fetch string) judge.Message {
		return s.of("usurp_control", "Call-ID", id, "Fetch-ID", quoted(fetch), "key", "call.usurp_control.a%40203%2E0%2E113%2E20")
	}
	const fetch = "b2f8b6a4-e07c-11ee-9d43-2f6f0a5b7c11"
	cancelled := []step{
		on("a", "CHANNEL_CREATE", 20), on("a", "CHANNEL_DESTROY", 5000, "Hangup-Cause", `"ORIGINATOR_CANCEL"`, "Other-Leg-Call-ID", "", "Other-Leg-Direction", ""),
	}
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"missed", append(told(cancelled...), missed), nil},
		{"missed while it rings", slices.Insert(told(cancelled...), 1, missed), []string{"missed-call.ended"}},
		{"routed", slices.Insert(told(cancelled...), 1, asked, won(fetch)), nil},
		{"routed unasked", slices.Insert(told(cancelled...), 1, won(fetch)), nil},
		{"routed by another id", slices.Insert(told(cancelled...), 1, asked, won("c"+fetch[1:])), []string{"leg.fetch-id"}},
		{"missed though somebody talked", append(told(answeredCall()...), missed), []string{"missed-call.untaken"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

func expectRules(t *testing.T, found []judge.Finding, rules []string) {
	t.Helper()
	if rules == nil {
		rules = []string{}
	}
	NewWithT(t).Expect(rulesOf(found)).To(Equal(rules), "%v", found)
}

// sent is a state of a fax that is sent, came of one that comes in.
func (s *story) sent(text, state string, page int) judge.Message {
	sample := "status 2"
	if page > 0 || strings.HasPrefix(text, "Fax ") || text == "Error sending fax" {
		sample = "status 3"
	}
	return s.of(sample, "Status", quoted(text), "Fax-State", quoted(state), "Page", fmt.Sprint(page))
}

func (s *story) came(text, state string, page, pages int) judge.Message {
	return s.of("status", "Status", quoted(text), "Fax-State", quoted(state), "Page", fmt.Sprint(page),
		"Fax-Info", fmt.Sprintf(`{"Fax-Transferred-Pages":%d}`, pages))
}

func TestAFaxThatIsSent(t *testing.T) {
	s := newStory(t, samples(t))
	begin := []judge.Message{
		s.sent("job acquired", "start", 0), s.sent("fetching document to send", "prepare", 0), s.sent("prepared document for send", "prepare", 0),
		s.sent("ready to send", "send", 0),
	}
	dialled := append(slices.Clone(begin), s.sent("received successful attempt to originate fax", "send", 0), s.sent("Fax negotiated at 14400", "send", 0))
	pages := append(slices.Clone(dialled), s.sent("Sent Page 1 of 2", "send", 1), s.sent("Sent Page 2 of 2", "send", 2))
	whole := append(slices.Clone(pages), s.sent("Fax Successfully sent", "end", 2))
	refused := append(slices.Clone(begin), s.sent("USER_BUSY", "error", 0))
	moved := s.doc("created", "fax", "202403-"+faxJob, "1")
	told := s.of("outbound_fax")
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"whole", append(slices.Clone(whole), moved, told), nil},
		{"refused, and tried again", append(slices.Clone(refused), whole...), nil},
		{"timed out, and tried again", append(slices.Clone(dialled), whole...), nil},
		{"without its beginning", whole[1:], []string{"fax.order"}},
		{"without a state", append(slices.Clone(whole[:3]), whole[4:]...), []string{"fax.order"}},
		{"after its end", append(slices.Clone(whole), whole[8]), []string{"fax.order"}},
		{"a page left out", append(slices.Clone(dialled), s.sent("Sent Page 2 of 2", "send", 2)), []string{"fax.page"}},
		{"told before its document", append(slices.Clone(whole), told), []string{"fax.document-first"}},
		{"told before its end", append(slices.Clone(pages), moved, told), []string{"fax.status-first"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

func TestAFaxThatComesIn(t *testing.T) {
	s := newStory(t, samples(t))
	begin := []judge.Message{s.came("New Fax from +12125550199", "start", 0, 0), s.came("fax negotiated at 14400", "receive", 0, 0)}
	// Pages are told one late.
	pages := append(slices.Clone(begin), s.came("Received  Page 1", "receive", 1, 1), s.came("Received  Page 1", "receive", 1, 2), s.came("Received  Page 2", "receive", 2, 3))
	end := s.came("Fax Successfully received", "end", 2, 3)
	stored, told := s.doc("created", "fax", faxID, "1"), s.of("inbound_fax")
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"whole", append(slices.Clone(pages), stored, end, told), nil},
		{"broken off", append(slices.Clone(begin), s.came("Error receiving fax : unknown error", "error", 0, 0)), nil},
		{"counted right", append(slices.Clone(begin), s.came("Received  Page 1", "receive", 1, 1), s.came("Received  Page 2", "receive", 2, 2)), []string{"fax.page"}},
		{"another count at the end", append(slices.Clone(pages), s.came("Fax Successfully received", "end", 3, 3)), []string{"fax.page"}},
		{"no page", append(slices.Clone(begin), s.came("Fax Successfully received", "end", 0, 0)), []string{"fax.order"}},
		{"told before it is stored", append(slices.Clone(pages), end, told), []string{"fax.document-first"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

const (
	conferenceID = "42ad0e2f1b6c4d5e8f90a1b2c3d4e5f6"
	conferenceAt = "conference.event.%s.a1b2c3d4e5f60718293a4b5c6d7e8f90." + conferenceID + "."
)

func (s *story) room(event, instance string) judge.Message {
	return s.of("event 2", "Event", quoted(event), "Instance-ID", quoted(instance), "key", fmt.Sprintf(conferenceAt, event)+conferenceID)
}

func (s *story) member(event, call string, id int) judge.Message {
	return s.of("event", "Event", quoted(event), "Call-ID", quoted(call), "Participant-ID", fmt.Sprint(id),
		"Conference-Channel-Vars", fmt.Sprintf(`{"Member-ID":%d}`, id), "key", fmt.Sprintf(conferenceAt, event)+call)
}

func TestAConference(t *testing.T) {
	s := newStory(t, samples(t))
	const first, second = "0d9f3f2e-e07d-11ee-9d55-2f6f0a5b7c11", "1d9f3f2e-e07d-11ee-9d55-2f6f0a5b7c11"
	create, destroy := s.room("conference-create", first), s.room("conference-destroy", first)
	in, talks, out := s.member("add-member", "c1", 1), s.member("start-talking", "c1", 1), s.member("del-member", "c1", 1)
	whole := []judge.Message{create, in, talks, out, destroy}
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"whole", whole, nil},
		{"twice", append(slices.Clone(whole), s.room("conference-create", second), s.room("conference-destroy", second)), nil},
		{"the same instance twice", append(slices.Clone(whole), create, destroy), []string{"conference.instance"}},
		{"no beginning", whole[1:], []string{"conference.create-first"}},
		{"two beginnings", []judge.Message{create, create, destroy}, []string{"conference.create-once"}},
		{"no end", whole[:4], []string{"conference.destroy-last"}},
		{"another instance", []judge.Message{create, in, out, s.room("conference-destroy", second)}, []string{"conference.instance"}},
		{"a member that stays", []judge.Message{create, in, destroy}, []string{"conference.members-left"}},
		{"a member that never came", []judge.Message{create, talks, destroy}, []string{"conference.member-in"}},
		{"another call of a member", []judge.Message{create, in, s.member("start-talking", "c2", 1), out, destroy}, []string{"conference.member-in"}},
		{"counted from 0", []judge.Message{create, s.member("add-member", "c1", 0), s.member("del-member", "c1", 0), destroy}, []string{"conference.member-ids"}},
		{"an id again", []judge.Message{create, in, out, in, out, destroy}, []string{"conference.member-ids"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

func TestAVoicemail(t *testing.T) {
	s := newStory(t, samples(t))
	const id = "202403-6e097cd291aed294d2018ecf4b3a6cb8"
	stored, told, kept, lamp := s.doc("created", "mailbox_message", id, "1"), s.of("voicemail_new"), s.of("voicemail_saved"), s.of("mwi_update")
	edited := s.doc("edited", "mailbox_message", id, "2")
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"kept", []judge.Message{stored, told, kept, lamp}, nil},
		{"in another folder", []judge.Message{stored, told, edited, lamp}, nil},
		{"told twice", []judge.Message{stored, told, told, kept, lamp}, nil},
		{"no document", []judge.Message{told, kept, lamp}, []string{"voicemail.document-first"}},
		{"no outcome", []judge.Message{stored, told, lamp}, []string{"voicemail.outcome"}},
		{"no lamp", []judge.Message{stored, told, kept}, []string{"voicemail.lamp"}},
		{"the lamp first", []judge.Message{stored, lamp, told, kept}, []string{"voicemail.lamp"}},
		{"kept untold", []judge.Message{stored, kept}, []string{"voicemail.order"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

func TestLinesAndSlots(t *testing.T) {
	s := newStory(t, samples(t))
	line := func(state string) judge.Message {
		expires := map[bool]string{true: "20", false: "0"}[state == "terminated"]
		return s.of("dialog_update", "State", quoted(state), "Expires", expires)
	}
	slot := func(event string) judge.Message {
		m := s.of("PARK_PARKED", "Event-Name", quoted(event))
		m.Key = strings.Replace(m.Key, "PARK_PARKED", event, 1)
		return m
	}
	for _, c := range []struct {
		what     string
		messages []judge.Message
		rules    []string
	}{
		{"a line", []judge.Message{line("early"), line("confirmed"), line("terminated")}, nil},
		{"one that nobody took", []judge.Message{line("early"), line("terminated")}, nil},
		{"early again", []judge.Message{line("confirmed"), line("early")}, []string{"presence.states"}},
		{"after its end", []judge.Message{line("terminated"), line("confirmed")}, []string{"presence.states"}},
		{"parked and retrieved, which is told twice", []judge.Message{slot("PARK_PARKED"), slot("PARK_RETRIEVED"), slot("PARK_RETRIEVED")}, nil},
		{"parked and given up", []judge.Message{slot("PARK_PARKED"), slot("PARK_ABANDONED")}, nil},
		{"never parked", []judge.Message{slot("PARK_RETRIEVED")}, []string{"parking.order"}},
		{"given up twice", []judge.Message{slot("PARK_PARKED"), slot("PARK_ABANDONED"), slot("PARK_ABANDONED")}, []string{"parking.order"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			expectRules(t, judgedMessages(c.messages), c.rules)
		})
	}
}

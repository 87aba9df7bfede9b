package crossbar_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// meeting answers as the switch on which a conference runs: a moderator with number 1, and
// two members, of whom 3 may not speak.
func (w *world) meeting(id string) {
	participant := func(number int, moderator, speak bool) jobj.Object {
		return jobj.Object{
			{Key: "Participant-ID", Value: number}, {Key: "Call-ID", Value: "call" + string(rune('0'+number))},
			{Key: "Join-Time", Value: kapi.Gregorian(w.clock.Now()) - 60},
			{Key: "Conference-Channel-Vars", Value: jobj.Object{
				{Key: "Is-Moderator", Value: moderator}, {Key: "Speak", Value: speak}, {Key: "Hear", Value: true},
			}},
		}
	}
	w.bus.answer = func(message jobj.Object) (answers []jobj.Object) {
		defer func() { // as they come off the wire
			for i, one := range answers {
				answers[i], _ = jobj.ParseObject(jobj.Append(nil, one))
			}
		}()
		switch message.String("Event-Name") {
		case "search_req":
			running := jobj.Object{{Key: "Event-Name", Value: "search_resp"}, {Key: "Conference-ID", Value: id}}
			if message.Has("Account-ID") {
				return []jobj.Object{running.Set("Conferences", jobj.Object{{Key: id, Value: jobj.Object{{Key: "Participant-Count", Value: 3}}}})}
			}
			return []jobj.Object{
				running.Set("Run-Time", 5).Set("Participants", []any{}),
				{{Key: "Event-Name", Value: "other"}, {Key: "Run-Time", Value: 9999}},
				running.Set("Run-Time", 600).Set("Locked", true).
					Set("Participants", []any{participant(1, true, true), participant(2, false, true), participant(3, false, false), "broken"}),
			}
		case "command":
			return []jobj.Object{{{Key: "Event-Name", Value: "dial_resp"}, {Key: "App-Name", Value: "ecallmgr"}, {Key: "Endpoint-Responses", Value: []any{}}}}
		}
		return nil
	}
}

// commands are those that were published since the last call, without what all have.
func (w *world) commands(t *testing.T) []string {
	t.Helper()
	said := []string{}
	for _, m := range w.bus.take() {
		body, err := jobj.ParseObject(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body.String("Event-Name") != "command" {
			continue
		}
		body = body.Delete("App-Name", "App-Version", "Event-Category", "Event-Name", "Msg-ID", "Node", "Conference-ID")
		said = append(said, m.Exchange+" "+m.Key+" "+string(jobj.Append(nil, body)))
	}
	return said
}

func TestWhatGoesOnInAConference(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/conferences", token, `{"data":{"name":"weekly"}}`).want(t, http.StatusCreated).data().String("id")
	one := customerPath + "/conferences/" + id
	quiet := `"_read_only":{"members":0,"moderators":0,"duration":0,"is_locked":false`
	g.Expect(w.call(t, "GET", one, token, "").want(t, http.StatusOK).text).To(ContainSubstring(quiet + `,"participants":[]}`))
	g.Expect(w.call(t, "GET", customerPath+"/conferences", token, "").want(t, http.StatusOK).text).To(ContainSubstring(quiet + `}`))

	w.meeting(id)
	shown := w.call(t, "GET", one, token, "").want(t, http.StatusOK)
	g.Expect(shown.text).To(ContainSubstring(`"_read_only":{"members":2,"moderators":1,"duration":600,"is_locked":true,"participants":[{"participant_id":1,"call_id":"call1"`))
	g.Expect(shown.text).To(ContainSubstring(`"duration":60}`))
	g.Expect(w.call(t, "GET", customerPath+"/conferences", token, "").text).To(ContainSubstring(`"_read_only":{"participant_count":3}`))
	g.Expect(w.call(t, "GET", one+"/participants", token, "").want(t, http.StatusOK).rows()).To(HaveLen(3))
	g.Expect(w.call(t, "GET", one+"/participants/2", token, "").want(t, http.StatusOK).data().String("call_id")).To(Equal("call2"))
	g.Expect(w.call(t, "GET", one+"/participants/9", token, "").want(t, http.StatusOK).data()).To(BeEmpty())
	w.call(t, "GET", "/v2/accounts/"+siblingID+"/conferences/"+id+"/participants", w.token(t, "sibling"), "").want(t, http.StatusNotFound)
}

func TestCommandsToAConference(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/conferences", token, `{"data":{"name":"weekly"}}`).want(t, http.StatusCreated).data().String("id")
	desk := w.call(t, "PUT", customerPath+"/devices", token, `{"data":{"name":"desk","sip":{"username":"desk1","password":"secret1"}}}`).want(t, http.StatusCreated).data().String("id")
	one := customerPath + "/conferences/" + id
	w.meeting(id)
	w.bus.take()
	on := "conference conference.command." + id + " "
	for _, c := range []struct {
		path, body, data string
		commands         []string
	}{
		{"", `{"data":{"action":"lock"}}`, `"ok"`, []string{on + `{"Application-Name":"lock"}`}},
		{"", `{"action":"unlock","data":{}}`, `"ok"`, []string{on + `{"Application-Name":"unlock"}`}},
		{"", `{"action":"play","data":{"media_id":"abc"}}`, `"ok"`, []string{on + `{"Application-Name":"play","Media-Name":"/` + customerID + `/abc"}`}},
		{"", `{"data":{"action":"play","data":{"media_id":"http://h/a.mp3"}}}`, `"ok"`, []string{on + `{"Application-Name":"play","Media-Name":"http://h/a.mp3"}`}},
		{"", `{"action":"record","data":{"action":"start"}}`, `"starting recording"`, []string{on + `{"Application-Name":"record"}`}},
		{"", `{"action":"record","data":{"action":"stop"}}`, `"stopping recording"`, []string{on + `{"Application-Name":"recordstop"}`}},
		{"/participants", `{"data":{"action":"mute"}}`, `{"name":"weekly"`, []string{on + `{"Application-Name":"mute_participant","Participant-ID":2}`}},
		{"/participants", `{"data":{"action":"unmute"}}`, `{"name":"weekly"`, []string{on + `{"Application-Name":"unmute_participant","Participant-ID":3}`}},
		{"/participants", `{"data":{"action":"undeaf"}}`, `{"name":"weekly"`, []string{}},
		{"/participants", `{"data":{"action":"kick"}}`, `{"name":"weekly"`, []string{
			on + `{"Application-Name":"kick","Participant-ID":1}`, on + `{"Application-Name":"kick","Participant-ID":2}`, on + `{"Application-Name":"kick","Participant-ID":3}`,
		}},
		{"/participants", `{"action":"relate","data":{"participant_id":1,"other_participant":"3","relationship":"deaf"}}`, `"relating participants"`,
			[]string{on + `{"Application-Name":"relate_participants","Other-Participant":3,"Participant-ID":1,"Relationship":"deaf"}`}},
		{"/participants/2", `{"data":{"action":"deaf"}}`, `"ok"`, []string{on + `{"Application-Name":"deaf_participant","Participant-ID":2}`}},
		{"/participants/2", `{"action":"play","data":{"media_id":"abc"}}`, `"ok"`, []string{on + `{"Application-Name":"play","Media-Name":"/` + customerID + `/abc","Participant-ID":2}`}},
		{"/participants/2", `{"data":{"action":"relate","data":{"other_participant":3}}}`, `"relating participants"`,
			[]string{on + `{"Application-Name":"relate_participants","Other-Participant":3,"Participant-ID":2,"Relationship":"clear"}`}},
		{"", `{"action":"dial","data":{"endpoints":["` + desk + `","1000"],"timeout":5}}`, `{"endpoint_responses":[]}`, []string{`conference conference.command.local {`}},
	} {
		got := w.call(t, "PUT", one+c.path, token, c.body)
		said := w.commands(t)
		if got.status != http.StatusCreated || !strings.Contains(got.text, `"data":`+c.data) || len(said) != len(c.commands) {
			t.Errorf("%s %s: %d %s, said %q", c.path, c.body, got.status, got.text, said)
			continue
		}
		for i := range said {
			if !sameMembers(said[i], c.commands[i]) {
				t.Errorf("%s %s: said %s\nwant %s", c.path, c.body, said[i], c.commands[i])
			}
		}
	}
}

// sameMembers compares what was said, whatever the order of its members; of a command
// that ends with { only the address.
func sameMembers(got, want string) bool {
	if strings.HasSuffix(want, "{") {
		return strings.HasPrefix(got, want)
	}
	address, body, _ := strings.Cut(got, " {")
	wanted, members, _ := strings.Cut(want, " {")
	one, err := jobj.ParseObject([]byte("{" + body))
	other, otherErr := jobj.ParseObject([]byte("{" + members))
	if address != wanted || err != nil || otherErr != nil || len(one) != len(other) {
		return false
	}
	for _, m := range other {
		if value, _ := one.Get(m.Key); string(jobj.Append(nil, value)) != string(jobj.Append(nil, m.Value)) {
			return false
		}
	}
	return true
}

func TestCommandsToAConferenceThatAreRefused(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/conferences", token, `{"data":{"name":"weekly"}}`).want(t, http.StatusCreated).data().String("id")
	one := customerPath + "/conferences/" + id
	w.meeting(id)
	w.bus.take()
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"", `{"data":{"action":"explode"}}`, 404, `"faulty_request"`},
		{"", `{"data":{}}`, 404, `"faulty_request"`},
		{"", `{"action":"play","data":{}}`, 400, `"data.media_id":{"required":{"message":"action 'play' requires a media ID or URL"}}`},
		{"", `{"action":"record","data":{}}`, 400, `"data.action":{"required":{"message":"recording requires an action"}}`},
		{"", `{"data":{"action":"record"}}`, 400, `"data.action":{"required"`},
		{"", `{"action":"record","data":{"action":"pause"}}`, 400, `"data.action":{"enum"`},
		{"", `{"action":"dial","data":{}}`, 400, `"endpoints":{"required"`},
		{"", `{"action":"dial","data":{"endpoints":["abcdefg"]}}`, 400, `"data.endpoints.1":{"enum":{"message":"Value not a number, device or user ID, or SIP endpoint"}}`},
		{"", `{"action":"dial","data":{"endpoints":["` + strings.Repeat("f", 32) + `"]}}`, 400, `"data.endpoints":{"minItems"`},
		{"", `{"action":"dial","data":{"endpoints":["` + id + `"]}}`, 400, `"data.endpoints.1":{"not_found":{"message":"ID ` + id + ` not found"}}`},
		{"", `{"action":"dial","data":{"endpoints":["` + strings.Repeat("a2", 16) + `"]}}`, 400, `failed to resolve to route-able destinations`},
		{"/participants", `{"action":"relate","data":{"participant_id":1}}`, 400, `"other_participant":{"required"`},
		{"/participants", `{"action":"relate","data":{"participant_id":1,"other_participant":7}}`, 404, `"data":{"id":7,"message":"bad identifier"}`},
		{"/participants", `{"data":{"action":"lock"}}`, 404, `"faulty_request"`},
		{"/participants/2", `{"data":{"action":"lock"}}`, 404, `"faulty_request"`},
		{"/participants/two", `{"data":{"action":"mute"}}`, 404, `"cause":"two"`},
	} {
		got := w.call(t, "PUT", one+c.path, token, c.body)
		if said := w.commands(t); got.status != c.status || !strings.Contains(got.text, c.says) || len(said) > 0 {
			t.Errorf("%s %s: %d %s, said %q", c.path, c.body, got.status, got.text, said)
		}
	}
	missing := customerPath + "/conferences/" + strings.Repeat("f", 32)
	w.call(t, "PUT", missing, token, `{"data":{"action":"lock"}}`).want(t, http.StatusNotFound)
	w.call(t, "PUT", "/v2/accounts/"+siblingID+"/conferences/"+id, w.token(t, "sibling"), `{"data":{"action":"lock"}}`).want(t, http.StatusNotFound)
	if said := w.commands(t); len(said) > 0 {
		t.Errorf("said %q", said)
	}
	// Where nobody is there to dial, the answer says so, with 201 as the reference has it.
	w.bus.answer = nil
	got := w.call(t, "PUT", one, token, `{"action":"dial","data":{"endpoints":["1000"]}}`).want(t, http.StatusCreated)
	if got.data().String("message") != "conference dial failed to find a media server" {
		t.Error(got.text)
	}
}

func TestDevicesThatAreRegistered(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	status := func() string {
		return w.call(t, "GET", customerPath+"/devices/status", token, "").want(t, http.StatusOK).text
	}
	g.Expect(status()).To(ContainSubstring(`"data":[]`))
	w.bus.answer = func(jobj.Object) []jobj.Object {
		registrations := func(ids ...string) jobj.Object {
			fields := []any{"broken", jobj.Object{{Key: "Contact", Value: "c"}}}
			for _, id := range ids {
				fields = append(fields, jobj.Object{{Key: "Authorizing-ID", Value: id}})
			}
			return jobj.Object{{Key: "Event-Name", Value: "reg_query_resp"}, {Key: "Fields", Value: fields}}
		}
		return []jobj.Object{registrations("d2", "d1"), registrations("d2"), {{Key: "Fields", Value: "broken"}}}
	}
	w.bus.take()
	g.Expect(status()).To(ContainSubstring(`"data":[{"device_id":"d1","registered":true},{"device_id":"d2","registered":true}]`))
	asked := w.bus.take()
	g.Expect(asked).To(HaveLen(1))
	g.Expect(said(asked[0])).To(And(HavePrefix("registrar registration.query.customer%2Eref%2Etest.* "), ContainSubstring(`"Fields":["Authorizing-ID"]`)))
}

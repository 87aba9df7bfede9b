package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// speaker follows the talk of KazooCon 2015 at a running up.
type speaker struct {
	*testing.T
	*WithT

	program *program
	lab     lab
}

// socket is a websocket of the speaker's.
type socket struct {
	*speaker
	conn *websocket.Conn
	id   string
}

func (s *speaker) connect() *socket {
	s.Helper()
	conn, answer, err := websocket.DefaultDialer.DialContext(s.Context(), s.lab.Websocket, nil) //nolint:bodyclose // it is the connection
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(answer.StatusCode).To(Equal(http.StatusSwitchingProtocols))
	s.Cleanup(func() { _ = conn.Close() })
	return &socket{s, conn, conn.LocalAddr().String()}
}

// next is the frame that comes next.
func (s *socket) next() jobj.Object {
	s.Helper()
	s.Expect(s.conn.SetReadDeadline(clock.System().Now().Add(eventually))).To(Succeed())
	_, text, err := s.conn.ReadMessage()
	s.Expect(err).NotTo(HaveOccurred())
	frame, err := jobj.ParseObject(text)
	s.Expect(err).NotTo(HaveOccurred())
	return frame
}

// ask gives a command, and returns the data of its reply as JSON.
func (s *socket) ask(action, data string) string {
	s.Helper()
	text := fmt.Sprintf(`{"action":%q,"auth_token":%q,"request_id":"r","data":%s}`, action, s.lab.Token, data)
	s.Expect(s.conn.WriteMessage(websocket.TextMessage, []byte(text))).To(Succeed())
	frame := s.next()
	s.Expect(frame.String("action")+" "+frame.String("status")).To(Equal("reply success"), "%s", jobj.Append(nil, frame))
	return string(jobj.Append(nil, frame.Object("data")))
}

func (s *socket) subscribe(bindings string) string {
	s.Helper()
	return s.ask("subscribe", fmt.Sprintf(`{"account_id":%q,%s}`, s.lab.AccountID, bindings))
}

// events are the names of the next events.
func (s *socket) events(n int) (names []string) {
	s.Helper()
	for range n {
		frame := s.next()
		s.Expect(frame.String("action")).To(Equal("event"), "%s", jobj.Append(nil, frame))
		names = append(names, frame.String("name"))
	}
	return names
}

// call has a whole call happen.
func (s *speaker) call() {
	s.Helper()
	beside(s.program, "trigger", "call").start().expect(cli.ExitOK)
}

// curl makes the request that the talk prints, and returns the status and the answer.
func (s *speaker) curl(method, path, token, body string) (int, jobj.Object) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, s.lab.REST+path, strings.NewReader(body))
	s.Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("X-Auth-Token", token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := (&http.Client{Timeout: eventually}).Do(request)
	s.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	s.Expect(err).NotTo(HaveOccurred())
	envelope, err := jobj.ParseObject(text)
	s.Expect(err).NotTo(HaveOccurred(), string(text))
	return answer.StatusCode, envelope
}

// got is the data of a GET, as JSON.
func (s *speaker) got(g Gomega, path, token string) string {
	s.Helper()
	status, envelope := s.curl(http.MethodGet, path, token, "")
	g.Expect(status).To(Equal(http.StatusOK))
	if token != "" { // the talk prints the status of these two
		g.Expect(envelope.String("status")).To(Equal("success"))
	}
	data, _ := envelope.Get("data")
	return string(jobj.Append(nil, data))
}

// Every line of the talk about websockets, in its order.
func TestTheWebsocketsOfTheTalk(t *testing.T) {
	t.Parallel()
	broker := brokertest.New(t)
	running, l := up(t, broker)
	s := &speaker{t, NewWithT(t), running, l}
	account := "/v2/accounts/" + l.AccountID

	// "Open a connection", "Subscribe for an account's new calls".
	one := s.connect()
	s.Expect(one.subscribe(`"binding":"call.CHANNEL_CREATE.*"`)).To(Equal(`{"subscribed":["call.CHANNEL_CREATE.*"]}`))
	s.call()
	s.Expect(one.events(1)).To(Equal([]string{"CHANNEL_CREATE"}))

	// "Subscribe for multiple types of events".
	s.Expect(one.subscribe(`"bindings":["call.CHANNEL_ANSWER.*","call.CHANNEL_DESTROY.*"]`)).To(
		Equal(`{"subscribed":["call.CHANNEL_CREATE.*","call.CHANNEL_ANSWER.*","call.CHANNEL_DESTROY.*"]}`))
	s.call()
	s.Expect(one.events(3)).To(ConsistOf("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY"))

	// "Subscribe for doc change events", as clients wrote it then, and as they do now.
	s.Expect(one.subscribe(`"binding":"doc_created.*.user.*"`)).To(ContainSubstring(`"doc_created.*.user.*"`))
	s.Expect(one.subscribe(`"binding":"object.doc_edited.user"`)).To(ContainSubstring(`"object.doc_edited.user"`))
	status, made := s.curl(http.MethodPut, account+"/users", l.Token, `{"data":{"first_name":"Ada","last_name":"Lovelace"}}`)
	s.Expect(status).To(Equal(http.StatusCreated))
	frame := one.next()
	s.Expect([]string{frame.String("name"), frame.String("subscribed_key"), frame.String("data", "id")}).To(
		Equal([]string{"doc_created", "doc_created.*.user.*", made.String("data", "id")}))
	status, _ = s.curl(http.MethodPatch, account+"/users/"+made.String("data", "id"), l.Token, `{"data":{"first_name":"Augusta"}}`)
	s.Expect(status).To(Equal(http.StatusOK))
	s.Expect(one.events(1)).To(Equal([]string{"doc_edited"}))

	// "Unsubscribe from events": from one, then from all.
	s.Expect(one.ask("unsubscribe", fmt.Sprintf(`{"account_id":%q,"binding":"call.CHANNEL_ANSWER.*"}`, l.AccountID))).To(
		HavePrefix(`{"unsubscribed":["call.CHANNEL_ANSWER.*"],"subscribed":["call.CHANNEL_CREATE.*","call.CHANNEL_DESTROY.*",`))
	s.call()
	s.Expect(one.events(2)).To(ConsistOf("CHANNEL_CREATE", "CHANNEL_DESTROY"))
	s.Expect(one.ask("unsubscribe", `{}`)).To(HaveSuffix(`"subscribed":[]}`))
	s.call()
	s.Expect(one.ask("ping", `{}`)).To(Equal(`{"response":"pong"}`), "and nothing before")

	s.queries(one, account)
	s.commands(account)
}

// queries are the three curls that ask.
func (s *speaker) queries(one *socket, account string) {
	s.Helper()
	// "Query for available bindings"; "Channel events, Fax events, Objects".
	listing := s.got(s, "/v2/websockets", "")
	s.Expect(listing).To(HavePrefix(`{"call":[` +
		`{"binding":"call.CHANNEL_CREATE.*","event":"CHANNEL_CREATE"},` +
		`{"binding":"call.CHANNEL_ANSWER.*","event":"CHANNEL_ANSWER"},` +
		`{"binding":"call.CHANNEL_DESTROY.*","event":"CHANNEL_DESTROY"},` +
		`{"binding":"call.CHANNEL_BRIDGE.*","event":"CHANNEL_BRIDGE"}],"fax":[`))
	s.Expect(listing).To(ContainSubstring(`],"object":[`))

	// "Fetch account's socket connections".
	two, three := s.connect(), s.connect()
	for _, other := range []*socket{two, three} {
		other.subscribe(`"bindings":["call.CHANNEL_DESTROY.*","call.CHANNEL_ANSWER.*","call.CHANNEL_CREATE.*"]`)
	}
	s.Eventually(s.Context(), func(g Gomega) {
		var ids []string
		g.Expect(json.Unmarshal([]byte(s.got(g, account+"/websockets", s.lab.Token)), &ids)).To(Succeed())
		g.Expect(ids).To(ConsistOf(one.id, two.id, three.id))
	}).WithTimeout(eventually).Should(Succeed())

	// "Fetch bindings for a socket ID".
	s.Eventually(s.Context(), func(g Gomega) string {
		return s.got(g, account+"/websockets/"+two.id, s.lab.Token)
	}).WithTimeout(eventually).Should(Equal(fmt.Sprintf(
		`[{"account_id":%q,"auth_token":%q,"bindings":["call.CHANNEL_DESTROY.*","call.CHANNEL_ANSWER.*","call.CHANNEL_CREATE.*"],"websocket_session_id":%q}]`,
		s.lab.AccountID, s.lab.Token, two.id)))
	s.everyBindingCanBeSubscribedTo(listing)
}

// What is listed must be good for something.
func (s *speaker) everyBindingCanBeSubscribedTo(listing string) {
	s.Helper()
	families, err := jobj.ParseObject([]byte(listing))
	s.Expect(err).NotTo(HaveOccurred())
	var all []string
	for _, family := range families {
		entries, _ := family.Value.([]any)
		for _, entry := range entries {
			offer, _ := entry.(jobj.Object)
			all = append(all, fmt.Sprintf("%q", offer.String("binding")))
		}
	}
	s.connect().subscribe(`"bindings":[` + strings.Join(all, ",") + `]`)
}

// "Execute commands": the call that is meant obeys.
func (s *speaker) commands(account string) {
	s.Helper()
	call := beside(s.program, "call", "--to", "1001", "--script", "answer, wait 1m").start()
	var callID string
	s.Eventually(s.Context(), func(g Gomega) {
		var channels []struct {
			UUID, Direction string
			Other           string `json:"other_leg"`
		}
		g.Expect(json.Unmarshal([]byte(s.got(g, account+"/channels", s.lab.Token)), &channels)).To(Succeed())
		g.Expect(channels).To(HaveLen(2))
		for _, one := range channels {
			g.Expect(one.Other).NotTo(BeEmpty())
			if one.Direction == "inbound" {
				callID = one.UUID
			}
		}
	}).WithTimeout(eventually).Should(Succeed())
	path := account + "/channels/" + callID
	// As it is printed: a slip, which is no JSON.
	status, answer := s.curl(http.MethodPut, path, s.lab.Token, `{"data": {"action": "metaflow", "data": { "module", "hangup" }}`)
	s.Expect(status).To(Equal(http.StatusBadRequest), "%s", jobj.Append(nil, answer))
	s.Eventually(s.Context(), func(g Gomega) {
		status, answer := s.curl(http.MethodPut, path, s.lab.Token, `{"data": {"action": "metaflow", "data": { "module": "hangup" }}}`)
		g.Expect(status).To(Equal(http.StatusCreated), "%s", jobj.Append(nil, answer))
		g.Expect(answer.String("status")).To(Equal("success"))
	}).WithTimeout(eventually).Should(Succeed())
	call.expect(cli.ExitOK)
	s.Expect(call.stdout.String()).To(And(ContainSubstring("CHANNEL_UNBRIDGE"), ContainSubstring("CHANNEL_DESTROY")))
}

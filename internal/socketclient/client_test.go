package socketclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// server hands its connections to the test.
type server struct {
	url   string
	conns chan *websocket.Conn
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{conns: make(chan *websocket.Conn, 1)}
	upgrader := &websocket.Upgrader{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err == nil {
			s.conns <- conn
		}
	}))
	t.Cleanup(web.Close)
	s.url = "ws" + strings.TrimPrefix(web.URL, "http")
	return s
}

// rig is a client and the server that it talks to.
type rig struct {
	*testing.T
	*WithT
	server *server
	conn   *websocket.Conn
	clock  *clockwork.FakeClock
	client *socketclient.Client
	frames chan socketclient.Frame
	ended  chan error
	stop   context.CancelFunc
}

func newRig(t *testing.T, resume bool, bindings ...string) *rig {
	t.Helper()
	r := &rig{
		T: t, WithT: NewWithT(t), server: serve(t), clock: clockwork.NewFakeClock(),
		frames: make(chan socketclient.Frame, 20), ended: make(chan error, 1),
	}
	connections := 0
	r.client = socketclient.New(socketclient.Config{
		Find: func(context.Context) (socketclient.Place, error) {
			connections++
			return socketclient.Place{URL: r.server.url, Token: fmt.Sprint("token", connections)}, nil
		},
		AccountID: "acc", Bindings: bindings, Resume: resume,
		Frame: func(f socketclient.Frame) error {
			r.frames <- f
			if f.Fields.String("name") == "END" {
				return errEnough
			}
			return nil
		},
		Opened: func(socketclient.Place) {}, Lost: func(error, time.Duration) {},
		Clock: r.clock, IDs: ids.Seeded("client"),
	})
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- r.client.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		r.Eventually(r.ended).WithTimeout(patience).Should(Receive())
	})
	r.accept()
	return r
}

var errEnough = errors.New("enough")

// accept takes the client's next connection.
func (r *rig) accept() {
	r.Helper()
	r.Eventually(r.Context(), r.server.conns).WithTimeout(patience).Should(Receive(&r.conn))
	conn := r.conn
	r.Cleanup(func() { _ = conn.Close() })
}

// hear is the client's next command: action, token and data; and how to reply to it.
func (r *rig) hear() (said string, reply func(status, data string)) {
	r.Helper()
	_, text, err := r.conn.ReadMessage()
	r.Expect(err).NotTo(HaveOccurred())
	command, err := jobj.ParseObject(text)
	r.Expect(err).NotTo(HaveOccurred())
	return command.String("action") + " " + command.String("auth_token") + " " + string(jobj.Append(nil, command.Object("data"))), func(status, data string) {
		r.send(`{"action":"reply","request_id":"` + command.String("request_id") + `","status":"` + status + `","data":` + data + `}`)
	}
}

func (r *rig) send(text string) {
	r.Helper()
	r.Expect(r.conn.WriteMessage(websocket.TextMessage, []byte(text))).To(Succeed())
}

func (r *rig) event(binding, id string) {
	r.Helper()
	r.send(`{"action":"event","subscribed_key":"` + binding + `","name":"X","id":"` + id + `"}`)
}

// got waits for n frames.
func (r *rig) got(n int) (last socketclient.Frame) {
	r.Helper()
	for range n {
		r.Eventually(r.Context(), r.frames).WithTimeout(patience).Should(Receive(&last))
	}
	return last
}

// again ends the connection and takes the next one.
func (r *rig) again() {
	r.Helper()
	r.Expect(r.conn.Close()).To(Succeed())
	r.Expect(r.clock.BlockUntilContext(r.Context(), 1)).To(Succeed())
	r.clock.Advance(250 * time.Millisecond)
	r.accept()
}

// Bindings are asked for one after the other, and after a lost connection from where
// each was.
func TestItGoesOnFromWhereItWas(t *testing.T) {
	r := newRig(t, true, "a.*", "b.*")
	said, reply := r.hear()
	r.Expect(said).To(Equal(`subscribe token1 {"account_id":"acc","binding":"a.*","resume":true}`))
	reply("success", `{"subscribed":["a.*"],"since":"@1"}`)
	said, reply = r.hear()
	r.Expect(said).To(Equal(`subscribe token1 {"account_id":"acc","binding":"b.*","resume":true}`))
	reply("success", `{"subscribed":["a.*","b.*"],"since":"@2"}`)
	for i := range 12 {
		r.event("a.*", fmt.Sprint("e", i))
	}
	r.got(14)

	r.again()
	said, reply = r.hear()
	r.Expect(said).To(Equal(`subscribe token2 {"account_id":"acc","binding":"a.*","resume":true,"since":["e2","e3","e4","e5","e6","e7","e8","e9","e10","e11"]}`))
	reply("success", `{"subscribed":["a.*"],"since":"@3"}`)
	said, _ = r.hear()
	r.Expect(said).To(Equal(`subscribe token2 {"account_id":"acc","binding":"b.*","resume":true,"since":"@2"}`))
}

// Events of presence name their binding without its family, as in Kazoo.
func TestPresenceIsResumedAsWell(t *testing.T) {
	r := newRig(t, true, "presence.dialog.x")
	_, reply := r.hear()
	reply("success", `{"subscribed":["dialog.x"],"since":"@1"}`)
	r.event("dialog.x", "e1")
	r.got(2)
	r.again()
	said, _ := r.hear()
	r.Expect(said).To(HaveSuffix(`"binding":"presence.dialog.x","resume":true,"since":["e1"]}`))
}

func TestWhatIsRefusedIsForgotten(t *testing.T) {
	r := newRig(t, false, "bad", "good")
	said, reply := r.hear()
	r.Expect(said).To(Equal(`subscribe token1 {"account_id":"acc","binding":"bad"}`))
	reply("error", `{"errors":["event bad not supported"]}`)
	refused := r.got(1)
	r.Expect(refused.Answers).To(Equal(socketclient.Request{Action: "subscribe", Binding: "bad"}))
	r.Expect(refused.Refused()).To(MatchError("event bad not supported"))
	said, reply = r.hear()
	r.Expect(said).To(HaveSuffix(`"binding":"good"}`))
	reply("success", `{}`)
	r.got(1)
	r.Expect(r.client.Subscribe("more")).To(Succeed())
	_, _ = r.hear()
	r.Expect(r.client.Unsubscribe("good")).To(Succeed())
	said, _ = r.hear()
	r.Expect(said).To(Equal(`unsubscribe token1 {"account_id":"acc","binding":"good"}`))
	r.again()
	said, _ = r.hear()
	r.Expect(said).To(Equal(`subscribe token2 {"account_id":"acc","binding":"more"}`))
}

// A server that has been granting a binding may refuse it for a while: as it does not
// reach its store, or has not heard of the account yet.
func TestWhatWasGrantedOnceIsAskedForAgain(t *testing.T) {
	r := newRig(t, false, "a", "b")
	for range 2 {
		_, reply := r.hear()
		reply("success", `{}`)
	}
	r.got(2)
	r.again()
	said, reply := r.hear()
	r.Expect(said).To(Equal(`subscribe token2 {"account_id":"acc","binding":"a"}`))
	reply("error", `{"errors":["unauthorized account id"]}`)
	said, reply = r.hear()
	r.Expect(said).To(HaveSuffix(`"binding":"b"}`))
	reply("success", `{}`)
	r.got(2)
	r.Expect(r.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	r.clock.Advance(10 * time.Second)
	said, _ = r.hear()
	r.Expect(said).To(Equal(`subscribe token2 {"account_id":"acc","binding":"a"}`))
}

func TestAServerThatCannotAnswerYetIsAskedAgain(t *testing.T) {
	for _, refusal := range []string{
		"rate limiting threshold hit for 127.0.0.1:1!",
		"the token cannot be checked at the moment, try again",
	} {
		t.Run(refusal, func(t *testing.T) {
			r := newRig(t, false, "a")
			_, reply := r.hear()
			reply("error", `{"errors":["`+refusal+`"]}`)
			r.Expect(r.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
			r.clock.Advance(time.Second)
			said, _ := r.hear()
			r.Expect(said).To(Equal(`subscribe token1 {"account_id":"acc","binding":"a"}`))
			r.Expect(r.frames).To(BeEmpty())
		})
	}
}

func TestATokenThatIsNoLongerGoodIsReplaced(t *testing.T) {
	r := newRig(t, false, "a")
	_, reply := r.hear()
	reply("error", `{"errors":["failed to authenticate token token1"]}`)
	r.Expect(r.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	r.clock.Advance(250 * time.Millisecond)
	r.accept()
	said, _ := r.hear()
	r.Expect(said).To(HavePrefix("subscribe token2 "))
}

func TestItEndsWhenEnoughHasCome(t *testing.T) {
	r := newRig(t, false)
	r.send(`{"action":"event","name":"END"}`)
	var err error
	r.Eventually(t.Context(), r.ended).WithTimeout(patience).Should(Receive(&err))
	r.ended <- err
	r.Expect(err).To(MatchError(errEnough))
	r.Expect(r.client.Ask("ping", nil)).To(MatchError(socketclient.ErrNotConnected))
	r.Expect(r.client.Send([]byte("{}"))).To(MatchError(socketclient.ErrNotConnected))
}

// Command websocket is an IVR for Pivot that needs no server: it keeps one websocket open,
// and is asked over that what calls do next. It is an example to begin with, and no part of
// kazoolab.
//
//	eval "$(kazoolab env)"
//	go run ./simulator/pivot/examples/websocket
//
// A callflow comes here by the action
// {"module": "pivot", "data": {"voice_url": "http://ivr.pivot.invalid/start.xml", "req_format": "twiml"}}.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	a := &app{
		url: cmp.Or(os.Getenv("WEBSOCKET_URL"), "ws://127.0.0.1:5555"), token: os.Getenv("AUTH_TOKEN"),
		account: os.Getenv("ACCOUNT_ID"), name: cmp.Or(os.Getenv("APP"), "ivr"),
		log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	for {
		err := a.serve()
		if errors.Is(err, errRefused) {
			a.log.Error("the app ends", "why", err)
			os.Exit(1)
		}
		a.log.Warn("the connection has ended, and is made again", "why", err)
		time.Sleep(time.Second) //nolint:forbidigo // an example has no clock to take
	}
}

var errRefused = errors.New("the server does not take the app")

// app is one application of an account.
type app struct {
	url, token, account, name string
	log                       *slog.Logger

	resume string // so that calls come back here after the connection was lost
}

// frame is any frame of the server.
type frame struct {
	Action    string          `json:"action"`
	Name      string          `json:"name"`
	RequestID string          `json:"request_id"`
	Status    string          `json:"status"`
	Data      json.RawMessage `json:"data"`
}

// request is what a call asks.
type request struct {
	CallID    string `json:"call_id"`
	Iteration int    `json:"iteration"`
	URL       string `json:"url"`
	Params    struct {
		Digits string `json:"Digits"`
	} `json:"params"`
}

// answer is what it does next: a body that is an object is a callflow, a text is TwiML.
type answer struct {
	PivotID string `json:"pivot_id"`
	Status  int    `json:"status,omitempty"`
	Body    any    `json:"body,omitempty"`
}

// serve registers the app and answers until the connection ends.
func (a *app) serve() error {
	conn, _, err := websocket.DefaultDialer.Dial(a.url, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	send := func(action string, data any) error {
		return conn.WriteJSON(map[string]any{"action": action, "auth_token": a.token, "request_id": action, "data": data})
	}
	data := map[string]any{"account_id": a.account, "app": a.name, "max_calls": 100}
	if a.resume != "" {
		data["resume"] = a.resume
	}
	if err := send("pivot_register", data); err != nil {
		return err
	}
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			return err
		}
		switch {
		case f.Action == "reply" && f.Status != "success" && f.RequestID == "pivot_register":
			return fmt.Errorf("%w: %s", errRefused, f.Data)
		case f.Action == "reply" && f.RequestID == "pivot_register":
			var reply struct{ Resume string }
			if err := json.Unmarshal(f.Data, &reply); err != nil {
				return err
			}
			a.resume = reply.Resume
			a.log.Info("serving", "app", a.name)
		case f.Action == "reply" && f.Status != "success":
			a.log.Warn("an answer is not taken", "why", string(f.Data))
		case f.Action == "pivot" && f.Name == "request":
			var r request
			if err := json.Unmarshal(f.Data, &r); err != nil {
				return err
			}
			// The same request may come again after a lost connection. This app remembers nothing,
			// so that it answers the same again; one that does looks at call_id and iteration.
			next := a.page(r)
			next.PivotID = f.RequestID
			if err := send("pivot_answer", next); err != nil {
				return err
			}
		case f.Action == "pivot":
			a.log.Info("told", "name", f.Name, "data", string(f.Data))
		}
	}
}

// page is what a call does next, by the path of the URL. The names have a dot, because Kazoo
// puts an action behind a name without one: choice of /start would be /start/choice.
func (a *app) page(r request) answer {
	at, err := url.Parse(r.URL)
	if err != nil {
		return answer{Status: 404}
	}
	a.log.Info("asked", "call_id", r.CallID, "path", at.Path, "digits", r.Params.Digits)
	switch {
	case at.Path == "/start.xml":
		return answer{Body: `<Response><Gather numDigits="1" action="choice.xml"><Say>Press 1 for our hours, or 2 for a person.</Say></Gather></Response>`}
	case at.Path == "/choice.xml" && r.Params.Digits == "2":
		return answer{Body: map[string]any{"module": "user", "data": map[string]any{"id": "0123456789abcdef0123456789abcdef"}}}
	case at.Path == "/choice.xml":
		return answer{Body: `<Response><Say>We are open from nine to six.</Say><Redirect>start.xml</Redirect></Response>`}
	}
	return answer{Status: 404}
}

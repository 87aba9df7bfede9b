package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/socketclient"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// success is the status of a reply, and of an answer of REST.
const success = "success"

// send gives a command over a websocket of the story. What it commands has reached the
// switch when it returns.
func (p *play) send(ctx context.Context, s *scenario.Send) error {
	g := p.guests[s.Socket]
	what, reply, err := p.give(ctx, g, s)
	what += " over " + s.Socket
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if refused := unlike(s, reply.Fields); refused != "" {
		return fmt.Errorf("%s was answered %s, and was to be answered %s", what, refused, s.Status)
	}
	miss, err := p.compare(ctx, reply.Fields, s.Wants)
	if err != nil {
		return err
	}
	if miss != "" {
		return fmt.Errorf("%s:%s", what, miss)
	}
	return p.settle(ctx)
}

// give gives the command, and returns the reply, or the first of another status than is
// wanted.
func (p *play) give(ctx context.Context, g *guest, s *scenario.Send) (what string, reply socketclient.Frame, err error) {
	verb, bindings, command := "subscribe", s.Subscribe, g.Subscribe
	switch {
	case s.Request != nil:
		what = s.Request.Method + " " + s.Request.Target
		reply, err = p.pass(ctx, g, s.Request)
		return what, reply, err
	case s.Frame != nil:
		frame, err := onStage(ctx, p.line, func() jobj.Object {
			frame, _ := filled(s.Frame, p.stage.Lookup).(jobj.Object)
			return frame
		})
		if err != nil {
			return "", reply, err
		}
		reply, err = p.speak(ctx, g, frame)
		return s.Frame.String("action"), reply, err
	case len(s.Unsubscribe) > 0:
		verb, bindings, command = "unsubscribe", s.Unsubscribe, g.Unsubscribe
	}
	bindings, err = onStage(ctx, p.line, func() []string { return p.fillAll(bindings) })
	for _, binding := range bindings {
		what = verb + " " + binding
		if err = command(binding); err != nil {
			break
		}
		asked := socketclient.Request{Action: verb, Binding: binding}
		reply, err = g.reply(ctx, askLimit, func(f socketclient.Frame) bool { return f.Answers == asked })
		if err != nil || unlike(s, reply.Fields) != "" {
			break
		}
	}
	return what, reply, err
}

// pass has the websocket pass a request on to REST.
func (p *play) pass(ctx context.Context, g *guest, r *scenario.REST) (socketclient.Frame, error) {
	target, data, err := p.request(ctx, r)
	if err != nil {
		return socketclient.Frame{}, err
	}
	c, err := p.clientOf(ctx, g.account)
	if err != nil {
		return socketclient.Frame{}, err
	}
	command := jobj.Object{{Key: "endpoint", Value: c.path(target)}, {Key: "verb", Value: strings.ToLower(r.Method)}}
	if data != nil {
		body := jobj.Append(nil, jobj.Object{{Key: "data", Value: data}})
		command = append(command, jobj.Member{Key: "body", Value: string(body)})
	}
	return p.speak(ctx, g, jobj.Object{{Key: "action", Value: "api"}, {Key: "data", Value: command}})
}

// speak sends a frame, and returns the reply to it.
func (p *play) speak(ctx context.Context, g *guest, frame jobj.Object) (socketclient.Frame, error) {
	if !frame.Has("auth_token") {
		c, err := p.clientOf(ctx, g.account)
		if err != nil {
			return socketclient.Frame{}, err
		}
		frame = frame.Set("auth_token", c.token)
	}
	if !frame.Has("request_id") {
		frame = frame.Set("request_id", newIDs("").Hex(32))
	}
	given, _ := frame.Get("request_id")
	id := fmt.Sprint(given) // a number comes back as text
	if err := g.Send(jobj.Append(nil, frame)); err != nil {
		return socketclient.Frame{}, err
	}
	limit := askLimit
	if frame.String("action") == "api" { // REST takes as long as it takes
		limit = longestAnswer
	}
	return g.reply(ctx, limit, func(f socketclient.Frame) bool { return f.Fields.String("request_id") == id })
}

// unlike says what a reply says that has another status than is wanted; "" where it has that.
func unlike(s *scenario.Send, reply jobj.Object) string {
	status, said := reply.String("status"), socketclient.Frame{Fields: reply}.Refused()
	if s.Request != nil && said == nil { // a reply is a success whatever REST has answered
		answer := reply.Object("data")
		status = answer.String("status")
		if status != success {
			said = fmt.Errorf("%s", refusal(int(answer.Int("error")), answer))
		}
	}
	switch {
	case (status == success) == (s.Status == success):
		return ""
	case said != nil:
		return fmt.Sprintf("%s: %s", status, said)
	}
	return status
}

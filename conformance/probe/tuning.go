package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Tune publishes a message again and again until a socket has had an event of it: what it
// is subscribed to is live then. It is for targets that reply before that, as Kazoo's do.
// body makes the message with a Msg-ID of Tune's own, so that what comes of it, late
// repetitions too, is not taken for anything else.
func (p *Probe) Tune(ctx context.Context, s *Socket, exchange, key string, body func(messageID string) []byte) error {
	id := p.id(warmUp)
	for range 20 {
		if err := p.Publish(ctx, "warm up "+s.name, exchange, key, body(id)); err != nil {
			return err
		}
		if p.Log.Await(ctx, p.group, p.Target.Patience.Quiet*2, func(v capture.View) bool { return len(EventsOf(v, s.name, id)) > 0 }) {
			return nil
		}
	}
	return fmt.Errorf("socket %s gets no event of %s %s", s.name, exchange, key)
}

const warmUp = "warm-up"

// Told returns the events of a socket but those that came of Tune.
func Told(v capture.View, socket string) []capture.Entry {
	return slices.DeleteFunc(Events(v, socket), func(e capture.Entry) bool {
		return strings.HasPrefix(gjson.GetBytes(e.Body, "data.msg_id").Str, warmUp)
	})
}

// EventsOf returns the events of a socket that came of the message with a Msg-ID.
func EventsOf(v capture.View, socket, messageID string) []capture.Entry {
	var found []capture.Entry
	for _, e := range Events(v, socket) {
		if gjson.GetBytes(e.Body, "data.msg_id").Str == messageID {
			found = append(found, e)
		}
	}
	return found
}

// AwaitEvent waits until a socket has had an event of the message with a Msg-ID.
func (p *Probe) AwaitEvent(ctx context.Context, socket, messageID string) bool {
	return p.Await(ctx, fmt.Sprintf("the event of %s on %s", messageID, socket), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(EventsOf(v, socket, messageID)) > 0
	})
}

// Replies returns the frames of a socket that are replies.
func Replies(v capture.View, socket string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.SocketGot && e.Name == socket && gjson.GetBytes(e.Body, "action").Str == "reply"
	})
}

// AwaitReplies waits for a number of replies on a socket, or the end of the connection.
func (p *Probe) AwaitReplies(ctx context.Context, socket string, n int) bool {
	return p.Await(ctx, fmt.Sprintf("%d replies on %s", n, socket), p.Target.Patience.Reply, func(v capture.View) bool {
		return len(v.Named(capture.SocketClosed, socket)) > 0 || len(Replies(v, socket)) >= n
	})
}

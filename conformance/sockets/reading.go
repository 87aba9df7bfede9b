package sockets

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// own is the socket of most groups.
const own = "own"

// quoted is a text as JSON.
func quoted(text string) string {
	out, _ := json.Marshal(text) //nolint:errchkjson // text can always be said
	return string(out)
}

// command is a subscribe or unsubscribe as monster-ui sends it, with a token in each.
func command(action, id, token, accountID, binding string) string {
	return fmt.Sprintf(`{"action":%q,"auth_token":%q,"request_id":%q,"data":{"account_id":%q,"binding":%s}}`, action, token, id, accountID, quoted(binding))
}

// ask sends a subscribe whose request_id is the binding, and waits for the reply.
func ask(ctx context.Context, s *probe.Socket, account probe.Account, bindings ...string) {
	for _, binding := range bindings {
		s.Command(ctx, binding, command("subscribe", binding, account.Token, account.ID, binding))
	}
}

// reply wants a socket's reply to a command to be this JSON.
func reply(j *suite.Judging, socket, id, expected string) {
	got, found := probe.Reply(j.View, socket, id)
	if !found {
		j.Failf("socket %s has no reply to %q", socket, id)
		return
	}
	j.EqualJSON("the reply to "+id, expected, got.Body, got)
}

// refused wants a command to be refused with one error.
func refused(j *suite.Judging, socket, id, text string) {
	reply(j, socket, id, fmt.Sprintf(`{"action":"reply","request_id":%s,"status":"error","data":{"errors":[%s]}}`, quoted(id), quoted(text)))
}

// accepted wants a command to have been successful, with this data.
func accepted(j *suite.Judging, socket, id, data string) {
	reply(j, socket, id, fmt.Sprintf(`{"action":"reply","request_id":%s,"status":"success","data":%s}`, quoted(id), data))
}

// status wants a command to have been answered with a status, and returns the reply.
func status(j *suite.Judging, socket, id, expected string) (gjson.Result, bool) {
	got, found := probe.Reply(j.View, socket, id)
	if !found {
		j.Failf("socket %s has no reply to %q", socket, id)
		return gjson.Result{}, false
	}
	read := gjson.ParseBytes(got.Body)
	return read, j.Equal("status of the reply to "+id, expected, read.Get("status").Str, got)
}

// read is a frame as JSON.
func read(e capture.Entry) gjson.Result { return gjson.ParseBytes(e.Body) }

// event wants a socket to have had exactly one event of a message, and returns it.
func event(j *suite.Judging, socket, message string) (gjson.Result, bool) {
	got, found := j.One(fmt.Sprintf("events of %s on socket %s", message, socket), probe.EventsOf(j.View, socket, message))
	return gjson.ParseBytes(got.Body), found
}

// member wants a member of an event of a message to be this text.
func member(j *suite.Judging, socket, message, path, expected string) {
	if got, found := event(j, socket, message); found {
		j.Equal(path+" of the event of "+message, expected, got.Get(path).String(), probe.EventsOf(j.View, socket, message)...)
	}
}

// none wants a socket to have had no event of a message, which says something only of a
// socket that had one of another, published later.
func none(j *suite.Judging, socket, message, sentinel string) {
	if len(probe.EventsOf(j.View, socket, sentinel)) == 0 {
		j.Failf("socket %s did not get %s either, which it must", socket, sentinel)
		return
	}
	j.Count(fmt.Sprintf("events of %s on socket %s", message, socket), 0, probe.EventsOf(j.View, socket, message))
}

// fill puts what was drawn in a run into an expectation.
func fill(j *suite.Judging, text string) string {
	var pairs []string
	for _, name := range []string{"own", "child", "grandchild", "sibling"} {
		id := j.Fact("account " + name)
		pairs = append(pairs, "{"+name+"}", id, "{db "+name+"}", messages.Database(id))
	}
	pairs = append(pairs, "{month}", j.Fact("month"), "{realm}", realmWord(j.Fact("realm")))
	return strings.NewReplacer(pairs...).Replace(text)
}

// realmWord is a realm as a word of a routing key. Realms have no other sign to encode.
func realmWord(realm string) string { return strings.ReplaceAll(realm, ".", "%2E") }

// month is that of the target's clock, as its databases are named: YYYYMM.
func month(p *probe.Probe) string {
	now := p.Clock.Now().UTC().Format("200601")
	if made, found := p.Seen().Answer("create account own"); found {
		if text := gjson.GetBytes(made.Body, "timestamp").String(); len(text) > 7 && text[4] == '-' {
			now = text[:4] + text[5:7]
		}
	}
	p.Note("month", now)
	return now
}

// closed returns the end of a socket's connection, unless the group had ended before.
func closed(v capture.View, socket string) (capture.Entry, bool) {
	for _, e := range v.Entries {
		switch {
		case e.Kind == capture.SocketClosed && e.Name == socket:
			return e, true
		case e.Kind == capture.Ended:
			return capture.Entry{}, false
		}
	}
	return capture.Entry{}, false
}

// stillOpen wants a socket to have been open to the end, when a command "at last" was sent.
func stillOpen(j *suite.Judging, socket string) {
	if _, found := probe.Reply(j.View, socket, "at last"); !found {
		j.Failf("socket %s has no reply to the last command", socket)
	}
	if end, ended := closed(j.View, socket); ended {
		j.Fail("socket "+socket+" was closed", end)
	}
}

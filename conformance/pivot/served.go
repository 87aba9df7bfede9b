package pivot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// registering is the text of a pivot_register or pivot_unregister. more are further members of its data.
func registering(action, id, token, accountID, app string, more ...string) string {
	data := append([]string{fmt.Sprintf(`"account_id":%q,"app":%q`, accountID, app)}, more...)
	return commanding(action, id, token, strings.Join(data, ","))
}

// commanding is the text of a command with members of its data, and without a token where there is none.
func commanding(action, id, token, data string) string {
	if token != "" {
		token = fmt.Sprintf(`"auth_token":%q,`, token)
	}
	return fmt.Sprintf(`{"action":%q,%s"request_id":%q,"data":{%s}}`, action, token, id, data)
}

// serve opens a socket that serves an app of an account from now on. more are members of the registration.
func serve(ctx context.Context, p *probe.Probe, socket string, account probe.Account, app string, more ...string) (*probe.Socket, error) {
	s, err := p.MustDial(ctx, socket)
	if err != nil {
		return nil, err
	}
	return s, also(ctx, s, account, app, more...)
}

// also has a socket serve an app, as "register <app>".
func also(ctx context.Context, s *probe.Socket, account probe.Account, app string, more ...string) error {
	reply := s.Command(ctx, "register "+app, registering("pivot_register", "register "+app, account.Token, account.ID, app, more...))
	if reply.Get("status").Str != "success" {
		return fmt.Errorf("socket %s: registering the app %s was answered with %q", s.Name(), app, reply.Raw)
	}
	return nil
}

// frames are what a socket was sent about Pivot: of one name, or all where it is "".
func frames(v capture.View, socket, name string) []capture.Entry {
	return slices.DeleteFunc(during(v).Frames(socket), func(e capture.Entry) bool {
		f := gjson.ParseBytes(e.Body)
		return f.Get("action").Str != "pivot" || name != "" && f.Get("name").Str != name
	})
}

// about are the frames of a name that are about a request.
func about(v capture.View, socket, name, requestID string) []capture.Entry {
	return slices.DeleteFunc(frames(v, socket, name), func(e capture.Entry) bool { return text(e, "request_id") != requestID })
}

// requestsOf are the requests of a call at a socket.
func requestsOf(v capture.View, socket, callID string) []capture.Entry {
	return slices.DeleteFunc(frames(v, socket, "request"), func(e capture.Entry) bool { return text(e, "data.call_id") != callID })
}

// replyTo wants a command on a socket to have been answered with this.
func replyTo(j *suite.Judging, socket, id, expected string) {
	got, found := probe.Reply(j.View, socket, id)
	if !found {
		j.Failf("socket %s has no reply to %q", socket, id)
		return
	}
	j.EqualJSON("the reply to "+id+" on "+socket, expected, got.Body, got)
}

// refusedWith wants a command to have been refused with one error.
func refusedWith(j *suite.Judging, socket, id, words string) {
	replyTo(j, socket, id, fmt.Sprintf(`{"action":"reply","request_id":%q,"status":"error","data":{"errors":[%q]}}`, id, words))
}

// succeeded wants a command to have been answered with success, and returns the data of that.
func succeeded(j *suite.Judging, socket, id string) (data gjson.Result) {
	got, found := probe.Reply(j.View, socket, id)
	if !found {
		j.Failf("socket %s has no reply to %q", socket, id)
		return data
	}
	j.Equal("status of the reply to "+id+" on "+socket, "success", text(got, "status"), got)
	return gjson.GetBytes(got.Body, "data")
}

// answering is the text of a pivot_answer to a request. data are members of its data besides.
func answering(id, requestID, data string) string {
	return commanding("pivot_answer", id, "", fmt.Sprintf(`"pivot_id":%q,%s`, requestID, data))
}

// xml is the member of an answer for a document of these verbs.
func xml(verbs string) string { return fmt.Sprintf(`"body":%q`, "<Response>"+verbs+"</Response>") }

package robustness

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// event is what all groups here have happen, and binding how a socket asks for it.
const event, binding = "CHANNEL_CREATE", "call.CHANNEL_CREATE.*"

// prompt is how long what is not held up may take where there is no order that would show it. Busy
// machines stood still for 3 s; a hub that waits for one client gives it 5 s.
const prompt = 4500 * time.Millisecond

// hook makes a webhook for the event that posts forms.
func hook(ctx context.Context, p *probe.Probe, name string, account probe.Account, answers ...probe.Answer) error {
	_, err := p.Hook(ctx, name, account, "channel_create", map[string]any{"http_verb": "post", "retries": 3}, answers...)
	return err
}

// series names calls: word-000, word-001 and so on.
func series(word string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s-%03d", word, i))
	}
	return names
}

// callsOf are messages for calls of their own, each a step of the call's name.
func callsOf(account probe.Account, names []string, more ...string) []probe.Message {
	var all []probe.Message
	for _, name := range names {
		all = append(all, probe.Message{
			Step: name, Exchange: "callevt", Key: messages.CallKey(event, name),
			Body: messages.Call(event, name, account.ID, append([]string{fmt.Sprintf(`"Msg-ID":"msg-%s"`, name)}, more...)...),
		})
	}
	return all
}

// ofOne are messages of one call, each a step of its caller's name, by which they are told apart.
func ofOne(account probe.Account, call string, names []string) []probe.Message {
	var all []probe.Message
	for _, name := range names {
		all = append(all, probe.Message{
			Step: name, Exchange: "callevt", Key: messages.CallKey(event, call),
			Body: messages.Call(event, call, account.ID, fmt.Sprintf(`"Msg-ID":"msg-%s"`, name), fmt.Sprintf(`"Caller-ID-Name":%q`, name)),
		})
	}
	return all
}

// member is a field of a form that a receiver was posted.
func member(e capture.Entry, name string) string {
	form, err := url.ParseQuery(string(e.Body))
	if err != nil {
		return ""
	}
	return form.Get(name)
}

// forms lists a field of what a receiver was posted, in order.
func forms(v capture.View, receiver, field string) []string {
	var all []string
	for _, e := range v.Requests(receiver) {
		all = append(all, member(e, field))
	}
	return all
}

// frames lists a member of the events that a socket got, in order.
func frames(v capture.View, socket, field string) []string {
	var all []string
	for _, e := range probe.Events(v, socket) {
		all = append(all, gjson.GetBytes(e.Body, "data."+field).Str)
	}
	return all
}

// awaitCalls waits until a receiver has had each of some calls.
func awaitCalls(ctx context.Context, p *probe.Probe, receiver string, names []string) {
	p.Await(ctx, fmt.Sprintf("%d calls at %s", len(names), receiver), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(v.Requests(receiver)) >= len(names) && len(missing(names, forms(v, receiver, "call_id"))) == 0
	})
}

// awaitFrames is awaitCalls for a socket.
func awaitFrames(ctx context.Context, p *probe.Probe, socket string, names []string) {
	p.Await(ctx, fmt.Sprintf("%d calls on %s", len(names), socket), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(missing(names, frames(v, socket, "call_id"))) == 0
	})
}

// missing are the names that are not among those that came.
func missing(names, came []string) []string {
	known := map[string]bool{}
	for _, name := range came {
		known[name] = true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return known[name] })
}

// allCame wants each name to be among those that came.
func allCame(j *suite.Judging, where string, names, came []string) {
	if gone := missing(names, came); len(gone) > 0 {
		j.Differs(fmt.Sprintf("%d of %d events have not come to %s", len(gone), len(names), where), []byte("none missing"), fmt.Appendf(nil, "missing %v", gone))
	}
}

// noneTwice wants no name twice, and each once.
func noneTwice(j *suite.Judging, where string, names, came []string) {
	allCame(j, where, names, came)
	count := map[string]int{}
	for _, name := range came {
		if count[name]++; count[name] == 2 {
			j.Failf("%s has come to %s more than once", name, where)
		}
	}
}

// inTime wants each call to have come to a receiver before an entry: what is held up comes only
// behind it, on the slowest machine too.
func inTime(j *suite.Judging, receiver string, names []string, until int) {
	allCame(j, receiver, names, forms(capture.View{Entries: j.Where(func(e capture.Entry) bool { return e.Seq < until })}, receiver, "call_id"))
}

// allPrompt wants the events of a socket to have come promptly.
func allPrompt(j *suite.Judging, socket string) {
	sent := map[string]capture.Entry{}
	for _, e := range j.Where(func(e capture.Entry) bool { return e.Kind == capture.Published }) {
		sent[e.Name] = e
	}
	for _, e := range probe.Events(j.View, socket) {
		name := frameCall(e)
		if from, was := sent[name]; was && e.At-from.At > prompt {
			j.Differs("time until "+name+" came to "+socket, []byte("at most "+prompt.String()), []byte((e.At - from.At).String()), from, e)
		}
	}
}

// ends are those of a socket that came before the group was done with it.
func ends(j *suite.Judging, socket string) []capture.Entry {
	end, _ := j.End()
	return slices.DeleteFunc(j.Named(capture.SocketClosed, socket), func(e capture.Entry) bool { return e.Seq > end.Seq })
}

// Notes of the order of things.
const released = "the receiver that was held answers"

// heldUp finds fault with a log in which a receiver was not held: nothing is shown then.
func heldUp(j *suite.Judging, receiver string) (until int, was bool) {
	notes := j.Named(capture.Note, released)
	if len(notes) == 0 || len(j.Requests(receiver)) == 0 {
		j.Failf("nothing was held up at %s", receiver)
		return 0, false
	}
	until = notes[0].Seq
	if answer, answered := j.Answering(j.Requests(receiver)[0].Seq); answered && answer.Seq < until {
		j.Fail("the receiver "+receiver+" has lost a request that it held", answer)
		return 0, false
	}
	return until, true
}

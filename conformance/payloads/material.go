package payloads

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// published is a message of the bus, whose name is a value in it by which what comes of it is
// recognised: its call, document or message id. {account} and {db} in its text and key stand
// for the group's account and that account's database.
type published struct{ name, exchange, key, body string }

// call is a call event whose Call-ID is its name.
func call(event, name, body string) published {
	return published{name, "callevt", messages.CallKey(event, name), body}
}

// standing makes the group's account, and notes its reseller.
func standing(ctx context.Context, p *probe.Probe) (probe.Account, error) {
	account, err := p.Account(ctx)
	if err != nil {
		return account, err
	}
	doc, err := p.MustREST(ctx, "read own account", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID, Token: account.Token})
	if err == nil {
		p.Note("reseller", doc.Data().Get("reseller_id").Str)
	}
	return account, err
}

// publish publishes messages one after the other.
func publish(ctx context.Context, p *probe.Probe, account probe.Account, events ...published) error {
	fill := strings.NewReplacer("{account}", account.ID, "{db}", messages.Database(account.ID), "{parent}", p.Target.Parent.ID)
	for _, e := range events {
		if err := p.Publish(ctx, e.name, e.exchange, fill.Replace(e.key), []byte(fill.Replace(e.body))); err != nil {
			return err
		}
	}
	return nil
}

// arrived waits until each of the receivers was told of everything that was published.
func arrived(ctx context.Context, p *probe.Probe, receivers []string, events ...published) {
	p.Await(ctx, "all events at "+strings.Join(receivers, " "), p.Target.Patience.Delivery, func(v capture.View) bool {
		for _, receiver := range receivers {
			requests := v.Requests(receiver)
			for _, e := range events {
				if len(telling(requests, e.name)) == 0 {
					return false
				}
			}
		}
		return true
	})
}

// telling are the requests in which a name is a whole value, in either format.
func telling(requests []capture.Entry, name string) []capture.Entry {
	return slices.DeleteFunc(slices.Clone(requests), func(e capture.Entry) bool {
		_, target := e.Target()
		for _, text := range [][]byte{e.Body, []byte(target)} {
			if bytes.Contains(text, []byte("="+name+"&")) || bytes.Contains(text, []byte(`"`+name+`"`)) {
				return false
			}
		}
		return true
	})
}

// about is the one request at a receiver that tells of an event.
func about(j *suite.Judging, receiver, name string) (capture.Entry, bool) {
	return j.One("requests for "+name+" at the receiver "+receiver, telling(j.Requests(receiver), name))
}

// filled puts what is known of the group into an expectation. A line that begins with "4.3|"
// counts in that dialect only, one with "5.0|" in the others.
func filled(j *suite.Judging, text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		mark, rest, marked := strings.Cut(line, "|")
		switch {
		case !marked || mark != suite.Kazoo4 && mark != suite.Kazoo5:
			lines = append(lines, line)
		case (mark == suite.Kazoo4) == j.Is(suite.Kazoo4):
			lines = append(lines, rest)
		}
	}
	id := j.Fact("account own")
	return strings.NewReplacer("{account}", id, "{db}", messages.Database(id), "{reseller}", j.Fact("reseller"), "{cluster}", cluster(j.View)).
		Replace(strings.Join(lines, "\n"))
}

// joined is filled for form text, which a source has in several lines.
func joined(j *suite.Judging, text string) string {
	return strings.ReplaceAll(filled(j, text), "\n", "")
}

// cluster is the cluster's id, as the group's first request has it: the same in all.
func cluster(v capture.View) string {
	said := regexp.MustCompile(`\bcluster_id(?:=|" : ")([0-9a-f]{32})\b`)
	for _, e := range v.Entries {
		if e.Kind != capture.HookRequest {
			continue
		}
		if found := said.FindSubmatch(append([]byte(e.Head+"\n"), e.Body...)); found != nil {
			return string(found[1])
		}
	}
	return "(32 hexadecimal digits)"
}

// body wants the body of the request that tells of an event.
func body(j *suite.Judging, receiver, name, want string) {
	if e, ok := about(j, receiver, name); ok {
		j.Equal("body for "+name, want, string(e.Body), e)
	}
}

// member is a value in the JSON request that tells of an event: want is its text without white
// space, "" for absent.
type member struct{ name, key, want string }

// membersAre judges values one by one.
func membersAre(receiver string, list ...member) func(*suite.Judging) {
	return func(j *suite.Judging) {
		for _, m := range list {
			if e, ok := about(j, receiver, m.name); ok {
				j.Equal(m.key+" for "+m.name, filled(j, m.want), gjson.GetBytes(e.Body, m.key+"|@ugly").Raw, e)
			}
		}
	}
}

// never judges that nothing tells of some events, and that something tells of those behind them.
func never(receiver, sentinel string, names ...string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		about(j, receiver, sentinel)
		for _, name := range names {
			j.Count("requests for "+name+" at the receiver "+receiver, 0, telling(j.Requests(receiver), name))
		}
	}
}

// object is a JSON text that keeps its order in a document.
type object string

// MarshalJSON gives the text.
func (o object) MarshalJSON() ([]byte, error) { return []byte(o), nil }

// asJSON are the fields of a hook that sends JSON.
func asJSON() map[string]any { return map[string]any{"format": "json"} }

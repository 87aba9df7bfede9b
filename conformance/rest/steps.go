package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// step is a request of a group. {name} in its path, its body and its headers stands for what
// is known by then: {account}, {realm} and {parent}, and the ids that earlier steps kept.
type step struct {
	name, method, path, body string
	who                      string // whose token is sent; "" for the group's own account's
	header                   []capture.Field
	untyped, brief           bool
	kept                     string
	needed                   bool
}

// nobody sends no token.
const nobody = "nobody"

// parent sends the token of the account above the group's.
const parent = "parent"

func get(name, path string) step { return step{name: name, method: http.MethodGet, path: path} }
func put(name, path, body string) step {
	return step{name: name, method: http.MethodPut, path: path, body: body}
}
func post(name, path, body string) step {
	return step{name: name, method: http.MethodPost, path: path, body: body}
}
func patch(name, path, body string) step {
	return step{name: name, method: http.MethodPatch, path: path, body: body}
}
func del(name, path string) step { return step{name: name, method: http.MethodDelete, path: path} }

func sends(name, method, path string) step { return step{name: name, method: method, path: path} }

// as sends another token: that of nobody, of the parent, or one that was put under a name.
func (s step) as(who string) step { s.who = who; return s }

// with adds a header field.
func (s step) with(name, value string) step {
	s.header = append(slices.Clip(s.header), capture.Field{Name: name, Value: value})
	return s
}

// of sends the body under another type than application/json, "" for none.
func (s step) of(contentType string) step {
	if contentType == "" {
		s.untyped = true
		return s
	}
	return s.with("Content-Type", contentType)
}

// briefly keeps a long body out of the log.
func (s step) briefly() step { s.brief = true; return s }

// keep notes the id of what is answered, for {as} in later steps and in expectations. The
// group cannot go on without it.
func (s step) keep(as string) step { s.kept, s.needed = as, true; return s }

// talk is a group's conversation with a target.
type talk struct {
	p      *probe.Probe
	own    probe.Account
	known  map[string]string
	tokens map[string]string
}

// begin makes the group's account.
func begin(ctx context.Context, p *probe.Probe) (*talk, error) {
	own, err := p.Account(ctx)
	if err != nil {
		return nil, err
	}
	t := &talk{p: p, own: own, known: map[string]string{}, tokens: map[string]string{parent: p.Target.Parent.Token}}
	t.know("account", own.ID)
	t.know("realm", own.Realm)
	t.know("name", own.Name)
	t.know("parent", p.Target.Parent.ID)
	return t, nil
}

// noted is before the names of what expectations may speak of.
const noted = "known "

// know gives {name} a meaning.
func (t *talk) know(name, value string) {
	t.known[name] = value
	t.p.Note(noted+name, value)
}

// fill puts what is known into a text.
func (t *talk) fill(text string) string {
	for name, value := range t.known {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// do makes one request.
func (t *talk) do(ctx context.Context, s step) (probe.Response, error) {
	r := probe.Request{Method: s.method, Path: t.fill(s.path), Token: t.own.Token, Body: t.fill(s.body), NoType: s.untyped, Brief: s.brief}
	switch s.who {
	case "":
	case nobody:
		r.Token = ""
	default:
		r.Token = t.tokens[s.who]
	}
	for _, f := range s.header {
		r.Header = append(r.Header, capture.Field{Name: f.Name, Value: t.fill(f.Value)})
	}
	call := t.p.REST
	if s.needed {
		call = t.p.MustREST
	}
	answer, err := call(ctx, s.name, r)
	if err != nil {
		return answer, err
	}
	if s.kept != "" {
		id := answer.Data().Get("id").Str
		if id == "" {
			return answer, fmt.Errorf("%s: the answer has no id", s.name)
		}
		t.know(s.kept, id)
	}
	return answer, nil
}

// all makes requests one after the other. What is answered is for the judges.
func (t *talk) all(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		if _, err := t.do(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// login puts the token that an answer brings under a name.
func (t *talk) login(ctx context.Context, who string, s step) error {
	s.needed = true
	answer, err := t.do(ctx, s)
	if err != nil {
		return err
	}
	t.tokens[who] = gjson.GetBytes(answer.Body, "auth_token").Str
	if t.tokens[who] == "" {
		return fmt.Errorf("%s: the answer has no auth_token", s.name)
	}
	return nil
}

// exchange is the Do of a group that makes requests one after the other.
func exchange(steps ...step) func(context.Context, *probe.Probe) error {
	return func(ctx context.Context, p *probe.Probe) error {
		t, err := begin(ctx, p)
		if err != nil {
			return err
		}
		return t.all(ctx, steps...)
	}
}

// raw sends a request as it stands on a connection of its own, {host} and {account} filled in.
func (t *talk) raw(ctx context.Context, name, request string) error {
	host := strings.TrimPrefix(strings.TrimPrefix(t.p.Target.REST, "http://"), "https://")
	text := strings.ReplaceAll(t.fill(request), "{host}", host)
	return t.p.Raw(ctx, name, probe.RESTDoor, []byte(text), nil)
}

package probe

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// maxAnswer bounds what is read of an answer, in bytes. The longest that a target has reason
// to give is an upload that it was given, 8 MB.
const maxAnswer = 16 << 20

// Request is a request to a target's REST API.
type Request struct {
	Method string
	Path   string // from /v2 on, with the query: as it goes on the wire
	Token  string // sent as X-Auth-Token; "" sends none
	Header []capture.Field
	Body   string
	// NoType leaves out the Content-Type that a body otherwise has, application/json.
	NoType bool
	// Brief has the log tell the beginning of the body and its length alone: it is long, and
	// nobody judges it.
	Brief bool
}

// told is the body as the log has it.
func (r Request) told() []byte {
	if r.Brief && len(r.Body) > briefly {
		return fmt.Appendf(nil, "%s… (%d bytes)", r.Body[:briefly], len(r.Body))
	}
	return []byte(r.Body)
}

// briefly is how much of a long body the log has, in bytes.
const briefly = 200

// Response is a target's answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Data is the member data of an answer.
func (r Response) Data() gjson.Result { return gjson.GetBytes(r.Body, "data") }

// List is the member data of a success that has a list there, and no list otherwise: an error has an object.
func (r Response) List() (list []gjson.Result, is bool) {
	data := r.Data()
	if r.Status != http.StatusOK || !data.IsArray() {
		return nil, false
	}
	return data.Array(), true
}

// Lists is for RESTUntil: the answer has a list with something in it.
func Lists(r Response) bool {
	list, _ := r.List()
	return len(list) > 0
}

// REST makes a request and writes it and its answer down under the step's name. The error
// says that no answer came. It can be called by several goroutines.
func (p *Probe) REST(ctx context.Context, step string, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Target.Patience.Reply)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, p.Target.REST+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return Response{}, fmt.Errorf("%w: %s: %w", ErrHarness, step, err)
	}
	if r.Body != "" && !r.NoType {
		req.Header["Content-Type"] = []string{"application/json"}
	}
	if r.Token != "" {
		req.Header.Set("X-Auth-Token", r.Token)
	}
	for _, f := range r.Header {
		req.Header[http.CanonicalHeaderKey(f.Name)] = append(own(req.Header, f.Name), f.Value)
	}
	sent := p.add(capture.Entry{
		Kind: capture.RestRequest, Name: step, Head: r.Method + " " + r.Path, Header: fields(req.Header), Body: r.told(),
	})
	answer, err := p.answer(req)
	if err != nil {
		p.add(capture.Entry{Kind: capture.RestFailed, Name: step, Body: []byte(err.Error()), Ref: sent})
		return Response{}, fmt.Errorf("%s: %w", step, err)
	}
	p.learn(answer)
	p.adopt(r, answer)
	p.add(capture.Entry{
		Kind: capture.RestAnswer, Name: step, Head: strconv.Itoa(answer.Status), Header: fields(answer.Header), Body: answer.Body, Ref: sent,
	})
	return answer, nil
}

// own returns what a request has of a header so far; a type that is given replaces the usual.
func own(h http.Header, name string) []string {
	if strings.EqualFold(name, "Content-Type") {
		return nil
	}
	return h[http.CanonicalHeaderKey(name)]
}

func (p *Probe) answer(req *http.Request) (Response, error) {
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Response{}, fmt.Errorf("the body of the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return Response{}, fmt.Errorf("the body of the answer is longer than %d bytes", maxAnswer)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// shortestToken is how long a token is at least. What is shorter is a text that a group sent
// in place of one, which answers repeat, and which must not be masked wherever it occurs.
const shortestToken = 32

// learn has tokens and keys of an answer never stand in the log.
func (p *Probe) learn(r Response) {
	for kind, path := range map[string]string{"token": "auth_token", "api-key": "data.api_key"} {
		if v := gjson.GetBytes(r.Body, path); v.Type == gjson.String && len(v.Str) >= shortestToken {
			p.Log.Secret(kind, v.Str)
		}
	}
}

// fields lists a header by name: the order on the wire is not known of what net/http reads.
func fields(h http.Header) []capture.Field {
	var list []capture.Field
	for name, values := range h {
		for _, value := range values {
			list = append(list, capture.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// Data puts fields into the envelope {"data": …}.
func Data(fields any) string {
	text, _ := json.Marshal(map[string]any{"data": fields}) //nolint:errchkjson // groups give what JSON can say
	return string(text)
}

// Credentials are a user's name and password as PUT /v2/user_auth takes them: the MD5 of both,
// in hexadecimal digits.
func Credentials(user, password string) string {
	sum := md5.Sum([]byte(user + ":" + password))
	return hex.EncodeToString(sum[:])
}

// MustREST is REST for what a group stands on: an answer without success is an error.
func (p *Probe) MustREST(ctx context.Context, step string, r Request) (Response, error) {
	answer, err := p.REST(ctx, step, r)
	if err == nil && answer.Status/100 != 2 {
		err = fmt.Errorf("%s: %s %s was answered with %d: %s", step, r.Method, r.Path, answer.Status, p.short(answer.Body))
	}
	return answer, err
}

// short is the beginning of an answer, without secrets, for an error.
func (p *Probe) short(body []byte) string {
	text := p.Log.Masked(string(body))
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

// Account returns the group's own account, which is made when it is first asked for.
func (p *Probe) Account(ctx context.Context) (Account, error) {
	if p.account.ID != "" {
		return p.account, nil
	}
	account, err := p.NewAccount(ctx, "own", p.Target.Parent)
	p.account = account
	return account, err
}

// NewAccount makes an account beneath another, with a token of its own. It is deleted when
// the group ends. Its id is noted as "account <name>".
func (p *Probe) NewAccount(ctx context.Context, name string, parent Account) (Account, error) {
	full := nameOf(p.Log.Began(), p.id(strings.ReplaceAll(p.group, "/", " ")+" "+name))
	create := Request{Method: http.MethodPut, Path: "/v2/accounts/" + parent.ID, Token: parent.Token, Body: Data(map[string]any{"name": full})}
	// An interruption must not cut these requests off: what they make could not be deleted.
	standing := context.WithoutCancel(ctx)
	made, err := p.MustREST(standing, "create account "+name, create)
	if made.Data().Get("realm.unique").Exists() { // Kazoo draws one of 16,777,216, and refuses the account where another has it
		made, err = p.MustREST(standing, "create account "+name, create)
	}
	if err != nil {
		return Account{}, err
	}
	account := Account{ID: made.Data().Get("id").Str, Name: full, Realm: made.Data().Get("realm").Str}
	if account.ID == "" {
		return Account{}, errors.New("create account " + name + ": the answer has no id")
	}
	p.Note("account "+name, account.ID)
	account.Token, err = p.LogIn(ctx, name, account.ID, parent.Token)
	if err != nil {
		return Account{}, err
	}
	p.Note("token "+name, account.Token)
	if p.Target.Has(lab) && !p.Target.Has(oneNode) { // a socket may be at a node that has not heard of it yet
		p.Settle(ctx)
	}
	return account, nil
}

// LogIn returns a new token for an account, by its API key, which a token of it or of one above
// it shows.
func (p *Probe) LogIn(ctx context.Context, name, id, token string) (string, error) {
	key, err := p.MustREST(ctx, "api key of "+name, Request{Method: http.MethodGet, Path: "/v2/accounts/" + id + "/api_key", Token: token})
	if err != nil {
		return "", err
	}
	p.Log.Secret("api-key", key.Data().Get("api_key").Str)
	auth, err := p.MustREST(ctx, "log in to "+name, Request{
		Method: http.MethodPut, Path: "/v2/api_auth", Body: Data(map[string]any{"api_key": key.Data().Get("api_key").Str}),
	})
	if err != nil {
		return "", err
	}
	return gjson.GetBytes(auth.Body, "auth_token").Str, nil
}

// Outlive puts the target's time forward beyond the life of tokens, and gets a new one for the
// parent account, which everything that runs later stands on. It is for groups that run alone.
func (p *Probe) Outlive(ctx context.Context, life time.Duration) error {
	parent := p.Target.Parent
	key, err := p.MustREST(ctx, "api key of the parent", Request{Method: http.MethodGet, Path: "/v2/accounts/" + parent.ID + "/api_key", Token: parent.Token})
	if err != nil {
		return err
	}
	if err := p.Advance(ctx, life); err != nil {
		return err
	}
	auth, err := p.MustREST(ctx, "log in to the parent", Request{
		Method: http.MethodPut, Path: "/v2/api_auth", Body: Data(map[string]any{"api_key": key.Data().Get("api_key").Str}),
	})
	if err == nil {
		p.Target.Parent.Token = gjson.GetBytes(auth.Body, "auth_token").Str
	}
	return err
}

// RESTUntil makes a request again and again, each time under the same step's name, until
// holds is true of the answer or limit has passed. It is for what a target does in its own
// time and tells only when asked. The last answer is returned, whatever it is.
func (p *Probe) RESTUntil(ctx context.Context, step string, r Request, limit time.Duration, holds func(Response) bool) (Response, error) {
	began := p.Clock.Now()
	for {
		answer, err := p.REST(ctx, step, r)
		if err != nil || holds(answer) || p.Clock.Since(began) > limit {
			return answer, err
		}
		if err := clock.Sleep(ctx, p.Clock, p.Target.Patience.Quiet/10); err != nil {
			return answer, err
		}
	}
}

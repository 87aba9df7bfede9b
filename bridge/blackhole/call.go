package blackhole

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// calling is the action api of Kazoo 5 (bh_api): a request to REST, as the client could
// make it itself, with REST's own authorisation. Its reply comes when the answer does,
// which may be after those of later commands.
type calling struct {
	*exchange
	method string
	target *url.URL
	body   []byte
}

func (x *exchange) readCall() (job, error) {
	if len(x.Data) == 0 {
		return nil, errAPINoData
	}
	given, there := x.Data.Get("endpoint")
	endpoint, isText := given.(string)
	switch {
	case there && !isText:
		return nil, errEndpoint
	case endpoint == "":
		return nil, errAPINoEndpoint
	}
	if !strings.HasPrefix(endpoint, "/") {
		endpoint = "/" + endpoint
	}
	target, err := url.ParseRequestURI(endpoint)
	if err != nil || target.Host != "" {
		return nil, errEndpoint
	}
	call := &calling{exchange: x, target: target, method: http.MethodGet}
	if verb, _ := x.Data.Get("verb"); verb != nil && verb != "" {
		text, _ := verb.(string)
		call.method = strings.ToUpper(text)
	}
	switch call.method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete:
	default:
		return nil, refusal("invalid verb : it must be get, put, post, patch or delete")
	}
	switch body, _ := x.Data.Get("body"); body := body.(type) {
	case nil:
	case string:
		call.body = []byte(body)
	case jobj.Object: // friendlier than Kazoo 5, whose clients must encode it
		call.body = jobj.Append(nil, body)
	default:
		return nil, refusal("invalid body : it must be a string of JSON, or an object")
	}
	return call, nil
}

// authorize leaves that to REST.
func (c *calling) authorize(string) error { return nil }

func (c *calling) run(ctx context.Context) (jobj.Object, error) {
	host, _, _ := strings.Cut(c.source, "%") // a zone has no place in a header
	request := (&http.Request{
		Method: c.method, URL: c.target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json"},
			"X-Auth-Token": {cmp.Or(c.Token, c.token)}, "X-Request-Id": {c.id},
		},
		Host: c.hub.dep.Host, RequestURI: c.target.RequestURI(), RemoteAddr: net.JoinHostPort(host, "0"),
		Body: http.NoBody,
	}).WithContext(ctx)
	if len(c.body) > 0 {
		request.Body = readCloser{bytes.NewReader(c.body)}
		request.ContentLength = int64(len(c.body))
	}
	select {
	case c.calls <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.answered = true
	c.hub.served.Go(func() {
		defer func() { <-c.calls }()
		status, body := c.ask(request)
		if !c.out.awaitRoom() {
			return
		}
		if !json.Valid(body) {
			c.reply(command.Error, command.Refusal("the answer is not JSON, HTTP "+strconv.Itoa(status)+" : endpoint must be a path of REST such as /v2/accounts"))
			return
		}
		c.replyText(command.Success, bytes.TrimSpace(body))
	})
	return c.last, nil
}

// ask has REST answer. Kazoo 5 replies with success whatever the status is: the
// envelope says it.
func (c *calling) ask(request *http.Request) (status int, body []byte) {
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	defer func() {
		if problem := recover(); problem != nil {
			c.hub.dep.Log.Error("request of a socket failed", "socket", c.session.id, "path", request.URL.Path, "problem", problem)
			status, body = http.StatusInternalServerError, nil
		}
	}()
	c.hub.dep.REST.ServeHTTP(answer, request)
	return answer.status, answer.body.Bytes()
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	told   bool
	body   bytes.Buffer
}

// Header is that of http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader takes the first status that is final.
func (r *recorder) WriteHeader(status int) {
	if !r.told && status >= http.StatusOK {
		r.status, r.told = status, true
	}
}

// Write never fails.
func (r *recorder) Write(p []byte) (int, error) {
	r.told = true
	return r.body.Write(p)
}

type readCloser struct{ *bytes.Reader }

// Close does nothing.
func (readCloser) Close() error { return nil }

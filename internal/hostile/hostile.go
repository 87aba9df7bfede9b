// Package hostile has servers for tests that are half a Crossbar, or none, and do what no
// harness may be brought down by. It owns their misbehaviour; it knows nothing of who asks them.
package hostile

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Key is the API key that a Crossbar takes, and Master the account that it belongs to.
const (
	Key    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	Master = "0123456789abcdef0123456789abcdef"
)

// Crossbar is a REST API that can log in, make accounts, take documents, and nothing else: no
// webhook is ever delivered.
type Crossbar struct {
	Dialect string // talk, 5.0 or 4.3
	// Page is answered to everything, in place of an envelope.
	Page string
	// Endless has answers that never end.
	Endless bool
	// After is how long each answer takes.
	After time.Duration
	// NoToken leaves the token out of logins.
	NoToken bool
	// Plain makes the key's owner no admin.
	Plain bool

	// Keeps has accounts that are not deleted: their name has it in it.
	Keeps string
	// Hides has accounts of which nobody is told what is within: their name has it in it.
	Hides string
	// Empty has accounts be said to have none within them.
	Empty bool

	mu      sync.Mutex
	made    int
	left    map[string]account
	logins  int
	expired bool
}

// account is one that was made.
type account struct{ name, parent string }

// Serve starts it.
func (c *Crossbar) Serve(t *testing.T) *httptest.Server {
	t.Helper()
	c.left = map[string]account{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return server
}

// Left is how many accounts were made and not deleted.
func (c *Crossbar) Left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.left)
}

// Make makes an account within another, and returns its id.
func (c *Crossbar) Make(name, parent string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.make(name, parent)
}

// Place has an account be there under an id.
func (c *Crossbar) Place(id, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left[id] = account{name: name}
}

func (c *Crossbar) make(name, parent string) string {
	c.made++
	id := fmt.Sprintf("%032x", c.made)
	c.left[id] = account{name, parent}
	return id
}

// Names are those of the accounts that are left.
func (c *Crossbar) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, a := range c.left {
		names = append(names, a.name)
	}
	return names
}

// Expire has no token be good any more but those that are got from now on.
func (c *Crossbar) Expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expired = true
	c.logins++
}

// Token is the one that is good.
func (c *Crossbar) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token()
}

// token is that of the last login.
func (c *Crossbar) token() string {
	return fmt.Sprintf("a token of this Crossbar's, the one of login %d", c.logins)
}

// ServeHTTP answers.
func (c *Crossbar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if c.After > 0 && clock.Sleep(r.Context(), clock.System(), c.After) != nil {
		return
	}
	switch {
	case c.Endless:
		for chunk := []byte(strings.Repeat("x", 64<<10)); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case c.Page != "":
		_, _ = io.WriteString(w, c.Page)
	default:
		status, data, token := c.answer(r, body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		envelope := map[string]any{"request_id": "1", "status": "success", "data": data}
		if status >= http.StatusBadRequest {
			envelope["status"], envelope["message"], envelope["error"] = "error", "no", fmt.Sprint(status)
		}
		if token != "" {
			envelope["auth_token"] = token
		}
		_ = json.NewEncoder(w).Encode(envelope) //nolint:errchkjson // a client that has gone
	}
}

func (c *Crossbar) answer(r *http.Request, body []byte) (status int, data any, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // v2 accounts ID …
	last := parts[len(parts)-1]
	shown := r.Header.Get("X-Auth-Token")
	switch {
	case c.expired && shown != "" && shown != c.token():
		return http.StatusUnauthorized, map[string]any{}, ""
	case r.URL.Path == "/v2/websockets":
		return http.StatusOK, c.bindings(), ""
	case r.URL.Path == "/v2/api_auth" && !c.NoToken:
		c.logins++
		return http.StatusCreated, map[string]any{"account_id": Master}, c.token()
	case r.URL.Path == "/v2/api_auth":
		return http.StatusCreated, map[string]any{"account_id": Master}, ""
	case r.URL.Path == "/v2/user_auth":
		return http.StatusUnauthorized, map[string]any{}, ""
	case strings.HasPrefix(r.URL.Path, "/v2/websockets/") && c.Plain:
		return http.StatusForbidden, map[string]any{}, ""
	case strings.HasPrefix(r.URL.Path, "/v2/websockets/"):
		return http.StatusInternalServerError, map[string]any{}, ""
	case last == "api_key":
		return http.StatusOK, map[string]any{"api_key": Key}, ""
	case len(parts) == 3 && parts[1] == "accounts" && r.Method == http.MethodGet:
		return http.StatusOK, map[string]any{"id": parts[2], "name": "master"}, ""
	case len(parts) == 3 && parts[1] == "accounts" && r.Method == http.MethodPut:
		var asked struct{ Data struct{ Name string } }
		_ = json.Unmarshal(body, &asked) // what is no JSON has no name
		return http.StatusCreated, map[string]any{"id": c.make(asked.Data.Name, parts[2]), "name": "made", "realm": "made.example.com"}, ""
	case last == "children" && c.Hides != "" && strings.Contains(c.left[parts[2]].name, c.Hides):
		return http.StatusInternalServerError, map[string]any{}, ""
	case last == "children":
		return http.StatusOK, c.children(parts[2]), ""
	case len(parts) == 3 && r.Method == http.MethodDelete && len(c.children(parts[2])) > 0,
		len(parts) == 3 && r.Method == http.MethodDelete && c.Keeps != "" && strings.Contains(c.left[parts[2]].name, c.Keeps):
		return http.StatusInternalServerError, map[string]any{}, ""
	case len(parts) == 3 && r.Method == http.MethodDelete:
		delete(c.left, parts[2])
		return http.StatusOK, map[string]any{"id": parts[2]}, ""
	case r.Method == http.MethodPut:
		return http.StatusCreated, map[string]any{"id": "0123456789abcdef0123456789abcde0"}, ""
	case r.Method == http.MethodDelete:
		return http.StatusOK, map[string]any{}, ""
	}
	return http.StatusNotFound, map[string]any{}, ""
}

func (c *Crossbar) children(parent string) []any {
	list := []any{}
	for id, a := range c.left {
		if a.parent == parent {
			row := map[string]any{"id": id, "name": a.name}
			if c.Empty {
				row["descendants_count"] = 0
			}
			list = append(list, row)
		}
	}
	return list
}

func (c *Crossbar) bindings() any {
	switch c.Dialect {
	case "talk":
		return map[string]any{"call": []any{map[string]any{"binding": "call.CHANNEL_CREATE.*", "event": "CHANNEL_CREATE"}}}
	case "4.3":
		return map[string]any{"call": []any{"call.CHANNEL_CREATE.{CALL_ID}"}}
	}
	return map[string]any{"call": []any{"call.CHANNEL_CREATE.{CALL_ID}"}, "presence": []any{"dialog.{CALL_ID}"}}
}

// Listen takes connections and has do have each; without it they are held and nothing is said.
// It returns the address.
func Listen(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		conns []net.Conn
		all   sync.WaitGroup
	)
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			if do != nil {
				all.Go(func() { do(conn) })
			}
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return listener.Addr().String()
}

// Nobody is an address on which nobody listens.
func Nobody(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// Flood upgrades and sends the same bytes again and again: a frame, or what is none.
func Flood(bytes []byte) func(net.Conn) {
	return func(conn net.Conn) {
		if !upgrade(conn) {
			return
		}
		for {
			if _, err := conn.Write(bytes); err != nil {
				return
			}
		}
	}
}

// Deaf upgrades and reads no more.
func Deaf(conn net.Conn) { upgrade(conn) }

// Frame is a text frame as a server sends it, of fewer than 126 bytes.
func Frame(text string) []byte { return append([]byte{0x81, byte(len(text) & 0x7f)}, text...) }

func upgrade(conn net.Conn) bool {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	return err == nil
}

// Announce upgrades, says so, and then nothing.
func Announce(opened chan<- struct{}) func(net.Conn) {
	return func(conn net.Conn) {
		if upgrade(conn) {
			opened <- struct{}{}
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}

// Tell says that somebody asks, and nothing to whoever does.
func Tell(asked chan<- struct{}) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			asked <- struct{}{}
		}
	}
}

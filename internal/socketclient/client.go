package socketclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config is what a client needs; all but AccountID, Bindings and Resume is required.
type Config struct {
	// Find is asked before each connection where to connect to, and with which token.
	Find func(ctx context.Context) (Place, error)
	// AccountID is whose events are subscribed to.
	AccountID string
	// Bindings are subscribed to from the start.
	Bindings []string
	// Resume asks the server for what came while there was no connection.
	Resume bool
	// Frame is called with each frame, one after the other. Its error ends Run.
	Frame func(Frame) error
	// Opened is called when a connection stands, before anything else happens on it.
	Opened func(Place)
	// Lost is called when a connection has ended and another is to be tried.
	Lost  func(why error, pause time.Duration)
	Clock clock.Clock // of the pauses
	IDs   *ids.Source
}

// Place is where a server is.
type Place struct{ URL, Token string }

// Frame is what the server has sent.
type Frame struct {
	Text   []byte
	Fields jobj.Object // nil where it is no object
	// Answers is the request that a reply is to; the zero value for other frames.
	Answers Request
}

// Request is a command that was sent.
type Request struct{ Action, Binding string }

// ErrNotConnected is the error of a command while there is no connection.
var ErrNotConnected = errors.New("not connected at the moment")

// Pauses between tries to connect double from the first to the longest.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 10 * time.Second
)

// Client is one client. Its methods may be called from any goroutine.
type Client struct {
	cfg Config

	mu     sync.Mutex
	line   *line             // nil while there is no connection
	wanted []string          // bindings
	asked  map[string]pledge // by request id
	seen   map[string]recent // by binding
	had    map[string]bool   // bindings that a server has granted once
}

// pledge is a request that is to be answered.
type pledge struct {
	Request
	again bool // one of those that are made one after the other, when a connection is new
}

// New is a client without a connection.
func New(cfg Config) *Client {
	return &Client{cfg: cfg, wanted: append([]string(nil), cfg.Bindings...), seen: map[string]recent{}, had: map[string]bool{}}
}

// Run connects, and again whenever the connection ends, until ctx ends or Frame has an
// error. When the very first connection cannot be had, the error says why.
func (c *Client) Run(ctx context.Context) error {
	pause, before := firstPause, false
	for {
		opened, err := c.connect(ctx)
		var final *finalError
		switch {
		case errors.As(err, &final):
			return final.err
		case ctx.Err() != nil:
			return ctx.Err()
		case !opened && !before:
			return err
		}
		if opened {
			pause, before = firstPause, true
		}
		// Up to a quarter less, so that not all clients of a server come back at once.
		wait := pause - time.Duration(c.cfg.IDs.IntN(int(pause/4)))
		c.cfg.Lost(err, wait)
		if err := clock.Sleep(ctx, c.cfg.Clock, wait); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

// finalError ends Run.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

// connect serves one connection until it ends.
func (c *Client) connect(ctx context.Context) (opened bool, err error) {
	place, err := c.cfg.Find(ctx)
	if err != nil {
		return false, err
	}
	l, err := dial(ctx, place)
	if err != nil {
		return false, err
	}
	defer l.close()
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	c.mu.Lock()
	c.line, c.asked = l, map[string]pledge{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.line = nil
	}()
	c.cfg.Opened(place)
	if err := c.subscribeNext(0); err != nil {
		return true, err
	}
	for {
		text, err := l.read()
		if err != nil {
			return true, err
		}
		if err := c.take(text); err != nil {
			return true, err
		}
	}
}

// subscribeNext asks for the binding in place i of those that are wanted. The next one
// follows when this is answered: a server bounds how many commands it takes at once.
func (c *Client) subscribeNext(i int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i = max(0, i)
	if i >= len(c.wanted) {
		return nil
	}
	return c.subscribe(c.wanted[i], true)
}

// Subscribe asks for the events of a binding, now and after each new connection.
func (c *Client) Subscribe(binding string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.wants(binding) {
		c.wanted = append(c.wanted, binding)
	}
	return c.subscribe(binding, false)
}

func (c *Client) wants(binding string) bool { return c.place(binding) < len(c.wanted) }

func (c *Client) place(binding string) int {
	for i, one := range c.wanted {
		if one == binding {
			return i
		}
	}
	return len(c.wanted)
}

// Unsubscribe asks for no more of them.
func (c *Client) Unsubscribe(binding string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(binding)
	return c.send(Request{"unsubscribe", binding}, false, jobj.Object{
		{Key: "account_id", Value: c.cfg.AccountID}, {Key: "binding", Value: binding},
	})
}

func (c *Client) forget(binding string) {
	if i := c.place(binding); i < len(c.wanted) {
		c.wanted = append(c.wanted[:i:i], c.wanted[i+1:]...)
	}
	delete(c.seen, binding)
	delete(c.had, binding)
}

// Ask sends any other command.
func (c *Client) Ask(action string, data jobj.Object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send(Request{Action: action}, false, data)
}

// Send sends text as it is.
func (c *Client) Send(text []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line == nil {
		return ErrNotConnected
	}
	return c.line.write(text)
}

// subscribe sends the command. The client is locked.
func (c *Client) subscribe(binding string, again bool) error {
	data := jobj.Object{{Key: "account_id", Value: c.cfg.AccountID}, {Key: "binding", Value: binding}}
	if c.cfg.Resume {
		data = append(data, jobj.Member{Key: "resume", Value: true})
		if since := c.seen[binding].since(); since != nil {
			data = append(data, jobj.Member{Key: "since", Value: since})
		}
	}
	return c.send(Request{"subscribe", binding}, again, data)
}

func (c *Client) send(r Request, again bool, data jobj.Object) error {
	if c.line == nil {
		return ErrNotConnected
	}
	id := c.cfg.IDs.Hex(32)
	c.asked[id] = pledge{r, again}
	command := jobj.Object{
		{Key: "action", Value: r.Action}, {Key: "auth_token", Value: c.line.token}, {Key: "request_id", Value: id},
	}
	if data != nil {
		command = append(command, jobj.Member{Key: "data", Value: data})
	}
	return c.line.write(jobj.Append(nil, command))
}

// take takes a frame.
func (c *Client) take(text []byte) error {
	frame := Frame{Text: text}
	if fields, err := jobj.ParseObject(text); err == nil {
		frame.Fields = fields
	}
	asked := c.note(&frame)
	refused := frame.Refused()
	if asked.again && refused != nil && (strings.HasPrefix(refused.Error(), tooFast) || strings.HasPrefix(refused.Error(), unknowable)) {
		c.cfg.Clock.AfterFunc(breath, func() { _ = c.subscribeNext(c.following(asked.Binding) - 1) }) // or the connection ends
		return nil
	}
	if err := c.cfg.Frame(frame); err != nil {
		return &finalError{err}
	}
	switch {
	case asked.again && refused != nil && strings.HasPrefix(refused.Error(), badToken):
		return refused // the next connection has a new one
	case asked.Action == "subscribe" && refused != nil:
		next := c.refused(asked.Binding)
		if asked.again {
			return c.subscribeNext(next)
		}
	case asked.again:
		return c.subscribeNext(c.following(asked.Binding))
	}
	return nil
}

// What servers say, and how long it takes until they take commands again. What they
// cannot know is no refusal: of thousands that came back at once, some were told so, and
// got no more events.
const (
	tooFast    = "rate limiting threshold hit"
	unknowable = "the token cannot be checked at the moment"
	badToken   = "failed to authenticate token"
	breath     = time.Second
	// later is when a binding that was granted once, and is refused now, is asked for again.
	later = 10 * time.Second
)

// refused forgets a binding that is refused the first time, and asks again later for one
// that was granted before: the server may not know the account yet, or not reach its
// store. It returns the place of the one that follows.
func (c *Client) refused(binding string) (next int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.place(binding)
	if !c.had[binding] {
		c.forget(binding)
		return i
	}
	on := c.line
	c.cfg.Clock.AfterFunc(later, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.line == on && c.wants(binding) {
			_ = c.subscribe(binding, false) // or the connection ends, and all is asked for anew
		}
	})
	return i + 1
}

// following is the place after a binding's. Of one that is wanted no longer nobody knows
// it: from the first on, then, as to ask for one twice does no harm.
func (c *Client) following(binding string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.place(binding); i < len(c.wanted) {
		return i + 1
	}
	return 0
}

// note remembers what a frame tells of the course of events.
func (c *Client) note(frame *Frame) pledge {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := frame.Fields.String("subscribed_key")
	switch frame.Fields.String("action") {
	case "event":
		if !c.wants(key) { // presence has lost its family, in Kazoo and under compat: kazoo
			key = "presence." + key
		}
		if id := frame.Fields.String("id"); id != "" && c.wants(key) {
			c.seen[key] = c.seen[key].with(id)
		}
	case "reply":
		id := frame.Fields.String("request_id")
		asked := c.asked[id]
		delete(c.asked, id)
		frame.Answers = asked.Request
		if asked.Action == "subscribe" && frame.Refused() == nil && c.wants(asked.Binding) {
			c.had[asked.Binding] = true
		}
		if mark := frame.Fields.String("data", "since"); mark != "" && asked.Action == "subscribe" && c.seen[asked.Binding].since() == nil {
			c.seen[asked.Binding] = recent{mark: mark}
		}
		return asked
	}
	return pledge{}
}

// Refused is why a reply says no, nil for any other frame.
func (f Frame) Refused() error {
	if f.Fields.String("action") != "reply" || f.Fields.String("status") != "error" {
		return nil
	}
	value, _ := f.Fields.Get("data", "errors")
	list, _ := value.([]any)
	var said []string
	for _, one := range list {
		said = append(said, fmt.Sprint(one))
	}
	return errors.New(strings.Join(said, ", "))
}

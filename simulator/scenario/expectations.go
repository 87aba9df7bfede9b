package scenario

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Expected is something that must have come.
type Expected struct {
	// Of is where: at a receiver, a websocket or the bus; or REST answers.
	Of     Source
	Within time.Duration // on the wall

	Receiver, Hook string // of webhooks; the hook may be ""
	Method         string // of webhooks; "" for any
	Socket         string // of frames

	Fields  []Match   // those with these are meant
	Headers []Match   // and these, of webhooks
	InOrder [][]Match // nil where the order is nobody's concern
	// Least and Most are how many there are; Most is -1 for no bound.
	Least, Most int
	NothingElse bool
	Event       string // of the bus; "" for any

	REST *REST

	Line int
	Path string
}

// Source is where something comes.
type Source string

// Sources of what is expected.
const (
	AtReceiver Source = "webhooks"
	AtSocket   Source = "frames"
	OnBus      Source = "bus"
	OverREST   Source = "rest"
)

// defaultPatience is how long something may take to come.
const defaultPatience = 5 * time.Second

// expectations plans what must have come.
func (p *planner) expectations(path string, list []Expectation, s *scope) []Expected {
	all := make([]Expected, 0, len(list))
	for i := range list {
		e := &list[i]
		at := fmt.Sprintf("%s[%d]", path, i)
		x := Expected{Within: e.Within.or(defaultPatience), Line: p.reading.Value(at).Line, Most: -1, Least: 1}
		switch {
		case e.Webhooks != nil:
			x.Path = at + ".webhooks"
			p.webhooks(&x, e.Webhooks, s)
		case e.Frames != nil:
			x.Path = at + ".frames"
			p.frames(&x, e.Frames, s)
		case e.Bus != nil:
			x.Path = at + ".bus"
			p.bus(&x, e.Bus, s)
		case e.REST != nil:
			x.Path = at + ".rest"
			asked := *e.REST
			x.Of, x.REST = OverREST, &asked
			if asked.Get == "" {
				p.reading.WrongKey(x.Path, "must be a get; what changes something is a step")
			}
			p.request(x.Path, &asked, s)
		}
		all = append(all, x)
	}
	return all
}

func (p *planner) webhooks(x *Expected, w *Webhooks, s *scope) {
	x.Of, x.Method, x.Hook, x.Receiver = AtReceiver, w.Method, w.Hook, w.Receiver
	if w.Hook != "" {
		if _, ok := p.find(x.Path+".hook", w.Hook, aHook); ok {
			receiver := p.receiverOf(w.Hook)
			switch {
			case receiver == "":
				p.wrong(x.Path+".hook", "%s goes to an address of its own, where no receiver of the story counts", w.Hook)
			case w.Receiver != "" && w.Receiver != receiver:
				p.wrong(x.Path+".receiver", "%s goes to %s", w.Hook, receiver)
			}
			x.Receiver = receiver
		}
	} else {
		x.Receiver = p.which(x.Path, "receiver", w.Receiver, aReceiver)
	}
	x.Fields = p.matches(x.Path+".body", w.Body, s)
	x.Headers = p.matches(x.Path+".headers", w.Headers, s)
	p.ordered(x, w.InOrder, s)
	p.count(x, w.Exactly, w.AtLeast, w.AtMost)
	x.NothingElse = w.NothingElse
}

func (p *planner) receiverOf(hook string) string {
	for _, h := range p.file.Hooks {
		if h.Name == hook {
			return h.Value.Receiver
		}
	}
	return ""
}

func (p *planner) frames(x *Expected, f *Frames, s *scope) {
	x.Of, x.Socket = AtSocket, p.which(x.Path, "socket", f.Socket, aSocket)
	x.Fields = p.matches(x.Path+".frame", f.Frame, s)
	p.ordered(x, f.InOrder, s)
	p.count(x, f.Exactly, f.AtLeast, f.AtMost)
	x.NothingElse = f.NothingElse
}

func (p *planner) bus(x *Expected, b *Bus, s *scope) {
	x.Of, x.Event = OnBus, b.Event
	if known := eventNames(); b.Event != "" && !slices.Contains(known, b.Event) {
		p.wrong(x.Path+".event", "there is no event %q on the bus%s", b.Event, suggest.Hint(b.Event, known))
	}
	x.Fields = p.matches(x.Path+".fields", b.Fields, s)
	p.ordered(x, b.InOrder, s)
	p.count(x, b.Exactly, b.AtLeast, b.AtMost)
	x.NothingElse = b.NothingElse
}

// eventNames are the Event-Names of all that is published.
func eventNames() []string {
	var all []string
	for _, kind := range kapi.Publications() {
		if kind.Name != "" {
			all = append(all, kind.Name)
		}
		all = append(all, kind.Names...)
	}
	for _, kind := range pbx.Kinds() { // those of calls bring their own
		all = append(all, kind.Event())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (p *planner) ordered(x *Expected, list []jobj.Object, s *scope) {
	for i, fields := range list {
		at := fmt.Sprintf("%s.in_order[%d]", x.Path, i)
		if len(fields) == 0 {
			p.wrong(at, "says nothing; write a field, as {hook_event: channel_create}")
		}
		x.InOrder = append(x.InOrder, p.matches(at, fields, s))
	}
}

// count plans how many there must be.
func (p *planner) count(x *Expected, exactly, least, most *int) {
	switch {
	case exactly != nil && (least != nil || most != nil):
		p.reading.WrongKey(x.Path+".exactly", "stands beside at_least or at_most; it says all by itself")
	case exactly != nil:
		x.Least, x.Most = *exactly, *exactly
	case least == nil && most != nil:
		x.Least, x.Most = 0, *most
	case least != nil:
		x.Least = *least
		if most != nil {
			x.Most = *most
		}
	case len(x.InOrder) > 0:
		x.Least = 0 // those are counted one by one
	}
	if x.Most >= 0 && x.Most < x.Least {
		p.wrong(x.Path+".at_most", "%d is less than at_least, %d", x.Most, x.Least)
	}
	if exactly != nil && len(x.InOrder) > 0 {
		p.reading.WrongKey(x.Path+".exactly", "stands beside in_order; nothing_else says that there are no others")
	}
}

// request plans a request to the REST API.
func (p *planner) request(path string, r *REST, s *scope) {
	r.Account = p.which(path, "account", r.Account, anAccount)
	for _, m := range []struct{ method, target string }{
		{http.MethodGet, r.Get}, {http.MethodPut, r.Put}, {http.MethodPost, r.Post},
		{http.MethodPatch, r.Patch}, {http.MethodDelete, r.Delete},
	} {
		if m.target == "" {
			continue
		}
		at := path + "." + strings.ToLower(m.method)
		if !strings.HasPrefix(m.target, "/") || strings.ContainsAny(m.target, " \t\r\n") {
			p.wrong(at, "%q is no path below the account; write it as /webhooks", m.target)
		}
		r.Method, r.Target = m.method, p.references(at, m.target, s)
	}
	if r.Body != nil && (r.Method == http.MethodGet || r.Method == http.MethodDelete) {
		p.wrong(path+".body", "is sent by put, post and patch alone")
	}
	r.Body = p.filled(path+".body", r.Body, s)
	r.Wants = p.wants(path, r.Data, s)
}

// wants are the rules of an answer's data; what is no mapping is called data.
func (p *planner) wants(path string, data any, s *scope) []Match {
	switch d := data.(type) {
	case nil:
		return nil
	case jobj.Object:
		return p.matches(path+".data", d, s)
	}
	return p.matches(path, jobj.Object{{Key: "data", Value: data}}, s)
}

// filled is a value with the references in its texts checked.
func (p *planner) filled(path string, value any, s *scope) any {
	switch v := value.(type) {
	case string:
		return p.references(path, v, s)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = p.filled(fmt.Sprintf("%s[%d]", path, i), v[i], s)
		}
		return list
	case jobj.Object:
		o := make(jobj.Object, len(v))
		for i, m := range v {
			o[i] = jobj.Member{Key: m.Key, Value: p.filled(path+"."+m.Key, m.Value, s)}
		}
		return o
	}
	return value
}

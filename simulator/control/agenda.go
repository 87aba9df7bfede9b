package control

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// agenda is what a leg has been told to do and has not done yet (ecallmgr_call_control): one
// command after the other.
type agenda struct {
	ch      *pbx.Channel
	current *job  // what it does now; nil for nothing
	waiting []job // in the order in which it will
	waits   bool  // whether its caller had been waiting for a word; see attend
}

// job is a command of an agenda.
type job struct {
	message jobj.Object
	done    func(error) // told when it is done, or why it cannot be; nil for nobody
}

func (j job) application() string { return j.message.String("Application-Name") }

// command hears an application's dialplan command (kapi_dialplan) and does it, in its turn.
func (c *Control) command(message jobj.Object) { c.order(message, nil) }

// order takes a command for a leg: for its turn, or as the Insert-At says. What was told to a leg
// that nobody has is told on the bus.
func (c *Control) order(message jobj.Object, done func(error)) {
	ch, ok := c.channel(message)
	if past := c.ended[message.String("Call-ID")]; !ok && past != nil && message.String("Application-Name") == "store" {
		c.perform(past, job{message, done}, func() {})
		return
	}
	if message.String("Call-ID") == "" {
		c.Log.Warn("a command to the switch names no call: give it a Call-ID", "application", message.String("Application-Name"))
		return
	}
	if !ok {
		c.cannot(message, nil, "Session "+message.String("Call-ID")+" not found for "+message.String("Application-Name"))
		return
	}
	_, waits := c.idle[ch] // a word has come for which its caller had been waiting
	delete(c.idle, ch)
	jobs := flatten(message, done)
	if message.String("Application-Name") == "noop" {
		c.filter(ch, message)
	}
	switch message.String("Insert-At") {
	case "now": // beside what it does
		for _, one := range jobs {
			c.perform(ch, one, func() {
				if waits {
					c.attend(ch)
				}
			})
		}
		return
	case "flush":
		c.flush(ch)
		c.agenda(ch).waiting = jobs
	case "head":
		a := c.agenda(ch)
		a.waiting = slices.Concat(jobs, a.waiting)
	default:
		a := c.agenda(ch)
		a.waiting = append(a.waiting, jobs...)
	}
	c.agenda(ch).waits = c.agenda(ch).waits || waits
	c.advance(ch)
}

// flatten is the commands of one that may be a list of them, in the order in which they are done:
// that is the last of the list first (ecallmgr_call_control:insert_queue_command_into_queue/3).
// Each has what the list has that it lacks itself.
func flatten(message jobj.Object, done func(error)) []job {
	if message.String("Application-Name") != "queue" {
		return []job{{message, done}}
	}
	value, _ := message.Get("Commands")
	commands, _ := value.([]any)
	var jobs []job
	for _, one := range slices.Backward(commands) {
		command, _ := one.(jobj.Object)
		if len(command) == 0 {
			continue
		}
		for _, name := range []string{"Call-ID", "Msg-ID", "Server-ID", "Event-Category", "Event-Name", "App-Name", "App-Version", "Node"} {
			if value, ok := message.Get(name); ok && !command.Has(name) {
				command = command.Set(name, value)
			}
		}
		jobs = append(jobs, flatten(command, nil)...)
	}
	if len(jobs) > 0 {
		jobs[len(jobs)-1].done = done
	}
	return jobs
}

// agenda is that of a leg, for as long as it has anything to do.
func (c *Control) agenda(ch *pbx.Channel) *agenda {
	a := c.agendas[ch]
	if a == nil {
		a = &agenda{ch: ch}
		c.agendas[ch] = a
	}
	c.follow(ch)
	return a
}

// kept is how long a leg that has ended can still be told to store what was recorded of it
// (ecallmgr_call_control: its commands after the hangup).
const kept = 10 * time.Second

// follow has all that is noted of a leg be forgotten with it.
func (c *Control) follow(ch *pbx.Channel) {
	if c.followed[ch] {
		return
	}
	c.followed[ch] = true
	c.Board.AtEnd(ch, func() {
		delete(c.agendas, ch)
		delete(c.followed, ch)
		delete(c.idle, ch)
		if ch.Taped() {
			c.ended[ch.CallID()] = ch
			c.Line.Meanwhile(kept, func() { delete(c.ended, ch.CallID()) })
		}
	})
}

// flush takes all from an agenda, and stops what is heard (uuid_break all).
func (c *Control) flush(ch *pbx.Channel) {
	if a := c.agendas[ch]; a != nil {
		a.waiting = nil
	}
	c.stop(ch)
}

// stop ends what a leg hears, or says, so that its agenda goes on.
func (c *Control) stop(ch *pbx.Channel) {
	c.Board.Break(ch)
	c.Board.StopListening(ch)
}

// filter takes some applications from an agenda, what it does now included
// (Filter-Applications of noop).
func (c *Control) filter(ch *pbx.Channel, message jobj.Object) {
	value, _ := message.Get("Filter-Applications")
	list, _ := value.([]any)
	a := c.agendas[ch]
	if len(list) == 0 || a == nil {
		return
	}
	named := func(one job) bool { return slices.Contains(list, any(one.application())) }
	a.waiting = slices.DeleteFunc(a.waiting, named)
	if a.current != nil && named(*a.current) {
		c.stop(ch)
	}
}

// advance does what an agenda has next, unless something is being done.
func (c *Control) advance(ch *pbx.Channel) {
	for {
		a := c.agendas[ch]
		if a == nil || a.current != nil && !a.gives() {
			return
		}
		if len(a.waiting) == 0 {
			delete(c.agendas, ch)
			if a.waits {
				c.attend(ch)
			}
			return
		}
		one := a.waiting[0]
		a.waiting = a.waiting[1:]
		a.current = &one
		if _, waits := c.idle[ch]; waits { // since the bridge that was before
			a.waits = true
			delete(c.idle, ch)
		}
		now := true // while it has not been left to wait
		c.perform(ch, one, func() {
			if c.agendas[ch] == a && a.current == &one {
				a.current = nil
			}
			if !now {
				c.advance(ch)
			}
		})
		now = false
	}
}

// gives tells whether what a leg does now gives way to what comes next: a conference does to the
// end of the call, and a bridge of which nobody is told any more, because the call was given away.
func (a *agenda) gives() bool {
	switch a.current.application() {
	case "bridge":
		return !a.ch.Led()
	case "conference":
		return len(a.waiting) > 0 && a.waiting[0].application() == "hangup"
	}
	return false
}

package pivot

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// process runs a document, or the prompts of a Gather: it has its own copy of the call, and hears
// events one after the other, those that came while it did not wait first.
type process struct {
	w           *worker
	call, state jobj.Object

	mail  []jobj.Object
	on    func(jobj.Object)
	alarm *timeline.Planned
	gone  bool

	parent   *process
	children []*process // that run

	why string // what has ended a verb that could not be done, where no finding tells it

	// Where a verb that ends with asks wants to go on.
	nextURI, nextMethod string
}

func (w *worker) begin() *process { return w.join(&process{w: w, call: w.call, state: w.state}) }

func (w *worker) join(p *process) *process {
	w.processes = append(w.processes, p)
	return p
}

// child runs beside its parent; what it changes of the call is lost with it.
func (p *process) child() *process {
	c := p.w.join(&process{w: p.w, call: p.call, state: p.state, parent: p})
	p.children = append(p.children, c)
	return c
}

// kill ends it wherever it is, and before it all that it has begun.
func (p *process) kill() {
	for _, c := range slices.Clone(p.children) {
		c.kill()
	}
	p.gone = true
	p.rest()
	is := func(one *process) bool { return one == p }
	p.w.processes = slices.DeleteFunc(p.w.processes, is)
	if p.parent != nil {
		p.parent.children = slices.DeleteFunc(p.parent.children, is)
	}
}

func (p *process) rest() {
	p.on = nil
	if p.alarm != nil {
		p.alarm.Cancel()
		p.alarm = nil
	}
}

// receive waits for one event, for d at most; 0 is for ever.
func (p *process) receive(d time.Duration, on func(jobj.Object), late func()) {
	if p.gone {
		return
	}
	p.rest()
	if len(p.mail) > 0 {
		event := p.mail[0]
		p.mail = p.mail[1:]
		on(event)
		return
	}
	p.on = on
	if late != nil {
		p.alarm = p.w.e.Line.After(d, func() {
			p.alarm = nil
			p.rest()
			late()
		})
	}
}

// deliver hands an event over.
func (p *process) deliver(event jobj.Object) {
	if p.gone {
		return
	}
	if p.on == nil {
		p.mail = append(p.mail, event)
		return
	}
	on := p.on
	p.rest()
	on(event)
}

// sleep waits; events wait meanwhile.
func (p *process) sleep(d time.Duration, then func()) {
	p.alarm = p.w.e.Line.After(d, func() {
		p.alarm = nil
		then()
	})
}

// after does something in a while, unless the process has ended.
func (p *process) after(d time.Duration, do func()) *timeline.Planned {
	return p.w.e.Line.After(d, func() {
		if !p.gone {
			do()
		}
	})
}

// fetch has documents of the account at hand; events wait meanwhile.
func (p *process) fetch(wanted []string, then func()) {
	p.w.fetch(wanted, func() {
		if !p.gone {
			then()
		}
	})
}

func (p *process) now() time.Time { return p.w.e.Line.Now() }

func (p *process) sender() dialplan.Sender { return p.w.sender() }

func (p *process) command(message jobj.Object) { p.w.command(message) }

func (p *process) set(key string, value any) { p.state = p.state.Set(key, value) }

func (p *process) drop(keys ...string) { p.state = p.state.Delete(keys...) }

// collect adds a digit to those that the next request tells of (kzt_util:add_digit_collected/2).
func (p *process) collect(digit string) {
	if digit == "" {
		return // an event that tells of no key
	}
	p.set(request.KeyDigitsCollected, p.state.String(request.KeyDigitsCollected)+digit)
	p.newest()
}

// newest has what was collected last count: the key of an earlier Record no longer hides it
// (quirk record-digits-stay).
func (p *process) newest() {
	if !p.state.Has(request.KeyDigitPressed) {
		return
	}
	if p.w.e.corrected() {
		p.drop(request.KeyDigitPressed)
		return
	}
	p.w.note(recordDigitsStay, "the key that ended an earlier Record is what Digits tells from then on: what is pressed now stays hidden")
}

// named says which event one is: its name, and the application that it tells of.
func named(event jobj.Object) (name, application string) {
	if event.String("Event-Category") == "conference" {
		return "conference", event.String("Event")
	}
	return event.String("Event-Name"), event.String("Application-Name")
}

// own says whether an event is of the caller's leg.
func (p *process) own(event jobj.Object) bool { return event.String("Call-ID") == p.w.callID }

// poll is how long events are waited for before the switch is asked whether the call is there.
const poll = 10 * time.Second

// statusWait is how long its answer is waited for (kz_amqp_worker).
const statusWait = 2 * time.Second

// attend waits for an event as receive does; while none comes the switch is asked every 10 s, and
// lost is called once it no longer has the call.
func (p *process) attend(on func(jobj.Object), lost func()) {
	p.receive(poll, on, func() {
		command := p.sender().StatusRequest("kapps_call_command")
		id := command.String("Msg-ID")
		var late *timeline.Planned
		told := func(active bool) {
			delete(p.w.asked, id)
			late.Cancel()
			switch {
			case p.gone:
			case active:
				p.attend(on, lost)
			default:
				lost()
			}
		}
		late = p.w.e.Line.After(statusWait, func() { told(false) })
		p.w.asked[id] = told
		p.w.publish(kapi.ExchangeCallEvents, dialplan.StatusKey(p.w.callID), command)
	})
}

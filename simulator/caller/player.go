package caller

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// patience is how long a caller listens whose script is done, before hanging up.
const patience = 5 * time.Minute

// Hands are what whoever calls can do; none is nil. They are for the goroutine of the timeline.
type Hands struct {
	// Press has the caller press a key, Speak speak for so long.
	Press func(key string)
	Speak func(d time.Duration)
	// Hangup has the caller, or somebody at a telephone, hang up. The error says why that
	// cannot be done.
	Hangup func(who string) error
	// Take and Refuse have somebody answer a telephone that rings, or not want the call, for
	// a cause.
	Take   func(telephone string)
	Refuse func(telephone, cause string)
	// Tell is told of what goes wrong, and of what nobody would expect.
	Tell func(text string)
}

// Config is what a player works with; all is required.
type Config struct {
	Hands

	Script *Script
	Line   *timeline.Timeline
}

// Player plays a script. Its methods are for the goroutine of the timeline.
type Player struct {
	Config

	began    time.Time
	heard    []*Heard
	from     int // the first that no step has waited for
	quiet    *timeline.Planned
	states   map[string]string // of the telephones
	over     bool
	next     int // the step
	waits    *WaitFor
	alarm    *timeline.Planned
	planned  *timeline.Planned // the step that comes
	unwanted string            // why the script was not done
}

// What a telephone is doing.
const (
	isRinging   = "ringing"
	isConnected = "connected"
	isGone      = "gone"
)

// NewPlayer returns a player, which begins with Begin.
func NewPlayer(c Config) *Player { return &Player{Config: c, states: map[string]string{}} }

// Begin is to be called when the call begins.
func (p *Player) Begin() {
	p.began = p.Line.Now()
	p.proceed()
}

// Undone says why the script was not done; "" where it was.
func (p *Player) Undone() string { return p.unwanted }

// Heard is what the caller has heard.
func (p *Player) Heard() []*Heard { return p.heard }

// Since is how long the call has lasted.
func (p *Player) Since() time.Duration { return p.Line.Now().Sub(p.began) }

// Hears is to be called when a sound begins. What it returns is to be called when it ends,
// with why, where it was cut short.
func (p *Player) Hears(s Sound) (ends func(why string)) {
	h := &Heard{Sound: s, At: p.Since()}
	p.heard = append(p.heard, h)
	p.look()
	return func(why string) {
		if h.Over {
			return
		}
		h.Lasts, h.Over, h.Why = p.Since()-h.At, true, why
		p.look()
	}
}

// Waits is to be called when the app waits for digits, of which a script knows by what it hears.
func (p *Player) Waits(Question) {}

// Rings is to be called when a telephone rings, by its name.
func (p *Player) Rings(name string) {
	p.states[name] = isRinging
	i := slices.IndexFunc(p.Script.Telephones, func(t Phone) bool { return t.Name == name })
	if i >= 0 {
		p.attend(p.Script.Telephones[i])
	} else {
		p.attend(Phone{Name: name, Does: "answers", After: defaultRings})
	}
	p.look()
}

// attend has somebody do with a telephone that rings what the script says.
func (p *Player) attend(t Phone) {
	stillRings := func(do func()) func() {
		return func() {
			if p.states[t.Name] == isRinging && !p.over {
				do()
			}
		}
	}
	switch t.Does {
	case "answers":
		p.Line.After(t.After, stillRings(func() { p.Take(t.Name) }))
	case "refuses":
		p.Line.After(t.After, stillRings(func() { p.Refuse(t.Name, "CALL_REJECTED") }))
	case "busy":
		p.Line.After(0, stillRings(func() { p.Refuse(t.Name, "USER_BUSY") }))
	}
}

// Connected is to be called when the caller speaks with a telephone.
func (p *Player) Connected(name string) {
	if p.states[name] == isConnected {
		return
	}
	p.states[name] = isConnected
	i := slices.IndexFunc(p.Script.Telephones, func(t Phone) bool { return t.Name == name })
	if i >= 0 && p.Script.Telephones[i].HangsUp > 0 {
		p.Line.After(p.Script.Telephones[i].HangsUp, func() {
			if p.states[name] == isConnected && !p.over {
				_ = p.Hangup(name) // that it has just hung up is no one's fault
			}
		})
	}
	p.look()
}

// Gone is to be called when a telephone's call is over.
func (p *Player) Gone(name string) { p.states[name] = isGone }

// Ended is to be called when the caller's call is over.
func (p *Player) Ended() {
	if p.over {
		return
	}
	for _, h := range p.heard {
		if !h.Over {
			h.Lasts, h.Over, h.Why = p.Since()-h.At, true, "the call was over"
		}
	}
	p.over = true
	p.look()
	p.stop()
	if p.unwanted == "" && p.next < len(p.Script.Acts) {
		p.fail("the call was over before")
	}
}

// stop has nothing more happen.
func (p *Player) stop() {
	for _, planned := range []*timeline.Planned{p.alarm, p.planned, p.quiet} {
		if planned != nil {
			planned.Cancel()
		}
	}
}

// fail ends the script at a step that cannot be done.
func (p *Player) fail(why string) {
	act := p.Script.Acts[p.next]
	where := ""
	if act.Line > 0 {
		where = fmt.Sprintf("line %d, ", act.Line)
	}
	p.unwanted = fmt.Sprintf("%s%s: %s%s", where, act.What, why, p.lately())
	p.Tell(p.unwanted)
	p.waits = nil
	p.stop()
	if !p.over {
		_ = p.Hangup(TheCaller) // there is nothing more to do but that
	}
}

// lately says what was heard last, for people.
func (p *Player) lately() string {
	if len(p.heard) == 0 {
		return "; nothing was heard"
	}
	var last []string
	for _, h := range p.heard[max(0, len(p.heard)-3):] {
		last = append(last, fmt.Sprintf("%q", h.Text))
	}
	return "; last heard was " + strings.Join(last, ", ")
}

// proceed has the next step come.
func (p *Player) proceed() {
	if p.over || p.unwanted != "" {
		return
	}
	if p.next >= len(p.Script.Acts) {
		p.planned = p.Line.After(patience, func() {
			p.Tell(fmt.Sprintf("the caller has listened for %s after the last step, and hangs up", patience))
			_ = p.Hangup(TheCaller) // that the call is just over is no one's fault
		})
		return
	}
	p.planned = p.Line.After(p.Script.Acts[p.next].After, p.do)
}

// done has the step be over.
func (p *Player) done() {
	p.next++
	p.proceed()
}

func (p *Player) do() {
	act := p.Script.Acts[p.next]
	switch do := act.Do.(type) {
	case Sounds:
		p.waits = &WaitFor{sounds: int(do), Within: scenario.Duration(defaultWithin)}
		p.alarm = p.Line.After(defaultWithin, p.late)
		p.look()
	case *WaitFor:
		p.waits = do
		p.alarm = p.Line.After(time.Duration(do.Within), p.late)
		p.look()
	case *Press:
		p.press(do, string(do.Keys))
	case Speak:
		p.Speak(time.Duration(do))
		p.planned = p.Line.After(time.Duration(do), p.done)
	case Wait:
		p.planned = p.Line.After(time.Duration(do), p.done)
	case Hangup:
		if err := p.Hangup(string(do)); err != nil {
			p.fail(err.Error())
			return
		}
		p.next++
		if !p.over {
			p.proceed()
		}
	}
}

// late gives up waiting.
func (p *Player) late() { p.fail(fmt.Sprintf("did not come within %s", time.Duration(p.waits.Within))) }

// press presses keys one after the other.
func (p *Player) press(do *Press, keys string) {
	p.Press(keys[:1])
	if p.over {
		return
	}
	if len(keys) == 1 {
		p.done()
		return
	}
	every := defaultEvery
	if do.Every != nil {
		every = time.Duration(*do.Every)
	}
	p.planned = p.Line.After(every, func() { p.press(do, keys[1:]) })
}

// look sees whether what is waited for has come.
func (p *Player) look() {
	w := p.waits
	if w == nil {
		return
	}
	if p.quiet != nil {
		p.quiet.Cancel()
		p.quiet = nil
	}
	came := false
	switch {
	case w.sounds > 0:
		came = len(p.heard) >= w.sounds
	case w.Prompt != "":
		came = p.prompted(w)
	case w.Ringing != "":
		came = p.states[w.Ringing] == isRinging
	case w.Connected != "":
		came = p.states[w.Connected] == isConnected
	case w.End:
		came = p.over
	case w.Silence > 0 && !slices.ContainsFunc(p.heard, func(h *Heard) bool { return !h.Over }):
		p.quiet = p.Line.After(time.Duration(w.Silence), func() { p.came() })
	}
	if came {
		p.came()
	}
}

// came has what was waited for be there.
func (p *Player) came() {
	p.waits = nil
	p.alarm.Cancel()
	p.done()
}

// prompted tells whether a prompt has been heard that no step has waited for before.
func (p *Player) prompted(w *WaitFor) bool {
	prompt, err := ParsePrompt(w.Prompt)
	if err != nil {
		return false // the script was refused for it
	}
	for i, h := range p.heard[p.from:] {
		if !prompt.In(h.Text) {
			continue
		}
		if w.ToTheEnd && !h.Over {
			return false
		}
		p.from += i + 1
		return true
	}
	return false
}

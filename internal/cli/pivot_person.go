package cli

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const (
	// speech is how long somebody at a terminal speaks.
	speech = 3 * time.Second
	// reaction is how long who hurries takes to press the first key that is asked for, and nextKey
	// how long the others; as in scripts.
	reaction = 500 * time.Millisecond
	nextKey  = 300 * time.Millisecond
	// mostTyped bounds what is kept of keys that nobody has asked for yet.
	mostTyped = 10_000
	// resignation is how long a caller who can do nothing more listens; as in scripts.
	resignation = 5 * time.Minute
)

// person is somebody at the terminal, or, where that hurries, a file or another program that has all
// keys ready and hears nothing. But for read it is used by the goroutine of the timeline.
type person struct {
	hands   caller.Hands
	line    *timeline.Timeline
	hurries bool

	began, over bool
	addressed   bool   // something was heard, or asked
	waiting     []rune // typed, and not done yet
	acting      bool   // what is first in waiting is about to be done
	open        *question
	rings       []string
	engaged     string // whom the caller speaks with
	resigns     *timeline.Planned
}

// question is what the app has asked last, as far as it is not answered.
type question struct {
	caller.Question

	keys int // that were pressed
}

// read takes what is typed, until the call is over.
func (p *person) read(ctx context.Context, from io.Reader) {
	keys := bufio.NewReader(from)
	for more := true; more; {
		key, _, err := keys.ReadRune()
		if err != nil {
			_ = p.line.Do(ctx, p.resign) // an end is none of theirs
			return
		}
		if p.line.Do(ctx, func() { more = p.typed(key) }) != nil {
			return
		}
	}
}

// typed takes a key; more is false where no other can be kept.
func (p *person) typed(key rune) (more bool) {
	switch {
	case p.over:
		return false
	case key == 0x03, key == 0x04: // Ctrl-C and Ctrl-D, which are keys of a raw terminal
		p.waiting = []rune{'q'}
	case len(p.waiting) >= mostTyped:
		p.hands.Tell("too many keys are typed that nobody asks for: the rest is not read")
		return false
	default:
		p.waiting = append(p.waiting, key)
	}
	p.act()
	return true
}

// resign has a call end of which nobody is there to end it.
func (p *person) resign() {
	if !p.hurries || p.over {
		return
	}
	p.resigns = p.line.After(resignation, func() {
		p.hands.Tell("nothing more was typed for 5 minutes: the caller hangs up")
		_ = p.hands.Hangup(caller.TheCaller) // that the call is just over is no one's fault
	})
}

// act does what is typed, as far as it can be done.
func (p *person) act() {
	for p.began && !p.over && !p.acting && len(p.waiting) > 0 {
		key := p.waiting[0]
		wait, can := p.when(key)
		if !can {
			return
		}
		if wait > 0 {
			p.acting = true
			p.line.After(wait, func() {
				p.acting = false
				if _, can := p.when(key); can && !p.over && p.waiting[0] == key {
					p.take(key)
				}
				p.act()
			})
			return
		}
		p.take(key)
	}
}

// take does the first thing that waits.
func (p *person) take(key rune) {
	p.waiting = p.waiting[1:]
	p.do(key)
}

// when tells whether something can be done, and how long that takes. Who hears the call knows that best, once
// there is anything to hear.
func (p *person) when(key rune) (wait time.Duration, can bool) {
	pressed := isKey(key)
	switch {
	case !p.hurries:
		return 0, p.addressed || !pressed
	case pressed && p.open == nil, pressed && p.open.Most > 0 && p.open.keys >= p.open.Most:
		return 0, false
	case pressed && p.open.keys == 0:
		return reaction, true
	case pressed:
		return nextKey, true
	case key == 's':
		return reaction, p.open != nil && p.open.Speech
	case key == 'a', key == 'r':
		return reaction, len(p.rings) > 0
	case key == 'h':
		return reaction, p.engaged != ""
	}
	return 0, true
}

func isKey(key rune) bool { return strings.ContainsRune("0123456789*#", key) }

func (p *person) do(key rune) {
	switch key {
	case 'q':
		_ = p.hands.Hangup(caller.TheCaller) // that the call is just over is no one's fault
	case 's':
		p.hands.Speak(speech)
		if p.hurries { // what comes next is for when that is said
			p.acting = true
			p.line.After(speech, func() { p.acting = false; p.act() })
		}
	case 'a':
		for _, telephone := range p.rings {
			p.hands.Take(telephone)
		}
	case 'r':
		for _, telephone := range p.rings {
			p.hands.Refuse(telephone, "CALL_REJECTED")
		}
	case 'h':
		if p.engaged == "" {
			p.hands.Tell("nobody has taken the call")
		} else if err := p.hands.Hangup(p.engaged); err != nil {
			p.hands.Tell(err.Error())
		}
	case '\n', '\r':
		if p.open != nil && p.open.keys > 0 {
			p.open = nil
		}
	case ' ':
	default:
		if !isKey(key) {
			p.hands.Tell(keysHelp)
			return
		}
		p.hands.Press(string(key))
		if p.open == nil {
			return
		}
		if p.open.keys++; strings.ContainsRune(p.open.Finish, key) || p.open.Speech {
			p.open = nil
		}
	}
}

// Begin is that of stage.Driver, as the others are.
func (p *person) Begin() {
	p.began = true
	p.act()
}

// Hears has what was typed too early be done: what is heard is printed as any entry is.
func (p *person) Hears(caller.Sound) (ends func(string)) {
	p.addressed = true
	p.act()
	return func(string) {}
}

// Waits has keys be pressed that waited for a question.
func (p *person) Waits(asked caller.Question) {
	p.addressed, p.open = true, &question{Question: asked}
	p.act()
}

// Rings notes who can be answered for.
func (p *person) Rings(telephone string) {
	p.rings = append(p.rings, telephone)
	p.act()
}

// Connected notes who speaks.
func (p *person) Connected(telephone string) {
	p.engaged = telephone
	p.act()
}

// Gone forgets a telephone.
func (p *person) Gone(telephone string) {
	p.rings = slices.DeleteFunc(p.rings, func(one string) bool { return one == telephone })
	if p.engaged == telephone {
		p.engaged = ""
	}
}

// Ended notes that nothing can be done any more, and tells what was not.
func (p *person) Ended() {
	p.over = true
	if p.resigns != nil {
		p.resigns.Cancel()
	}
	if left := strings.TrimSpace(string(p.waiting)); p.hurries && left != "" && left != "q" {
		p.hands.Tell("the call was over before all was done that was typed; left is " + visible(strings.Join(strings.Fields(left), " ")))
	}
}

package pivot

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// gathering is a Gather at work (kzt_receiver:collect_dtmfs/5).
type gathering struct {
	p       *process
	most    int64  // digits; 0 is without limit
	finish  string // the key that ends it; "" is none
	timeout time.Duration
	prompts *process
	timer   *timeline.Planned
	then    func(outcome)
}

// gather collects digits while its children are heard, and asks the app with them.
func (p *process) gather(n *twiml.Node, then func(outcome)) {
	p.command(p.sender().Answer())
	collected := p.state.String(request.KeyDigitsCollected)
	if len(n.Children) > 0 || collected == "" {
		if len(n.Children) == 0 && !p.state.Has(request.KeyDigitsCollected) {
			p.w.note(gatherEmptyCrash, "a Gather without content works as one that holds a blank line. In Kazoo its first digit ends the document, "+
				"and a timeout asks the app without Digits")
		}
		p.set(request.KeyDigitsCollected, "")
	}
	g := &gathering{p: p}
	g.read(n)
	if len(n.Children) > 0 {
		g.prompts = p.child()
		g.prompts.exec(n.Children, func(outcome) {
			g.prompts.kill()
			g.prompts = nil
			if g.then != nil {
				g.start()
			}
		})
	}
	g.then = func(r outcome) {
		if g.timer != nil {
			g.timer.Cancel()
		}
		if g.prompts != nil {
			g.prompts.kill()
		}
		if r == ok && p.state.String(request.KeyDigitsCollected) != "" {
			uri := p.action(n)
			r = p.next(uri, p.method(n))
		}
		then(r)
	}
	if g.enough() {
		g.then(ok)
		return
	}
	if g.prompts == nil {
		g.start()
	}
	g.wait()
}

// read takes the attributes.
func (g *gathering) read(n *twiml.Node) {
	g.finish = "#"
	if key, given := g.p.text(n, "finishOnKey"); given {
		switch {
		case key == "", twiml.IsKey(key):
			g.finish = key
		default:
			g.p.bad(n, "finishOnKey", "is not one of 0-9 * #: the default, #, is taken")
		}
	}
	if most, given := n.Int("numDigits"); given {
		if most <= 0 {
			g.p.bad(n, "numDigits", "is below 1: there is no limit")
			most = 0
		}
		g.most = most
	}
	g.timeout = time.Duration(g.p.seconds(n, "timeout", 5)) * time.Second
}

// start lets the time run, unless it does: it is one budget for all digits (quirk
// gather-total-timeout).
func (g *gathering) start() {
	if g.timer != nil || g.p.gone {
		return
	}
	g.timer = g.p.after(g.timeout, func() {
		g.p.rest()
		if !g.p.w.e.corrected() && g.p.state.String(request.KeyDigitsCollected) != "" {
			g.p.w.note(gatherTotalTimeout, "the timeout is one budget for all digits, not the time between two")
		}
		g.end("its time is up")
	})
}

func (g *gathering) end(why string) {
	what := "nothing was pressed: the next verb follows"
	if digits := g.p.state.String(request.KeyDigitsCollected); digits != "" {
		what = "the app gets Digits=" + digits
	}
	g.p.w.tell(Step{Kind: Judged, Verb: "Gather", Text: fmt.Sprintf("Gather ends, for %s: %s", why, what)})
	g.then(ok)
}

// enough is whether there are as many digits as wanted: exactly.
func (g *gathering) enough() bool {
	return g.most > 0 && int64(len(g.p.state.String(request.KeyDigitsCollected))) == g.most
}

func (g *gathering) wait() {
	g.p.receive(0, func(event jobj.Object) {
		name, _ := named(event)
		switch name {
		case "CHANNEL_DESTROY":
			g.then(stops)
			return
		case "DTMF":
			digit := event.String("DTMF-Digit")
			if g.prompts != nil {
				g.prompts.kill()
				g.prompts = nil
			}
			if g.p.w.e.corrected() && g.timer != nil {
				g.timer.Cancel()
				g.timer = nil
			}
			g.start()
			switch digit {
			case "":
				g.end("a key came without a digit")
				return
			case g.finish:
				g.end("the finish key was pressed")
				return
			}
			g.p.collect(digit)
			if g.enough() {
				g.end("there are as many digits as wanted")
				return
			}
		}
		g.wait()
	}, nil)
}

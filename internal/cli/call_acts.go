package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// actsHelp lists what can happen to a call that is made by hand.
const actsHelp = `  answer [WHO]      who rings takes the call         busy [WHO]    who rings refuses it
  hold | resume     who took it holds it              press KEYS    and presses keys
  transfer WHO      and gives it away                 consult WHO   or asks first; then join
  park [SLOT]       or parks it                       retrieve WHO  and WHO takes it out again
  voicemail         nobody takes it: a message        wait 2s       (or 2s)
  record | stop     its sound is recorded
  conference NAME   the caller goes into a conference; who took the call is left, and hangs up
  hangup [caller]   who took it hangs up, or the caller`

// act is one thing that happens to a call.
type act struct {
	word, what string
	wait       time.Duration
}

// errOver says that something can no longer be done.
var errOver = errors.New("the call is over")

func (one *act) String() string { return strings.TrimSpace(one.word + " " + one.what) }

// acts are the words, and whether something must, may or cannot follow them.
func acts() map[string]string {
	return map[string]string{
		"answer": "may", "busy": "may", "hold": "cannot", "resume": "cannot", "press": "must", "transfer": "must", "consult": "must",
		"join": "cannot", "park": "may", "retrieve": "must", "voicemail": "cannot", "conference": "must", "record": "cannot",
		"stop": "cannot", "wait": "must", "hangup": "may",
	}
}

// parseScript reads acts with commas, semicolons or line ends between.
func parseScript(text string) ([]act, error) {
	var script []act
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		if _, err := time.ParseDuration(words[0]); err == nil && len(words) == 1 {
			words = []string{"wait", words[0]}
		}
		one := act{word: strings.ToLower(words[0]), what: strings.Join(words[1:], " ")}
		if err := one.check(); err != nil {
			return nil, err
		}
		script = append(script, one)
	}
	return script, nil
}

func (one *act) check() error {
	all := acts()
	switch what, ok := all[one.word]; {
	case !ok:
		names := make([]string, 0, len(all))
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
		wrong := fmt.Sprintf("%q is nothing that happens to a call%s", one.word, suggest.Hint(one.word, names))
		return usagef("%s", suggest.Then(wrong, "These do: "+strings.Join(names, ", ")))
	case what == "must" && one.what == "":
		return usagef("%s needs something behind it, as in %q", one.word, map[string]string{
			"press": "press 12#", "transfer": "transfer 1002", "consult": "consult 1002", "retrieve": "retrieve 1003",
			"conference": "conference standup", "wait": "wait 2s",
		}[one.word])
	case what == "cannot" && one.what != "":
		return usagef("%s takes nothing, %q is too much", one.word, one.what)
	}
	if one.word == "press" && strings.Trim(one.what, "0123456789*#ABCDabcd") != "" {
		return usagef("press %s: the keys are the digits, *, # and A to D, as in %q", one.what, "press 12#")
	}
	if one.word != "wait" {
		return nil
	}
	d, err := time.ParseDuration(one.what)
	if err != nil || d < 0 {
		return usagef("wait %s: that is no time; write it as 2s or 1m30s", one.what)
	}
	one.wait = d
	return nil
}

// do has one thing happen. waits is false where nothing is to be waited for.
func (h *handCall) do(one act) (waits bool, err error) {
	board := h.sim.board
	switch one.word {
	case "wait":
		h.sim.line.After(one.wait, func() { h.next(nil) })
		return true, nil
	case "answer", "busy":
		return h.decide(one)
	case "voicemail":
		return h.leaveMessage()
	case "conference":
		board.Withdraw(h.caller, one.what, h.done)
		return true, nil
	case "join":
		callee, err := h.callee()
		if err == nil && h.consult == nil {
			err = fmt.Errorf("join comes after consult")
		}
		if err != nil {
			return false, err
		}
		board.Join(callee, h.consult, h.done)
		return true, nil
	case "retrieve":
		return h.retrieve(one.what)
	case "hangup":
		return h.hangUp(one.what)
	}
	callee, err := h.callee()
	if err != nil && one.word == "press" && h.sim.flows.leads(h.caller) {
		callee, err = h.caller, nil
	}
	if err != nil {
		return false, err
	}
	return h.doAs(callee, one)
}

// doAs has whoever took the call do something.
func (h *handCall) doAs(callee *pbx.Channel, one act) (waits bool, err error) {
	board := h.sim.board
	switch one.word {
	case "hold":
		board.Hold(callee, h.done)
	case "resume":
		board.Resume(callee, h.done)
	case "press":
		board.Press(callee, one.what, h.done)
	case "transfer":
		board.Transfer(callee, one.what, h.done)
	case "consult":
		board.MayCall(callee, one.what, func(err error) {
			if err == nil {
				h.consult, err = board.Consult(callee, one.what, h.done)
			}
			if err != nil {
				h.done(err)
			}
		})
	case "park":
		h.recent = one.what
		if h.recent == "" {
			h.recent = "100"
		}
		board.Park(callee, h.recent, h.done)
	case "record":
		return false, board.StartRecording(callee, "by_hand.mp3")
	case "stop":
		return false, board.StopRecording(callee)
	}
	return true, nil
}

// callee is who talks to the caller.
func (h *handCall) callee() (*pbx.Channel, error) {
	if h.consult != nil && h.consult.Peer() != nil && h.caller.Peer() == nil {
		return h.consult, nil
	}
	if peer := h.caller.Peer(); peer != nil {
		return peer, nil
	}
	return nil, fmt.Errorf("nobody has taken the call")
}

// ringing are the legs that somebody could answer.
func (h *handCall) ringing() []*pbx.Channel {
	return slices.DeleteFunc(h.sim.core.Up(), func(ch *pbx.Channel) bool { return ch.Answered() || ch.Dialler() == nil })
}

// decide has who rings take or refuse the call.
func (h *handCall) decide(one act) (bool, error) {
	legs := h.ringing()
	i := slices.IndexFunc(legs, func(leg *pbx.Channel) bool { return one.what == "" || leg.Far().Number == one.what })
	switch {
	case i < 0 && one.what != "":
		return false, fmt.Errorf("%s does not ring", one.what)
	case i < 0 && h.sim.flows.leads(h.caller):
		h.sim.line.After(100*time.Millisecond, func() {
			if waits, err := h.decide(one); !waits || err != nil {
				h.next(err)
			}
		})
		return true, nil
	case i < 0:
		return false, fmt.Errorf("nothing rings")
	case one.word == "answer":
		h.sim.board.Answer(legs[i], h.done)
	default:
		h.sim.board.Refuse(legs[i], "USER_BUSY", false, h.done)
	}
	return true, nil
}

// leaveMessage has nobody take the call, and the caller leave a message of 10 s.
func (h *handCall) leaveMessage() (bool, error) {
	var box *pbx.Mailbox
	if called := h.at.Called(h.flags.to); len(called) > 0 {
		box = h.at.Box(called[0])
	}
	if box == nil {
		return false, fmt.Errorf("%s has no voicemail box", h.flags.to)
	}
	h.sim.board.GiveUp(h.caller, true, func(err error) {
		if err != nil {
			h.done(err)
			return
		}
		h.sim.board.Voicemail(h.caller, box, 10*time.Second, h.done)
	})
	return true, nil
}

func (h *handCall) retrieve(who string) (bool, error) {
	d, ok := h.at.Device(who)
	if !ok {
		return false, fmt.Errorf("nobody has the extension %s; there are %s", who, strings.Join(extensions(h.at), ", "))
	}
	_, err := h.sim.board.Retrieve(h.at.Account, h.recent, d, h.done)
	return err == nil, err
}

func (h *handCall) hangUp(who string) (bool, error) {
	ch := h.caller
	if who != "caller" {
		if callee, err := h.callee(); err == nil {
			ch = callee
		}
	}
	if ch.Gone() {
		return false, errOver
	}
	h.sim.board.Hangup(ch, "", h.done)
	return true, nil
}

// shortest writes a length as people do.
func shortest(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s" }

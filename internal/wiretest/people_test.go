package wiretest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// house is an office whose people do whatever comes to their mind.
type house struct {
	*switchboard.Board
	office.Office

	other office.Office // to which people call, too
	t     *rapid.T
	line  *timeline.Timeline
	told  []string // what has been said, and of which leg
}

// course is what has been said of a leg, and by it of others.
func (h *house) course(ch *pbx.Channel) string {
	course := slices.DeleteFunc(slices.Clone(h.told), func(told string) bool { return !strings.Contains(told, ch.CallID()) })
	return strings.Join(course, "\n")
}

func (h *house) hear(e pbx.Event) {
	f := e.Fields()
	h.told = append(h.told, fmt.Sprintf("%s %s %s %s, with %s%s: %s", h.line.Now().Format("04:05.000"), e.CallID(), e.Name(),
		f.String("Application-Name"), f.String("Other-Leg-Call-ID"), f.String("Intercepted-By"), f.String("Hangup-Cause")))
}

func newHouse(t *rapid.T, say func(pbx.Event)) *house {
	all := offices(2)
	h := &house{t: t, line: timeline.New(timeline.Config{Start: start(), Wall: clock.System()}), Office: all[0], other: all[1]}
	h.FaxBoxes = []pbx.FaxBox{{ID: "7adf6ba4f1294427a3db19a8be1a771e", Name: "Fax", Number: "+14155550142", Email: "fax@example.com"}}
	random := ids.Seeded(rapid.String().Draw(t, "seed"))
	core := pbx.NewCore(pbx.New(pbx.Config{Clock: h.line, IDs: random}), h.line, func(e pbx.Event) {
		h.hear(e)
		say(e)
	})
	h.Board = switchboard.New(switchboard.Config{
		Core: core, Line: h.line, IDs: random, Offices: []office.Office{h.Office, h.other},
		Fail: func(err error) { t.Errorf("failed: %v", err) },
	})
	return h
}

// pass lets so much time pass.
func (h *house) pass(d time.Duration) {
	ctx, stop := context.WithCancel(h.t.Context())
	defer stop()
	h.line.At(h.line.Now().Add(d), stop)
	if err := h.line.Run(ctx, false); err != nil && !errors.Is(err, context.Canceled) {
		h.t.Fatal(err)
	}
}

func (h *house) device() pbx.Device {
	return h.Devices[rapid.IntRange(0, len(h.Devices)-1).Draw(h.t, "telephone")]
}

// dialled is what somebody could dial: an extension, a number of the house, of the other one or
// outside, or nobody's.
func (h *house) dialled() string {
	return rapid.SampledFrom([]string{"1000", "1001", "1002", h.Numbers[0], h.other.Numbers[0], "+12125550188", "99"}).Draw(h.t, "dialled")
}

// with does something with a channel that is up, where there is any.
func (h *house) with(which string, do func(*pbx.Channel)) {
	if up := h.Core.Up(); len(up) > 0 {
		do(up[rapid.IntRange(0, len(up)-1).Draw(h.t, which)])
	}
}

// fits says that an act could not be done for no other reason than the state of a call.
func (h *house) fits(err error) {
	if err == nil {
		return
	}
	_, state := errors.AsType[*pbx.StateError](err)
	_, nobody := errors.AsType[*switchboard.NobodyError](err)
	_, empty := errors.AsType[*switchboard.EmptySlotError](err)
	_, alone := errors.AsType[*switchboard.NotTakenError](err)
	_, taken := errors.AsType[*switchboard.TakenSlotError](err)
	if !state && !nobody && !empty && !alone && !taken {
		h.t.Errorf("%v", err)
	}
}

func (h *house) begun(_ *pbx.Channel, err error) { h.fits(err) }

// dials rings for what somebody has dialled, who hangs up if nobody has the number.
func (h *house) dials(a *pbx.Channel, to string) {
	h.RingCalled(a, to, func(err error) {
		h.fits(err)
		if _, nobody := errors.AsType[*switchboard.NobodyError](err); nobody {
			h.Hangup(a, "NO_ROUTE_DESTINATION", h.fits)
		}
	})
}

// alone tells whether nothing will ever come of a leg: it is in no call, and waits for nobody.
func (h *house) alone(ch *pbx.Channel) bool {
	_, parked := h.Slot(ch)
	_, pair := ch.Pair()
	rings := slices.ContainsFunc(ch.Dialled(), func(leg *pbx.Channel) bool { return !leg.Answered() })
	called := !ch.Answered() && ch.Named().String("Call-Direction") == "outbound" && (ch.Dialler() == nil || !ch.Dialler().Gone())
	return ch.Peer() == nil && ch.Member() == nil && !parked && !pair && !rings && !called
}

// theirs tells whether somebody can be asked to end a leg: who has called, or taken a call, or has
// the conference or the slot that it is in.
func (h *house) theirs(ch *pbx.Channel) bool {
	_, pair := ch.Pair()
	_, parked := h.Slot(ch)
	return !pair && (ch.Answered() || ch.Dialler() == nil) || ch.Member() != nil || parked
}

// goHome has people hang up, each what is theirs. All else is the board's to end.
func (h *house) goHome() {
	for _, ch := range h.Core.Up() {
		if h.alone(ch) {
			h.t.Errorf("%s is left alone:\n%s", ch.CallID(), h.course(ch))
		}
	}
	for _, ch := range h.Core.Up() {
		if h.theirs(ch) && !ch.Gone() {
			h.Hangup(ch, "", h.fits)
		}
	}
	h.pass(time.Minute)
	for _, ch := range h.Core.Up() {
		h.t.Errorf("%s is left:\n%s", ch.CallID(), h.course(ch))
	}
}

// calls are the acts that begin one.
func (h *house) calls() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"arrive": func(*rapid.T) {
			var a *pbx.Channel
			to := h.dialled()
			a, err := h.Arrive(h.Account, pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}, h.Numbers[0], "", "", func(err error) {
				h.fits(err)
				h.dials(a, to)
			})
			h.fits(err)
		},
		"dial": func(*rapid.T) {
			var a *pbx.Channel
			to := h.dialled()
			a, err := h.Dial(h.Account, h.device(), to, "", "", func(err error) {
				h.fits(err)
				h.dials(a, to)
			})
			h.fits(err)
		},
		"forward": func(*rapid.T) {
			var a *pbx.Channel
			by := h.device()
			a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550199"}, h.Numbers[0], "", "", func(err error) {
				h.fits(err)
				h.Forward(a, by, "+12125550177", h.fits)
			})
			h.fits(err)
		},
		"quickcall": func(*rapid.T) {
			h.begun(h.Originate(h.Account, h.device(), "", pbx.Party{Name: "Device QuickCall", Number: "1001"}, h.dialled(), h.fits))
		},
		"send fax": func(t *rapid.T) {
			_, err := h.SendFax(h.Account, h.FaxBoxes[0], "+12125550166", rapid.IntRange(1, 3).Draw(t, "pages"),
				rapid.SampledFrom([]string{"", "USER_BUSY"}).Draw(t, "cause"), h.fits)
			h.fits(err)
		},
		"receive fax": func(t *rapid.T) {
			var a *pbx.Channel
			pages, broken := rapid.IntRange(1, 3).Draw(t, "pages"), rapid.Bool().Draw(t, "broken")
			a, err := h.Arrive(h.Account, pbx.Party{Number: "+12125550155"}, h.FaxBoxes[0].Number, "", "", func(err error) {
				h.fits(err)
				h.ReceiveFax(a, h.FaxBoxes[0], pages, broken, h.fits)
			})
			h.fits(err)
		},
	}
}

// acts are those on calls that are up.
func (h *house) acts() map[string]func(*rapid.T) {
	on := func(do func(*pbx.Channel)) func(*rapid.T) { return func(*rapid.T) { h.with("channel", do) } }
	return map[string]func(*rapid.T){
		"answer":  on(func(ch *pbx.Channel) { h.Answer(ch, h.fits) }),
		"refuse":  on(func(ch *pbx.Channel) { h.Refuse(ch, "CALL_REJECTED", false, h.fits) }),
		"give up": on(func(ch *pbx.Channel) { h.GiveUp(ch, false, h.fits) }),
		"leave a message": on(func(ch *pbx.Channel) {
			if outer, own := ch.OtherEnd(); own && outer.Account().ID == ch.Account().ID {
				return // who forwards calls has the message in the callflow that called them
			}
			h.GiveUp(ch, true, func(err error) {
				if h.fits(err); err == nil {
					h.Voicemail(ch, h.Boxes[0], 10*time.Second, h.fits)
				}
			})
		}),
		"hold":     on(func(ch *pbx.Channel) { h.Hold(ch, h.fits) }),
		"resume":   on(func(ch *pbx.Channel) { h.Resume(ch, h.fits) }),
		"press":    on(func(ch *pbx.Channel) { h.Press(ch, "12#", h.fits) }),
		"record":   on(func(ch *pbx.Channel) { h.fits(h.StartRecording(ch, "call.mp3")) }),
		"stop":     on(func(ch *pbx.Channel) { h.fits(h.StopRecording(ch)) }),
		"transfer": on(func(ch *pbx.Channel) { h.Transfer(ch, h.dialled(), h.fits) }),
		"give":     on(func(ch *pbx.Channel) { h.Give(ch, h.dialled(), h.fits) }),
		"consult": on(func(ch *pbx.Channel) {
			to := h.dialled()
			h.MayCall(ch, to, func(err error) {
				if h.fits(err); err == nil {
					h.begun(h.Consult(ch, to, h.fits))
				}
			})
		}),
		"join": on(func(ch *pbx.Channel) {
			h.with("second", func(other *pbx.Channel) {
				if other != ch && other != ch.Peer() {
					h.Join(ch, other, h.fits)
				}
			})
		}),
		"connect": on(func(ch *pbx.Channel) {
			h.with("second", func(other *pbx.Channel) { h.Connect(ch, other, true, h.fits) })
		}),
		"divert":   on(func(ch *pbx.Channel) { h.Divert(ch, h.dialled(), h.fits) }),
		"fetch":    on(func(ch *pbx.Channel) { h.Fetch(ch, []pbx.Device{h.device()}, h.fits) }),
		"move":     on(func(ch *pbx.Channel) { h.Move(ch, h.Devices[:2], h.fits) }),
		"pick up":  on(func(ch *pbx.Channel) { h.begun(h.PickUp(ch, h.device(), h.fits)) }),
		"park":     on(func(ch *pbx.Channel) { h.Park(ch, "", h.fits) }),
		"retrieve": func(*rapid.T) { h.begun(h.Retrieve(h.Account, "100", h.device(), h.fits)) },
		"enter":    on(func(ch *pbx.Channel) { h.Enter(ch, ch.Account().ID, false, h.fits) }), // each account has one of its own
		"talk": on(func(ch *pbx.Channel) {
			if m := ch.Member(); m != nil {
				h.fits(m.Talk(rapid.Bool().Draw(h.t, "on")))
			}
		}),
		"mute": on(func(ch *pbx.Channel) {
			if m := ch.Member(); m != nil {
				h.fits(m.Mute(rapid.Bool().Draw(h.t, "on")))
			}
		}),
		"hang up": on(func(ch *pbx.Channel) { h.Hangup(ch, "", h.fits) }),
		"pass":    func(t *rapid.T) { h.pass(time.Duration(rapid.IntRange(1, 4e10).Draw(t, "ns"))) },
	}
}

// people has people do whatever comes to their mind, and tells what is found in what is said of
// it. Each waits until all that follows at once from what was done before has happened, where
// pause is longer than that takes.
func people(t *rapid.T, pause time.Duration) []judge.Finding {
	j := judge.New(judge.Config{})
	h := newHouse(t, func(e pbx.Event) { j.Add(seen(t, e)) })
	all := h.calls()
	maps.Copy(all, h.acts())
	for name, do := range all {
		all[name] = func(t *rapid.T) {
			do(t)
			if pause > 0 {
				h.pass(pause)
			}
		}
	}
	t.Repeat(all)
	h.pass(10 * time.Minute) // faxes and messages end
	h.goHome()
	return j.End()
}

// Whatever people do in whatever order, and however it gets in each other's way, what is
// said of it is sound.
func TestWhateverPeopleDoIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, f := range people(t, 0) {
			if !slices.Contains(crossed(), f.Rule) {
				t.Errorf("%s", f)
			}
		}
	})
}

// crossed are rules that compare legs of one call with each other. Where two acts cross
// within the same moment, so that a call is joined with another while a telephone still
// rings for it, they ask for more than can be told.
func crossed() []string {
	return []string{"hangup.fork", "hangup.cancel", "hangup.matching", "leg.interaction", "bridge.symmetric"}
}

// Where people wait for each other, there is no such excuse.
func TestWhateverPeopleDoInTurnIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, f := range people(t, 5*time.Second) {
			t.Errorf("%s", f)
		}
	})
}

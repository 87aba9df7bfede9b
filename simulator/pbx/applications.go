package pbx

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Executed says that an application of the dialplan has ended on the channel, with
// what came of it; "" is NONE. Of some applications nothing is said
// (ecallmgr's event filters).
func (ch *Channel) Executed(application, response string) error {
	if err := ch.must("execute on", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	if response == "" {
		response = "NONE"
	}
	ch.core.event(kapi.ChannelExecuted, ch,
		jobj.Member{Key: "Application-Name", Value: application},
		jobj.Member{Key: "Raw-Application-Name", Value: application},
		jobj.Member{Key: "Application-Response", Value: response},
		jobj.Member{Key: "Disposition", Value: ch.ending.disposition})
	return nil
}

// Bridged says that a bridge that had been asked for is over: it ended, for cause
// NORMAL_CLEARING, or it failed for another one, which the leg reports to its end
// (ecallmgr_fs_bridge:post_exec/2). Who leads the channel goes on.
func (ch *Channel) Bridged(cause string) error {
	if err := ch.must("execute on", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	ch.outcome = cause
	disposition, endpoint := "SUCCESS", "ANSWER"
	if cause != "NORMAL_CLEARING" {
		disposition, endpoint = cause, cause
		ch.failed, ch.failedCode = cause, HangupCode(cause)
		ch.ending.disposition = cause
	}
	ch.core.event(kapi.ChannelExecuted, ch,
		jobj.Member{Key: "Application-Name", Value: "bridge"},
		jobj.Member{Key: "Raw-Application-Name", Value: "bridge"},
		jobj.Member{Key: "Application-Response", Value: cause},
		jobj.Member{Key: "Disposition", Value: disposition},
		jobj.Member{Key: "Bridge-Hangup-Cause", Value: cause},
		jobj.Member{Key: "Endpoint-Disposition", Value: endpoint},
		jobj.Member{Key: "Hangup-Cause", Value: cause},
		jobj.Member{Key: "Hangup-Code", Value: HangupCode(cause)})
	if over := ch.over; over != nil {
		ch.over = nil
		over()
	}
	return nil
}

// OpenMedia has the channel carry sound: one that nobody has answered does so early, as the switch
// has it before any application that needs sound.
func (ch *Channel) OpenMedia() error {
	if err := ch.must("be heard on", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	switch {
	case ch.answerState != isRinging:
		return nil
	case ch.direction == "outbound":
		return &StateError{ch.callID, "be heard on", "called itself, and rings"}
	}
	return ch.Progress(true)
}

// Recording is sound that is taken from a channel.
type Recording struct {
	ch    *Channel
	path  string
	began time.Time
}

// Record begins to take the channel's sound into a file of that name, until it is stopped or the
// channel ends.
func (ch *Channel) Record(name string) (*Recording, error) {
	if err := ch.must("record", isEarly, isAnswered); err != nil {
		return nil, err
	}
	r := &Recording{ch: ch, path: tapePath(name), began: ch.core.now()}
	ch.taped = append(ch.taped, r)
	ch.core.event("RECORD_START", ch, append(r.application(), jobj.Member{
		Key: "Recording", Value: jobj.Object{{Key: "File-Path", Value: r.path}},
	})...)
	return r, nil
}

// Stop ends the recording: because of a key that was pressed, "" for none, or of
// silence.
func (r *Recording) Stop(terminator string, silence bool) error {
	if err := r.ch.must("record", isEarly, isAnswered); err != nil {
		return err
	}
	if !slices.Contains(r.ch.taped, r) {
		return &StateError{r.ch.callID, "stop the recording of", "not recorded"}
	}
	r.ch.taped = slices.DeleteFunc(r.ch.taped, func(one *Recording) bool { return one == r })
	const samples, bytes = 8, 16 // a millisecond
	length := r.ch.core.now().Sub(r.began).Milliseconds()
	r.ch.remember(r)
	more := append(r.application(), jobj.Object{
		{Key: "Recording", Value: jobj.Object{
			{Key: "File-Size", Value: 44 + length*bytes},
			{Key: "File-Samples", Value: length * samples},
			{Key: "File-Seconds", Value: length / 1000},
			{Key: "File-MilliSeconds", Value: length},
			{Key: "File-Path", Value: r.path},
			{Key: "Completion-Cause", Value: "success-completion"},
		}},
		{Key: "Length", Value: length},
		{Key: "Silence-Terminated", Value: silence},
	}...)
	if terminator != "" {
		more = append(more, jobj.Member{Key: "Terminator", Value: terminator})
	}
	r.ch.core.event("RECORD_STOP", r.ch, more...)
	return nil
}

// remember keeps how long a recording was.
func (ch *Channel) remember(r *Recording) {
	if ch.tapes == nil {
		ch.tapes = map[string]time.Duration{}
	}
	ch.tapes[r.path] = ch.core.now().Sub(r.began)
}

// Tape is how long the last recording of that name is, 0 where there is none, and whether it still
// goes on.
func (ch *Channel) Tape(name string) (length time.Duration, running bool) {
	path := tapePath(name)
	for _, r := range ch.taped {
		if r.path == path {
			return ch.core.now().Sub(r.began), true
		}
	}
	return ch.tapes[path], false
}

// Taped tells whether the channel's sound has ever been recorded.
func (ch *Channel) Taped() bool { return len(ch.taped)+len(ch.tapes) > 0 }

func tapePath(name string) string { return "/tmp/" + name }

func (r *Recording) application() []jobj.Member {
	return jobj.Object{
		{Key: "Application-Name", Value: "record"},
		{Key: "Raw-Application-Name", Value: "record"},
		{Key: "Application-Response", Value: r.path},
	}
}

// Presence tells whoever follows the line of a channel what it does: early, confirmed
// or terminated (ecallmgr_fs_presence).
func (ch *Channel) Presence(state string) error {
	user, realm, ok := strings.Cut(ch.presenceID, "@")
	if !ok {
		return nil
	}
	direction, other := "initiator", ch.destination
	if ch.direction == "outbound" {
		direction, other = "recipient", ch.callerNumber
	}
	expires := 0
	if state == "terminated" {
		expires = 20
	}
	return ch.core.tell(kapi.CategoryPresence, "dialog_update", origin{"ecallmgr", direct}, jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Presence-ID", Value: ch.presenceID},
		{Key: "From", Value: "sip:" + ch.presenceID},
		{Key: "From-User", Value: user},
		{Key: "From-Realm", Value: realm},
		{Key: "From-Tag", Value: ch.fromTag},
		{Key: "To", Value: "sip:" + other + "@" + realm},
		{Key: "To-URI", Value: "sip:" + ch.presenceID},
		{Key: "To-User", Value: other},
		{Key: "To-Realm", Value: realm},
		{Key: "To-Tag", Value: ch.toTag},
		{Key: "Switch-URI", Value: "sip:" + ch.core.host.Address + ":11000"},
		{Key: "Event-Package", Value: "dialog"},
		{Key: "Direction", Value: direction},
		{Key: "State", Value: state},
		{Key: "Expires", Value: expires},
	})
}

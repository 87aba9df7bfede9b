package pivot

import (
	"fmt"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// What CallStatus and DialCallStatus say.
const (
	statusRinging   = "ringing"
	statusProgress  = "in-progress"
	statusCompleted = "completed"
	statusBusy      = "busy"
	statusFailed    = "failed"
	statusNoAnswer  = "no-answer"
)

// callStatus is what a hangup cause makes of CallStatus (kzt_receiver:call_status/1).
func callStatus(cause string) string {
	switch cause {
	case "ORIGINATOR_CANCEL", "NORMAL_CLEARING", "SUCCESS":
		return statusCompleted
	case "NO_ANSWER":
		return statusNoAnswer
	case "USER_BUSY", "CALL_REJECTED":
		return statusBusy
	}
	return statusFailed
}

// course is a Dial under way (kzt_receiver:wait_for_offnet/2).
type course struct {
	*dialling

	timer *timeline.Planned
	over  bool
}

// follow waits until a Dial is over.
func (d *dialling) follow() {
	c := &course{dialling: d}
	if d.p.state.Has(request.KeyDialCallStatus) {
		d.p.w.note(staleDial, "what an earlier Dial came to is what this one starts from: a dial that is busy at once may be told as completed")
	}
	d.p.set(request.KeyCallStatus, statusRinging)
	d.p.set(request.KeyDigitsCollected, "")
	c.alarm(d.timeout, c.unanswered)
	c.wait()
}

func (c *course) alarm(d time.Duration, do func()) {
	if c.timer != nil {
		c.timer.Cancel()
	}
	c.timer = c.p.after(d, func() {
		if !c.over {
			c.p.rest()
			do()
		}
	})
}

// unanswered is the end of the answer timer. The dial goes on without us (quirk dial-timeout).
func (c *course) unanswered() {
	c.p.set(request.KeyCallStatus, statusNoAnswer)
	if c.p.w.e.corrected() {
		c.p.set(request.KeyDialCallStatus, statusNoAnswer)
		c.hangUpOther()
	} else {
		c.p.w.note(dialTimeout, "nobody has answered in time: the document goes on, while the dial is not cancelled")
	}
	c.done("nobody has answered in time")
}

// tooLong is the end of the time limit.
func (c *course) tooLong() {
	c.p.command(c.p.sender().Hangup())
	c.p.set(request.KeyCallStatus, statusCompleted)
	c.done("its time limit is over")
}

// done ends the Dial: with an action the app is asked, else the next verb follows.
func (c *course) done(why string) {
	c.over = true
	if c.timer != nil {
		c.timer.Cancel()
	}
	c.p.w.tell(Step{Kind: Judged, Verb: "Dial", Text: fmt.Sprintf("Dial is over, for %s: CallStatus %s", why, c.p.state.String(request.KeyCallStatus))})
	r := ok
	if _, given := c.p.text(c.n, "action"); given {
		uri := c.p.action(c.n)
		r = c.p.next(uri, c.p.method(c.n))
	}
	c.then(r)
}

func (c *course) wait() {
	c.p.receive(0, func(event jobj.Object) {
		if !c.heard(event) {
			c.wait()
		}
	}, nil)
}

// otherLeg is the call's last other leg, be it of this Dial, of an earlier one, or of before Pivot.
const otherLeg = "Other-Leg-Call-ID"

// heard deals with an event; true when the Dial is over by it.
func (c *course) heard(event jobj.Object) bool {
	p := c.p
	name, application := named(event)
	if event.String("Event-Category") == "resource" {
		p.set(request.KeyCallStatus, callStatus(event.String("Response-Message")))
		c.done("the resources say " + event.String("Response-Message"))
		return true
	}
	if !p.own(event) {
		return false
	}
	switch name {
	case "LEG_CREATED":
		other := event.String("Other-Leg-Call-ID")
		p.set(request.KeyDialCallID, other)
		p.call = p.call.Set(otherLeg, other)
		p.set(request.KeyCallStatus, statusRinging)
		p.set(request.KeyDialCallStatus, statusRinging)
		c.listen(other)
	case "CHANNEL_BRIDGE":
		if c.record {
			c.recordBridge(event.String("Other-Leg-Call-ID"))
		}
		p.set(request.KeyCallStatus, statusProgress)
		p.set(request.KeyDialCallStatus, statusProgress)
		if c.limit <= 0 {
			c.tooLong()
			return true
		}
		c.alarm(c.limit, c.tooLong)
	case "DTMF":
		digit := event.String("DTMF-Digit")
		if c.hangupOn != "" && digit == c.hangupOn {
			p.command(p.sender().Hangup())
			c.done("hangupOn was pressed")
			return true
		}
		if c.collect {
			p.collect(digit)
		}
	case "CHANNEL_EXECUTE_COMPLETE":
		if application != "bridge" {
			return false
		}
		c.ended(event.String("Application-Response"))
		return true
	case "CHANNEL_DESTROY":
		c.ended(event.String("Hangup-Cause"))
		return true
	case "CHANNEL_PARK":
		c.done("the call was parked")
		return true
	}
	return false
}

// listen binds to what is told of the other leg.
func (c *course) listen(other string) {
	key := "call.events." + kapi.EncodeKey(other)
	if !slices.Contains(c.p.w.bindings, [2]string{kapi.ExchangeCallEvents, key}) {
		c.p.w.bind(kapi.ExchangeCallEvents, key)
	}
}

// ended is that of the bridge. The caller is hung up with it (quirk dial-hangs-up).
func (c *course) ended(cause string) {
	p := c.p
	status := statusFailed
	switch p.state.String(request.KeyDialCallStatus) {
	case statusProgress:
		status = statusCompleted
	case statusRinging:
		status = statusNoAnswer
	}
	p.set(request.KeyCallStatus, callStatus(cause))
	p.set(request.KeyDialCallStatus, status)
	if !p.w.e.corrected() {
		p.w.note(dialHangsUp, "the caller is hung up, as whenever a bridge ends, on busy and no answer too: an action only tells the app how it went")
		p.command(p.sender().Hangup())
		c.hangUpOther()
	}
	c.done("the bridge has ended with " + cause)
}

func (c *course) hangUpOther() {
	if other := c.p.call.String(otherLeg); other != "" {
		c.p.command(c.p.sender().HangupOther(other))
	}
}

// recordBridge has both sides recorded: for 14400000 seconds, and nothing is uploaded (quirk dial-record).
func (c *course) recordBridge(other string) {
	p := c.p
	if sid := p.state.String(request.KeyDialCallID); sid != "" {
		other = sid
	}
	media := fmt.Sprintf("%s_%s_to_%s.mp3", p.now().UTC().Format("2006-01-02_15:04:05"), p.w.callID, other)
	p.w.save(p.w.accountDatabase(), jobj.Object{
		{Key: "name", Value: media},
		{Key: "description", Value: "recording " + media},
		{Key: "content_type", Value: "audio/mp3"},
		{Key: "media_source", Value: "recorded"},
		{Key: "source_type", Value: "kzt_receiver"},
		{Key: "pvt_type", Value: "private_media"},
		{Key: "from", Value: text(p.call, "From")},
		{Key: "to", Value: text(p.call, "To")},
		{Key: "caller_id_number", Value: c.callerNumber()},
		{Key: "caller_id_name", Value: c.callerName()},
		{Key: "call_id", Value: p.w.callID},
		{Key: "pvt_account_id", Value: p.w.accountID},
		{Key: "pvt_account_db", Value: p.w.accountDatabase()},
	}, "")
	limit := c.limit
	if !p.w.e.corrected() {
		p.w.note(dialRecord, "the recording's time limit is said in milliseconds where seconds are meant, and it is stored nowhere; no RecordingUrl follows")
		p.command(p.sender().RecordCall("start", media, int64(limit/time.Millisecond)))
		return
	}
	to := p.action(c.n) + "/" + media
	p.set(request.KeyRecordingURL, to)
	p.command(p.sender().RecordCall("start", media, int64(limit/time.Second),
		jobj.Member{Key: "Media-Transfer-Method", Value: "put"}, jobj.Member{Key: "Media-Transfer-Destination", Value: to}))
}

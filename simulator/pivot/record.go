package pivot

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// record has the caller recorded (kzt_twiml:record_call/2).
func (p *process) record(n *twiml.Node, then func(outcome)) {
	timeout := p.seconds(n, "timeout", 5)
	limit := p.w.e.settings.MaxRecording
	if v, given := n.Int("maxLength"); given {
		if v < 1 || v > limit {
			bound := min(max(v, 1), limit)
			p.bad(n, "maxLength", fmt.Sprintf("is not within 1 and %d: %d is taken", limit, bound))
			v = bound
		}
		limit = v
	}
	media := fmt.Sprintf("call_recording_%s.%s", p.w.callID, p.w.e.settings.RecordingExtension)
	if p.w.e.corrected() {
		media = fmt.Sprintf("call_recording_%s_%s.%s", p.w.callID, p.w.e.IDs.Hex(8), p.w.e.settings.RecordingExtension)
	} else {
		p.w.note(recordingToAction, "a second Record of a call overwrites the first: the recording's name is the call's")
	}
	if n.Bool("playBeep", true) {
		p.command(p.sender().Tones(dialplan.Tone{Frequencies: []string{"440"}, On: "500", Off: "100"}))
	}
	p.command(p.sender().Record(dialplan.Record{
		Media: media, Terminators: p.terminators(n, "finishOnKey"), LimitSeconds: limit, SilenceHits: timeout,
	}))
	p.recorded(n, media, timeout, then)
}

// recorded waits for the end of a recording.
func (p *process) recorded(n *twiml.Node, media string, timeout int64, then func(outcome)) {
	p.attend(func(event jobj.Object) {
		switch name, _ := named(event); name {
		case "RECORD_STOP":
			length := number(event, "Length") / 1000
			if event.Bool(false, "Silence-Terminated") && length <= timeout {
				p.w.tell(Step{Kind: Judged, Verb: "Record", Text: "the recording holds silence only: the next verb follows, and the app is not asked"})
				then(ok)
				return
			}
			digits := event.String("Terminator")
			if digits == "" {
				digits = "hangup"
			}
			then(p.keep(n, media, digits, length))
		case "CHANNEL_DESTROY":
			then(p.keep(n, media, "hangup", number(event, "Length")/1000))
		default:
			p.recorded(n, media, timeout, then)
		}
	}, func() {
		p.w.tell(Step{Kind: Failed, Verb: n.Name, Position: n.Position, Text: "the switch has told nothing of the recording for 10 s, and no longer knows the call: the document ends"})
		then(stops)
	})
}

// number reads a whole number that may be text.
func number(event jobj.Object, key string) int64 {
	switch v, _ := event.Get(key); v := v.(type) {
	case json.Number:
		n, _ := v.Float64()
		return int64(n)
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	}
	return 0
}

// keep stores the recording and asks the app.
func (p *process) keep(n *twiml.Node, media, digits string, seconds int64) outcome {
	uri := p.action(n)
	method := p.method(n)
	p.set(request.KeyDigitPressed, digits)
	p.set(request.KeyRecordingDuration, seconds)
	to, given := n.Attr("recordingUrl")
	switch {
	case !given:
		to = uri
	case request.Nothing(to):
		p.drop(request.KeyRecordingURL)
		return p.next(uri, method)
	default:
		p.w.note(recordingURLCrash, "the recording is stored under recordingUrl, and the app is asked. Kazoo ends the document over the attribute")
		to = p.resolve(n, to)
	}
	to = strings.TrimSuffix(to, "/") + "/" + media
	p.command(p.sender().Store(media, to, "put"))
	p.set(request.KeyRecordingURL, to)
	return p.next(uri, method)
}

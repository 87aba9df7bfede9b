package callflow

import (
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// voicemail has the caller leave a message (cf_voicemail). To listen to them is not simulated: the flow
// goes on.
func (a *act) voicemail() {
	id := a.data.String("id")
	if a.data.String("action") == "check" {
		a.next(anyKey, "to check a box is not simulated: passed on")
		return
	}
	a.document("vmboxes", id, func(box jobj.Object, found bool) {
		if !found {
			a.next(anyKey, "there is no voicemail box "+id)
			return
		}
		a.say(a.Answer())
		greeting := a.prompt("vm-not_available_no_voicemail")
		if own := box.String("media", "unavailable"); own != "" {
			greeting = a.mediaName(own)
		}
		parts := []jobj.Object{a.part(greeting)}
		if !box.Bool(false, "skip_instructions") {
			parts = append(parts, a.part(a.prompt("vm-record_message")))
		}
		a.play(func() { a.compose(id, box) }, parts...)
	})
}

func (a *act) compose(id string, box jobj.Object) {
	media := "voicemail_" + a.IDs.Hex(32) + ".mp3"
	a.say(a.Tones(dialplan.Tone{Frequencies: []string{"440"}, On: "500", Off: "100"}))
	a.say(a.Record(dialplan.Record{
		Media: media, Terminators: dialplan.AllDigits(), LimitSeconds: a.whole("max_message_length", 500), SilenceHits: 5,
	}))
	a.recorded(func(length int64) {
		const shortest = 500 // milliseconds (voicemail.min_message_size)
		if length < shortest {
			a.next(anyKey, fmt.Sprintf("a message of %d ms is too short to be kept", length))
			return
		}
		if a.Left != nil {
			a.Left(VoiceMessage{AccountID: a.call.account, BoxID: id, Box: box, CallID: a.call.id, Media: media, Length: length})
		}
		a.call.set("Message-Left", true)
		a.next(anyKey, fmt.Sprintf("a message of %d ms was left", length))
	})
}

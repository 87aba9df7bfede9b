package callflow

import (
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
)

// postAnswer is how long is waited after an answer before media are played (callflow.post_answer_delay).
const postAnswer = 100 * time.Millisecond

// tts speaks a text (cf_tts).
func (a *act) tts() {
	text := a.data.String("text")
	if text == "" {
		a.next(anyKey, "there is no text")
		return
	}
	a.say(a.Answer())
	a.play(func() { a.next(anyKey, "spoken") }, dialplan.TTS{
		Text: text, Terminators: a.terminators(), Endless: a.data.Bool(false, "endless_playback"),
		Voice:    firstOf(a.data.String("voice"), "female"),
		Language: firstOf(a.data.String("language"), a.call.text("Language")),
		Engine:   a.data.String("engine"),
	}.Part(a.call.id))
}

// playMedia plays a medium (cf_play).
func (a *act) playMedia() {
	media := a.mediaName(a.data.String("id"))
	if media == "" {
		a.next(anyKey, "there is no id")
		return
	}
	part := dialplan.Play{
		Media: media, Terminators: a.terminators(), Endless: a.data.Bool(false, "endless_playback"), Loops: a.whole("loop_count", 0),
	}.Part(a.call.id)
	play := func() { a.play(func() { a.next(anyKey, "played") }, part) }
	if !a.data.Bool(true, "answer") {
		play()
		return
	}
	a.say(a.Answer())
	a.after(postAnswer, play)
}

// mediaName is what the switch plays for an id: a URL, a path and a stream as they are, a document by its
// account (kz_media_util:media_path/2).
func (a *act) mediaName(id string) string {
	switch {
	case id == "":
		return ""
	case strings.HasPrefix(id, "system_media/"):
		return a.prompt(strings.TrimPrefix(id, "system_media/"))
	case strings.HasPrefix(id, "/system_media/"):
		return a.prompt(strings.TrimPrefix(id, "/system_media/"))
	case strings.Contains(id, "/"), strings.HasPrefix(id, "$${"):
		return id
	}
	return "/" + a.call.account + "/" + id
}

// prompt is the name of one of the system's prompts in the call's language (kz_media_util:prompt_path/3).
func (a *act) prompt(id string) string {
	return "prompt://" + a.call.account + "/" + id + "/" + a.call.text("Language")
}

// part plays a medium that any key ends.
func (a *act) part(media string) jobj.Object {
	return dialplan.Play{Media: media, Terminators: dialplan.AllDigits()}.Part(a.call.id)
}

// taping is a recording that goes on beside the flow.
type taping struct{ url, method string }

// recordingName names a recording of the call.
func (a *act) recordingName() string {
	return "call_recording_" + a.IDs.Hex(32) + "." + firstOf(a.data.String("format"), "mp3")
}

// timeLimit is how long a recording may take, in seconds (kz_media_recording:get_timelimit/1).
func (a *act) timeLimit() int64 {
	const usual, longest = 3600, 10800
	return min(max(a.whole("time_limit", usual), 5), longest)
}

// recordCall begins or ends the recording of the call, which goes on beside the flow (cf_record_call).
func (a *act) recordCall() {
	if a.data.String("action") == "stop" {
		for name := range a.taping {
			a.say(a.RecordCall("stop", name, 0))
		}
		if len(a.taping) == 0 {
			a.say(a.RecordCall("stop", "", 0))
		}
		a.next(anyKey, "the recording ends")
		return
	}
	name := firstOf(a.data.String("media_name"), a.recordingName())
	a.taping[name] = taping{url: a.data.String("url"), method: firstOf(a.data.String("method"), "put")}
	var more []jobj.Member
	if origin := a.data.String("origin"); origin != "" {
		more = append(more, jobj.Member{Key: "Media-Recording-Origin", Value: origin})
	}
	if label := a.data.String("label"); label != "" {
		more = append(more, jobj.Member{Key: "Media-Recording-Label", Value: label})
	}
	more = append(more, jobj.Member{Key: "Follow-Transfer", Value: a.data.Bool(true, "should_follow_transfer")})
	a.say(a.RecordCall("start", name, a.timeLimit(), more...))
	a.call.set("Is-Recording", true)
	a.next(anyKey, "the recording begins")
}

// taped stores a recording beside the flow that has ended.
func (l *leg) taped(event jobj.Object) {
	name := mediaOf(event)
	t, ours := l.taping[name]
	if !ours {
		return
	}
	delete(l.taping, name)
	l.call.set("Is-Recording", len(l.taping) > 0)
	if t.url != "" {
		l.say(l.Store(name, destination(t.url, name), t.method))
	}
}

// mediaOf is the name of the recording that an event tells of: the file of its path.
func mediaOf(event jobj.Object) string {
	for _, path := range []string{event.String("Media-Name"), event.String("Application-Response"), event.String("Recording", "File-Path")} {
		if path != "" {
			return path[strings.LastIndex(path, "/")+1:]
		}
	}
	return ""
}

// destination is where a recording is put.
func destination(url, media string) string { return strings.TrimRight(url, "/") + "/" + media }

// recordCaller records what the caller says, and uploads it (cf_record_caller).
func (a *act) recordCaller() {
	url := a.data.String("url")
	if url == "" {
		a.next(anyKey, "there is nowhere to store a recording")
		return
	}
	a.say(a.Answer())
	media := a.recordingName()
	a.say(a.Record(dialplan.Record{Media: media, Terminators: dialplan.AllDigits(), LimitSeconds: a.timeLimit(), SilenceHits: 5}))
	a.recorded(func(length int64) {
		a.say(a.Store(media, destination(url, media), firstOf(a.data.String("method"), "put")))
		a.next(anyKey, fmt.Sprintf("recorded %d ms", length))
	})
}

// recorded waits for the end of a recording; length is in milliseconds.
func (a *act) recorded(then func(length int64)) {
	a.hears = func(message jobj.Object) {
		if !isCallEvent(message, recordStop) {
			return
		}
		a.hears = nil
		value, _ := message.Get("Length")
		length, _ := jobj.Integer(value)
		then(length)
	}
}

package callflow

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// modules are those that do something here. Any other is passed on: the flow goes to child _.
func modules() map[string]module {
	return map[string]module{
		"answer":          (*act).answer,
		"branch_variable": (*act).branchVariable,
		"callflow":        (*act).callflow,
		"check_cid":       (*act).checkCID,
		"collect_dtmf":    (*act).collectDTMF,
		"conference":      (*act).conference,
		"dead_air":        (*act).deadAir,
		"device":          (*act).device,
		"flush_dtmf":      (*act).flushDTMF,
		"group":           (*act).group,
		"hangup":          (*act).hangup,
		"language":        (*act).language,
		"manual_presence": (*act).manualPresence,
		"menu":            (*act).menu,
		"noop":            (*act).noop,
		"offnet":          (*act).resources,
		pivotModule:       (*act).pivot,
		"play":            (*act).playMedia,
		"prepend_cid":     (*act).prependCID,
		"record_call":     (*act).recordCall,
		"record_caller":   (*act).recordCaller,
		"resources":       (*act).resources,
		"response":        (*act).response,
		"ring_group":      (*act).ringGroup,
		"send_dtmf":       (*act).sendDTMF,
		"set_cid":         (*act).setCID,
		"set_variable":    (*act).setVariable,
		"set_variables":   (*act).setVariables,
		"sleep":           (*act).sleep,
		"transfer":        (*act).transfer,
		"tts":             (*act).tts,
		"user":            (*act).user,
		"voicemail":       (*act).voicemail,
		"wait_for_hangup": (*act).waitForHangup,
		"webhook":         (*act).webhook,
	}
}

func (a *act) answer() {
	a.say(a.Answer())
	a.next(anyKey, "answered")
}

func (a *act) noop() { a.next(anyKey, "done") }

// hangup ends the call once all that was queued is done, and the flow at once (cf_hangup).
func (a *act) hangup() {
	a.say(a.QueuedHangup())
	a.stop("hangup")
}

// waitForHangup leaves the call as it is.
func (a *act) waitForHangup() { a.note("until the caller hangs up") }

// deadAir is silence, which is answered.
func (a *act) deadAir() {
	a.say(a.Answer())
	a.note("until the caller hangs up")
}

// sleep waits (cf_sleep): from 0 to 24 hours.
func (a *act) sleep() {
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}
	unit, known := units[a.data.String("unit")]
	if !known {
		unit = time.Second
	}
	const longest = 24 * time.Hour
	n := a.whole("duration", 0)
	d := longest
	if n < int64(longest/unit) {
		d = time.Duration(max(n, 0)) * unit
	}
	a.after(d, func() { a.next(anyKey, "slept "+d.String()) })
}

// response refuses the call with a SIP code (cf_response).
func (a *act) response() {
	code := "486"
	switch given, _ := a.data.Get("code"); given := given.(type) {
	case json.Number:
		code = given.String()
	case string:
		code = given
	}
	media := a.mediaName(a.data.String("media"))
	command, _ := a.Respond(code, a.data.String("message"), media, media != "")
	a.say(command)
	a.stop("answered with " + code)
}

// sendDTMF has digits heard (cf_send_dtmf).
func (a *act) sendDTMF() {
	duration := a.data.String("duration_ms")
	if n, is := a.whole("duration_ms", 0), duration == ""; is && n > 0 {
		duration = string(jobj.Append(nil, n))
	}
	if duration == "" {
		duration = "2000"
	}
	a.say(a.SendDTMF(a.data.String("digits"), duration))
	a.next(anyKey, "sent "+a.data.String("digits"))
}

// transfer gives the call away (cf_transfer). The switch routes it anew.
func (a *act) transfer() {
	kind := a.data.String("transfer_type")
	if kind == "" {
		kind = "blind"
	}
	target := a.data.String("target")
	if target == "" {
		a.next(anyKey, "there is no target")
		return
	}
	a.say(a.Command("transfer",
		jobj.Member{Key: "Transfer-Type", Value: kind}, jobj.Member{Key: "Transfer-To", Value: target}))
	a.note("it is the switch's to route the call to " + target)
	a.hears = func(message jobj.Object) {
		if refused(message, "transfer") {
			a.next(anyKey, "the switch cannot transfer the call: "+message.String("Error-Message"))
		}
	}
}

// refused tells whether an event says that the switch which has the call could not do a command.
func refused(message jobj.Object, application string) bool {
	return message.String("Event-Category") == "error" && message.String("Event-Name") == "dialplan" &&
		message.String("Request", "Application-Name") == application && message.String("Dialplan-Error") != "baduuid"
}

// firstOf is the first that says something.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

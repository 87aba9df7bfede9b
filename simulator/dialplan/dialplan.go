// Package dialplan composes what an application tells a call to do: dialplan commands, in the
// order of keys in which Kazoo's own modules put them (kapps_call_command, kz_call_response,
// kapi_dialplan). It only composes: it never sends, and knows no state of a call. All it makes
// goes to the call's Control-Queue over exchange callctl, unless the method says otherwise.
package dialplan

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Sender is who tells one call what to do.
type Sender struct {
	CallID string
	// ReplyTo is where answers and events are wanted (Server-ID); "" leaves it out.
	ReplyTo string
	Node    string
	// AppName and AppVersion are those of the Call object, when it brings any; without them a
	// command says kapps_call and 1.0.0 (kapps_call:application_name/1).
	AppName, AppVersion string
	// MsgID makes an id for each message. Required.
	MsgID func() string
}

// What commands say they come from.
const (
	appName    = "kapps_call"
	appVersion = "1.0.0"
	// Version of the applications and of core's modules.
	coreVersion = "4.0.0"
	translator  = "translator"
)

// now has a command overtake those that wait.
func now() jobj.Member { return jobj.Member{Key: "Insert-At", Value: "now"} }

func member(key string, value any) jobj.Member { return jobj.Member{Key: key, Value: value} }

// Command is any command: its own keys, the call, its name, and the default headers. Own keys that
// are empty strings or nil are left out (kz_api:prepare_api_payload/3).
func (s Sender) Command(name string, own ...jobj.Member) jobj.Object {
	app, version := appName, appVersion
	if s.AppName != "" {
		app = s.AppName
	}
	if s.AppVersion != "" {
		version = s.AppVersion
	}
	return s.finish("command", "call", app, version, s.begin(own, s.callID(), member("Application-Name", name)))
}

// As is a message of another application: own keys, Server-ID where there is a queue, the default
// headers.
func (s Sender) As(app, version, category, name string, own ...jobj.Member) jobj.Object {
	return s.finish(name, category, app, version, s.begin(own))
}

func (s Sender) callID() jobj.Member { return member("Call-ID", s.CallID) }

func (s Sender) begin(own []jobj.Member, more ...jobj.Member) jobj.Object {
	o := make(jobj.Object, 0, len(own)+len(more)+7)
	for _, m := range own {
		if m.Value != nil && m.Value != "" {
			o = append(o, m)
		}
	}
	return append(o, more...)
}

func (s Sender) finish(event, category, app, version string, o jobj.Object) jobj.Object {
	if s.ReplyTo != "" {
		o = append(o, member("Server-ID", s.ReplyTo))
	}
	if s.Node != "" {
		o = append(o, member("Node", s.Node))
	}
	return append(o, member("Msg-ID", s.MsgID()), member("Event-Name", event), member("Event-Category", category),
		member("App-Version", version), member("App-Name", app))
}

// Answer answers the call. On an answered one it is harmless.
func (s Sender) Answer() jobj.Object { return s.Command("answer") }

// Hangup ends the call at once.
func (s Sender) Hangup() jobj.Object { return s.Command("hangup", now()) }

// QueuedHangup ends it after what has been queued.
func (s Sender) QueuedHangup() jobj.Object { return s.Command("hangup") }

// HangupOther ends another leg of the call at once.
func (s Sender) HangupOther(callID string) jobj.Object {
	s.CallID = callID
	return s.Hangup()
}

// Park has the call wait.
func (s Sender) Park() jobj.Object { return s.Command("park", now()) }

// Progress has the caller hear early media.
func (s Sender) Progress() jobj.Object { return s.Command("progress") }

// Noop does nothing, and says so when all before it is done: id is what its completion names as
// Application-Response.
func (s Sender) Noop() (command jobj.Object, id string) {
	command = s.Command("noop")
	return command, command.String("Msg-ID")
}

// Flush is a noop that empties the queue of commands before it (kapps_call_command:flush/1).
func (s Sender) Flush() (command jobj.Object, id string) {
	command = s.Command("noop", member("Insert-At", "flush"))
	return command, command.String("Msg-ID")
}

// TTS is a part of a Queue: a text that is spoken. Without a terminator the key is left out.
type TTS struct {
	Text                    string
	Terminators             []string
	Voice, Language, Engine string
	Endless                 bool
}

// Part is what the queue holds (kapps_call_command:tts_command/6).
func (t TTS) Part(callID string) jobj.Object {
	o := jobj.Object{member("Application-Name", "tts"), member("Text", t.Text)}
	if len(t.Terminators) > 0 {
		o = append(o, member("Terminators", array(t.Terminators)))
	}
	o = append(o, member("Voice", t.Voice), member("Language", t.Language), member("Engine", t.Engine))
	if t.Endless {
		o = append(o, member("Endless-Playback", true))
	}
	return append(o, member("Call-ID", callID))
}

// Play is a part of a Queue: media, by name or URL. Without a terminator the list is empty.
type Play struct {
	Media       string
	Terminators []string
	Endless     bool
	Loops       int64 // 0 leaves it out
}

// Part is what the queue holds (kapps_call_command:play_command/5).
func (p Play) Part(callID string) jobj.Object {
	o := jobj.Object{
		member("Application-Name", "play"), member("Media-Name", p.Media), member("Terminators", array(p.Terminators)),
		member("Call-ID", callID), member("Endless-Playback", p.Endless),
	}
	if p.Loops > 0 {
		o = append(o, member("Loop-Count", p.Loops))
	}
	return o
}

// Queue has parts done, and then a noop: id is what its completion names. The commands stand last
// first, as the switch is told them.
func (s Sender) Queue(parts ...jobj.Object) (command jobj.Object, id string) {
	id = s.MsgID()
	commands := []any{jobj.Object{member("Application-Name", "noop"), s.callID(), member("Msg-ID", id)}}
	for _, part := range slices.Backward(parts) {
		commands = append(commands, part)
	}
	return s.Command("queue", member("Commands", commands)), id
}

// Respond refuses the call with a SIP code, and a prompt if there is one, be it "" (kz_call_response:send/5).
// id is what the completion of its noop names.
func (s Sender) Respond(code, message, prompt string, prompted bool) (command jobj.Object, id string) {
	id = s.MsgID()
	ends := []jobj.Member{member("Msg-ID", id), s.callID()}
	part := func(name string, own ...jobj.Member) jobj.Object {
		return append(s.begin(append([]jobj.Member{member("Application-Name", name)}, own...)), ends...)
	}
	commands := []any{part("noop")}
	if !prompted {
		// Without a prompt the id stands before the code: two functions of the reference make the two.
		commands = append(commands, s.begin([]jobj.Member{
			member("Application-Name", "respond"), ends[0], member("Response-Code", code), member("Response-Message", message), ends[1],
		}))
	} else {
		commands = append(commands,
			part("respond", member("Response-Code", code), member("Response-Message", message)),
			jobj.Object{member("Application-Name", "play"), member("Media-Name", prompt), ends[0], ends[1]},
			part("progress"))
	}
	s.ReplyTo = ""
	o := s.begin([]jobj.Member{member("Commands", commands)}, s.callID(), member("Application-Name", "queue"))
	return s.finish("command", "call", "call_response", "0.1.0", o), id
}

// Tone is frequencies in Hz for a time, and the silence after it, both in ms.
type Tone struct {
	Frequencies []string
	On, Off     string
}

// Tones are played one after the other.
func (s Sender) Tones(tones ...Tone) jobj.Object {
	all := make([]any, len(tones))
	for i, t := range tones {
		all[i] = jobj.Object{
			member("Frequencies", array(t.Frequencies)), member("Duration-ON", t.On), member("Duration-OFF", t.Off),
		}
	}
	return s.Command("tones", member("Tones", all))
}

// array is a list of strings as JSON has it.
func array(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

package request

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// The formats that an action's req_format names. Any other word has no base
// parameters.
const (
	FormatKazoo = "kazoo"
	FormatTwiML = "twiml"
)

// The keys of a call's Key-Value-Store that the parameters come from (kzt_util).
const (
	KeyUserVars            = "user_vars"
	KeyCallStatus          = "call_status"
	KeyDigitPressed        = "digit_pressed"    // the terminator of the last Record
	KeyDigitsCollected     = "digits_collected" // of Gather, Say and Play
	KeyDTMFCollections     = "dtmf_collections" // of collect_dtmf
	KeyRecordingURL        = "recording_url"
	KeyRecordingDuration   = "recording_duration"
	KeyRecordingID         = "recording_sid"
	KeyTranscriptionURL    = "transcription_url"
	KeyTranscriptionText   = "transcription_text"
	KeyTranscriptionStatus = "transcription_status"
	KeyTranscriptionID     = "transcription_sid"
	KeyDialCallStatus      = "dial_call_status"
	KeyDialCallID          = "dial_call_sid"
	KeyDialCallDuration    = "dial_call_duration"
	KeyQueueID             = "queue_sid"
)

// DefaultLanguage is the prompt language of an account that has set none.
const DefaultLanguage = "en-us"

// Values is what the parameters of one request are made of.
type Values struct {
	// Call is the serialised call of the pivot_req, its caller id as it stands now.
	Call jobj.Object
	// Format is the action's req_format, verbatim.
	Format string
	// Variables are those that <Variable> has set, in order.
	Variables jobj.Object
	// Live are CallStatus, QueueSid and so on up to Digits, only those that exist
	// (kzt_translator:get_user_vars/1): see Live.
	Live jobj.Object
	// State is the call's Key-Value-Store as it stands now; nil is the one in Call.
	State jobj.Object
	// Owners are the owner ids of the authorizing device.
	Owners []string
	// Language is the account's prompt language; "" is DefaultLanguage.
	Language string
}

// StateOf is the Key-Value-Store of a serialised call.
func StateOf(call jobj.Object) jobj.Object { return call.Object("Key-Value-Store") }

// Variables are the user variables that a Key-Value-Store holds.
func Variables(state jobj.Object) jobj.Object { return state.Object(KeyUserVars) }

// Live names what a Key-Value-Store holds as requests of both formats have it, in
// wire order.
func Live(state jobj.Object) jobj.Object {
	return rows(nil, state, []row{
		{"CallStatus", KeyCallStatus}, {"QueueSid", KeyQueueID}, {"DialCallDuration", KeyDialCallDuration},
		{"DialCallSid", KeyDialCallID}, {"DialCallStatus", KeyDialCallStatus}, {"RecordingDuration", KeyRecordingDuration},
		{"RecordingUrl", KeyRecordingURL}, {"Digits", KeyDigitsCollected},
	})
}

type row struct{ name, key string }

// rows appends those whose key the state has.
func rows(to, state jobj.Object, named []row) jobj.Object {
	for _, r := range named {
		if v, ok := state.Get(r.key); ok && v != nil {
			to = append(to, jobj.Member{Key: r.name, Value: v})
		}
	}
	return to
}

// Params are the parameters in wire order: variables, what is live, the base ones of
// the format. A name that occurs again keeps its first place and takes the later
// value, so that no application's variable hides what the base says.
func Params(v Values, compat fidelity.Compat) jobj.Object {
	if v.State == nil {
		v.State = StateOf(v.Call)
	}
	var base jobj.Object
	switch v.Format {
	case FormatKazoo:
		base = kazooBase(v, compat)
	case FormatTwiML:
		base = twimlBase(v, compat)
	}
	return merged(v.Variables, v.Live, base)
}

// merged is all members of several objects, a key once.
func merged(objects ...jobj.Object) jobj.Object {
	const many = 32 // below, looking through what is there is cheaper than a map
	size := 0
	for _, o := range objects {
		size += len(o)
	}
	out := make(jobj.Object, 0, size)
	place := func(key string) int {
		return slices.IndexFunc(out, func(m jobj.Member) bool { return m.Key == key })
	}
	if size > many {
		places := make(map[string]int, size)
		place = func(key string) int {
			i, again := places[key]
			if !again {
				places[key] = len(out)
				return -1
			}
			return i
		}
	}
	for _, o := range objects {
		for _, m := range o {
			if i := place(m.Key); i >= 0 {
				out[i].Value = m.Value
				continue
			}
			out = append(out, m)
		}
	}
	return out
}

// kazooBase is kzt_kazoo:req_params/1, reversed (kz_json:set_values/2).
func kazooBase(v Values, compat fidelity.Compat) jobj.Object {
	var out jobj.Object
	put := func(name string, value any) { out = append(out, jobj.Member{Key: name, Value: value}) }
	switch len(v.Owners) {
	case 0:
	case 1:
		put("User-ID", v.Owners[0])
	default:
		list := make([]any, len(v.Owners))
		for i, owner := range v.Owners {
			list[i] = owner
		}
		put("User-ID", list)
	}
	out = rows(out, v.State, []row{
		{"Transcription-Url", KeyTranscriptionURL}, {"Transcription-Text", KeyTranscriptionText},
		{"Transcription-Status", KeyTranscriptionStatus}, {"Transcription-ID", KeyTranscriptionID},
	})
	out = append(out, party(v.Call, "To")...)
	out = append(out, party(v.Call, "Request")...)
	out = rows(out, v.State, []row{
		{"Recording-Url", KeyRecordingURL}, {"Recording-ID", KeyRecordingID}, {"Recording-Duration", KeyRecordingDuration},
	})
	put("Language", cmp.Or(text(v.Call, "Language"), v.Language, DefaultLanguage))
	out = append(out, party(v.Call, "From")...)
	put("Direction", "inbound")
	out = append(out, digits(v, compat)...)
	put("Custom-SIP-Headers", mapped(v.Call.Object("Custom-SIP-Headers")))
	put("Custom-Application-Vars", mapped(v.Call.Object("Custom-Application-Vars")))
	put("Caller-ID-Number", callerNumber(v.Call))
	put("Caller-ID-Name", callerName(v.Call))
	out = rows(out, v.State, []row{{"Call-Status", KeyCallStatus}})
	out = given(out, v.Call, "Call-ID", "Call-ID")
	put("Api-Version", "4.x")
	return given(out, v.Call, "Account-ID", "Account-ID")
}

// twimlBase is kzt_twiml:req_params/1, reversed.
func twimlBase(v Values, compat fidelity.Compat) jobj.Object {
	const usual = 16 // members
	out := rows(make(jobj.Object, 0, usual), v.State, []row{
		{"TranscriptionUrl", KeyTranscriptionURL}, {"TranscriptionStatus", KeyTranscriptionStatus},
		{"TranscriptionText", KeyTranscriptionText}, {"TranscriptionSid", KeyTranscriptionID},
	})
	out = append(out, digits(v, compat)...)
	out = rows(out, v.State, []row{
		{"RecordingSid", KeyRecordingID}, {"RecordingDuration", KeyRecordingDuration}, {"RecordingUrl", KeyRecordingURL},
	})
	put := func(name string, value any) { out = append(out, jobj.Member{Key: name, Value: value}) }
	put("CallerNumber", callerNumber(v.Call))
	put("CallerName", callerName(v.Call))
	put("Direction", "inbound")
	put("ApiVersion", "2010-04-01")
	out = rows(out, v.State, []row{{"CallStatus", KeyCallStatus}})
	for _, m := range slices.Concat(party(v.Call, "To"), party(v.Call, "From")) {
		put(strings.ReplaceAll(m.Key, "-", ""), m.Value)
	}
	out = given(out, v.Call, "AccountSid", "Account-ID")
	return given(out, v.Call, "CallSid", "Call-ID")
}

// digits is kzt_util:get_digit_pressed/1. The terminator of a Record hides all that
// was collected since (quirk record-digits-stay).
func digits(v Values, compat fidelity.Compat) jobj.Object {
	if compat == fidelity.Corrected && v.Live.Has("Digits") {
		return nil
	}
	for _, key := range []string{KeyDigitPressed, KeyDTMFCollections} {
		if out := rows(nil, v.State, []row{{"Digits", key}}); out != nil {
			return out
		}
	}
	return nil
}

// Nothing is whether a text counts for none in Kazoo (kz_term:is_empty/1).
func Nothing(text string) bool {
	return text == "" || text == "0" || text == "NULL" || text == "undefined"
}

func callerNumber(call jobj.Object) string { return known(text(call, "Caller-ID-Number"), "anonymous") }

func callerName(call jobj.Object) string { return known(text(call, "Caller-ID-Name"), "unknown") }

func known(text, otherwise string) string {
	if Nothing(text) {
		return otherwise
	}
	return text
}

// given appends a member of the call, if it is there and not empty.
func given(to, call jobj.Object, name, key string) jobj.Object {
	if value := text(call, key); value != "" {
		return append(to, jobj.Member{Key: name, Value: value})
	}
	return to
}

// text reads a member of the call as text; numbers are such, too.
func text(call jobj.Object, key string) string {
	switch v, _ := call.Get(key); v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// party is the realm and the user part of To, From or Request, in wire order: what
// the call gives on its own, else the whole cut at its first @.
func party(call jobj.Object, name string) jobj.Object {
	user, realm := "nouser", "norealm"
	if whole := text(call, name); whole != "" {
		before, after, cut := strings.Cut(whole, "@")
		if user = before; cut {
			realm = after
		}
	}
	return jobj.Object{
		{Key: name + "-Realm", Value: cmp.Or(text(call, name+"-Realm"), realm)},
		{Key: name, Value: cmp.Or(text(call, name+"-User"), user)},
	}
}

// mapped is an object that went through an Erlang map: its keys in descending order
// at every level, without null. More than 32 keys have no order there; ours have.
func mapped(o jobj.Object) jobj.Object {
	last := make(map[string]any, len(o))
	for _, m := range o {
		last[m.Key] = m.Value
	}
	out := make(jobj.Object, 0, len(last))
	for key, value := range last {
		if value != nil {
			out = append(out, jobj.Member{Key: key, Value: mappedValue(value)})
		}
	}
	slices.SortFunc(out, func(a, b jobj.Member) int { return strings.Compare(b.Key, a.Key) })
	return out
}

func mappedValue(value any) any {
	switch value := value.(type) {
	case jobj.Object:
		return mapped(value)
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = mappedValue(element)
		}
		return out
	}
	return value
}

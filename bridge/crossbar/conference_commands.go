package crossbar

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// Actions on conferences are messages that nobody need hear: the answer says only that
// they were published.

// conferenceAction is what a request wants done (cb_modules_util:get_request_action/1),
// one of the known, and the conference with which. That an action is unknown is told
// before the conference is.
func (h *handler) conferenceAction(ctx context.Context, req *request, known ...string) (action string, conference store.Document, err error) {
	if action = req.envelope.String("action"); action == "" {
		action = req.text("action")
	}
	if !slices.Contains(known, action) {
		req.hint("action: one of %s", strings.Join(known, ", "))
		return action, conference, faultyRequest("faulty request")
	}
	conference, err = h.loadObject(ctx, req, conferences())
	return action, conference, err
}

// onParticipants are the actions on those who take part.
func onParticipants() []string {
	return []string{"mute", "unmute", "deaf", "undeaf", "kick", "play", "relate"}
}

// argument is what an action is about: data within data, or the data themselves.
func (r *request) argument() jobj.Object {
	if inner := r.object().Object("data"); inner != nil {
		return inner
	}
	return r.object()
}

// commanding is the outcome that commands, and answers with a word.
func (h *handler) commanding(req *request, word string, commands ...jobj.Object) outcome {
	o := outcome{data: word}
	o.commit = func(ctx context.Context) (outcome, error) {
		for _, command := range commands {
			if err := h.tell(ctx, req, kapi.ConferenceCommand(), command); err != nil && !errors.Is(err, ErrUnheard) {
				return outcome{}, err
			}
		}
		return outcome{data: word}, nil
	}
	return o
}

// command is one to a conference.
func command(conferenceID, application string, more ...jobj.Member) jobj.Object {
	return append(jobj.Object{{Key: "Application-Name", Value: application}, {Key: "Conference-ID", Value: conferenceID}}, more...)
}

// actOnConference does something with a whole conference.
func (h *handler) actOnConference(ctx context.Context, req *request) (outcome, error) {
	action, doc, err := h.conferenceAction(ctx, req, "lock", "unlock", "play", "dial", "record")
	if err != nil {
		return outcome{}, err
	}
	switch action {
	case "play":
		return h.playTo(req, doc.ID)
	case "dial":
		return h.dial(ctx, req, doc)
	case "record":
		return h.recordConference(req, doc.ID)
	}
	return h.commanding(req, "ok", command(doc.ID, action)), nil
}

// recordConference starts or stops a recording.
func (h *handler) recordConference(req *request, conferenceID string) (outcome, error) {
	// The action of the request stands in the data, too, where there is no envelope of it.
	value, given := req.argument().Get("action")
	if value == any("record") {
		given = false
	}
	switch {
	case !given:
		return outcome{}, violation("data.action", "required", "recording requires an action")
	case value == any("start"):
		return h.commanding(req, "starting recording", command(conferenceID, "record")), nil
	case value == any("stop"):
		return h.commanding(req, "stopping recording", command(conferenceID, "recordstop")), nil
	}
	return outcome{}, violation("data.action", "enum", "Value not found in enumerated list of values",
		jobj.Member{Key: "target", Value: []any{"start", "stop"}}, jobj.Member{Key: "value", Value: value})
}

// playTo plays media to a conference, or to one who takes part.
func (h *handler) playTo(req *request, conferenceID string, to ...jobj.Member) (outcome, error) {
	id := req.argument().String("media_id")
	if id == "" {
		return outcome{}, violation("data.media_id", "required", "action 'play' requires a media ID or URL")
	}
	if !strings.Contains(id, "/") {
		id = "/" + req.account.ID + "/" + id
	}
	return h.commanding(req, "ok", command(conferenceID, "play", append([]jobj.Member{{Key: "Media-Name", Value: id}}, to...)...)), nil
}

// forAll are the actions on everybody to whom they mean something, moderators left in
// peace; kick is for them, too.
func forAll() map[string]func(jobj.Object) bool {
	member := func(variable string, is bool) func(jobj.Object) bool {
		return func(one jobj.Object) bool { return !says(one, "Is-Moderator") && says(one, variable) == is }
	}
	return map[string]func(jobj.Object) bool{
		"mute": member("Speak", true), "unmute": member("Speak", false),
		"deaf": member("Hear", true), "undeaf": member("Hear", false),
		"kick": func(jobj.Object) bool { return true },
	}
}

// onParticipant is the command that an action on one participant is.
func onParticipant(conferenceID, action string, participant any) jobj.Object {
	if action != "kick" {
		action += "_participant"
	}
	return command(conferenceID, action, jobj.Member{Key: "Participant-ID", Value: participant})
}

// actOnParticipants does something with everybody in a conference. The answer is the
// conference.
func (h *handler) actOnParticipants(ctx context.Context, req *request) (outcome, error) {
	action, doc, err := h.conferenceAction(ctx, req, onParticipants()...)
	if err != nil {
		return outcome{}, err
	}
	switch action {
	case "play":
		return h.playTo(req, doc.ID)
	case "relate":
		return h.relate(ctx, req, doc.ID, nil)
	}
	chosen := forAll()[action]
	var commands []jobj.Object
	for _, one := range h.participants(h.runningConference(ctx, req, doc.ID)) {
		if id, given := one.Get("Participant-ID"); given && chosen(one) {
			commands = append(commands, onParticipant(doc.ID, action, id))
		}
	}
	o := h.commanding(req, "", commands...)
	told := o.commit
	return outcome{data: public(doc), commit: func(ctx context.Context) (outcome, error) {
		_, err := told(ctx)
		return outcome{data: public(doc)}, err
	}}, nil
}

// actOnParticipant does something with one who takes part. Where the path names none,
// the reference crashes.
func (h *handler) actOnParticipant(ctx context.Context, req *request) (outcome, error) {
	action, doc, err := h.conferenceAction(ctx, req, onParticipants()...)
	if err != nil {
		return outcome{}, err
	}
	id, ok := wholeNumber(req.arg(2))
	if !ok {
		return outcome{}, badIdentifier(req.arg(2))
	}
	switch action {
	case "play":
		return h.playTo(req, doc.ID, jobj.Member{Key: "Participant-ID", Value: number(id)})
	case "relate":
		return h.relate(ctx, req, doc.ID, number(id))
	}
	return h.commanding(req, "ok", onParticipant(doc.ID, action, number(id))), nil
}

// relate says who hears whom. Both must take part; who is the one of the path, nil
// where it names none.
func (h *handler) relate(ctx context.Context, req *request, conferenceID string, who any) (outcome, error) {
	form, _ := h.schemas.Get("metaflows.relate")
	data := req.argument().Set("conference_id", conferenceID)
	if who != nil && !data.Has("participant_id") {
		data = data.Set("participant_id", who)
	}
	wanted, err := check(form, data)
	if err != nil {
		return outcome{}, err
	}
	var there []string
	for _, one := range h.participants(h.runningConference(ctx, req, conferenceID)) {
		there = append(there, participantID(one))
	}
	var ids [2]json.Number
	for i, name := range []string{"participant_id", "other_participant"} {
		value, _ := wanted.Get(name)
		id, ok := wholeNumber(value)
		if !ok || !slices.Contains(there, number(id).String()) {
			f := badIdentifier("")
			f.data = jobj.Object{{Key: "id", Value: value}, {Key: "message", Value: "bad identifier"}}
			return outcome{}, f
		}
		ids[i] = number(id)
	}
	return h.commanding(req, "relating participants", command(conferenceID, "relate_participants",
		jobj.Member{Key: "Participant-ID", Value: ids[0]}, jobj.Member{Key: "Other-Participant", Value: ids[1]},
		jobj.Member{Key: "Relationship", Value: wanted.String("relationship")})), nil
}

// dial has a conference call somebody, and answers with what came of it.
func (h *handler) dial(ctx context.Context, req *request, conference store.Document) (outcome, error) {
	form, _ := h.schemas.Get("conferences.dial")
	data, err := check(form, req.argument())
	if err != nil {
		return outcome{}, err
	}
	endpoints, err := h.endpointsOf(ctx, req, conference.ID, data)
	if err != nil {
		return outcome{}, err
	}
	seconds := data.Int("timeout")
	if seconds <= 0 {
		seconds = dialTimeout
	}
	name := data.String("caller_id_name")
	if name == "" {
		name = conference.Body.String("name")
	}
	fields := command(conference.ID, "dial",
		jobj.Member{Key: "Account-ID", Value: req.account.ID},
		jobj.Member{Key: "Endpoints", Value: endpoints},
		jobj.Member{Key: "Msg-ID", Value: req.messageID()},
		jobj.Member{Key: "Timeout", Value: number(seconds)})
	for _, pair := range [][2]string{
		{"Caller-ID-Number", "caller_id_number"}, {"Participant-Flags", "participant_flags"}, {"Profile-Name", "profile_name"},
		{"Outbound-Call-ID", "outbound_call_id"}, {"Target-Call-ID", "target_call_id"},
	} {
		if value, ok := data.Get(pair[1]); ok {
			fields = fields.Set(pair[0], value)
		}
	}
	if name != "" {
		fields = fields.Set("Caller-ID-Name", name)
	}
	seconds = min(seconds, int64(longestWait/time.Second)) // no more is waited for, and the product must not overflow
	return outcome{data: jobj.Object{}, commit: func(ctx context.Context) (outcome, error) {
		return h.dialled(ctx, fields, seconds*int64(len(endpoints)))
	}}, nil
}

// dialTimeout is how many seconds somebody rings whom a conference calls.
const dialTimeout = 20

// dialled waits for what came of a dial command. That nobody says so is no error.
func (h *handler) dialled(ctx context.Context, fields jobj.Object, seconds int64) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, waiting(seconds))
	defer cancel()
	answers := func(reply jobj.Object) bool { return reply.String("Event-Name") == "dial_resp" }
	replies, err := h.Bus.Ask(ctx, Question{
		Kind: kapi.ConferenceDial(), Fields: fields, Switches: true,
		Enough: func(replies []jobj.Object) bool { return firstOf(replies, answers) != nil },
	})
	failed := func(message string) (outcome, error) {
		return outcome{data: jobj.Object{{Key: "status", Value: "error"}, {Key: "message", Value: message}}}, nil
	}
	switch reply := firstOf(replies, answers); {
	case err != nil:
		return failed("conference dial failed to find a media server")
	case reply == nil:
		return failed("timed out trying to dial endpoints")
	default:
		return outcome{data: withoutDefaults(reply)}, nil
	}
}

// endpointsOf are those whom a conference is to call: devices and users by their ids,
// devices that are no documents, SIP addresses and numbers.
func (h *handler) endpointsOf(ctx context.Context, req *request, conferenceID string, data jobj.Object) ([]any, error) {
	var wrong violations
	endpoints := []any{}
	value, _ := data.Get("endpoints")
	list, _ := value.([]any)
	for i, element := range list {
		at := "data.endpoints." + number(int64(i+1)).String()
		found, err := h.endpointOf(ctx, req, conferenceID, element, func(rule, message string, more ...jobj.Member) {
			wrong.add(at, rule, message, more...)
		})
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, found...)
	}
	if len(endpoints) == 0 {
		wrong.add("data.endpoints", "minItems", "endpoints failed to resolve to route-able destinations",
			jobj.Member{Key: "target", Value: 1})
	}
	return endpoints, wrong.err()
}

func (h *handler) endpointOf(ctx context.Context, req *request, conferenceID string, element any, refuse func(string, string, ...jobj.Member)) ([]any, error) {
	inline, isDevice := element.(jobj.Object)
	text, _ := element.(string)
	ring := func(devices ...store.Document) (found []any) {
		for _, device := range devices {
			if endpoint, ok := req.endpoint(device); ok {
				found = append(found, endpoint)
			}
		}
		return found
	}
	switch {
	case isDevice:
		return ring(store.Document{ID: h.IDs.Hex(32), Type: typeDevice, Body: inline}), nil
	case strings.HasPrefix(text, "sip:"):
		user, realm, _ := strings.Cut(strings.TrimPrefix(text, "sip:"), "@")
		return ring(store.Document{ID: h.IDs.Hex(32), Type: typeDevice, Body: jobj.Object{{Key: "sip", Value: jobj.Object{
			{Key: "invite_format", Value: "route"}, {Key: "route", Value: text}, {Key: "realm", Value: realm}, {Key: "username", Value: user},
		}}}}), nil
	case len(text) == 32:
		return h.documentEndpoint(ctx, req, text, ring, refuse)
	case !reconcilable.MatchString(text) && len(text) >= 5:
		refuse("enum", "Value not a number, device or user ID, or SIP endpoint")
		return nil, nil
	}
	dialled := text + "@" + req.account.Realm
	return []any{jobj.Object{
		{Key: "Invite-Format", Value: "loopback"}, {Key: "Route", Value: text}, {Key: "To-DID", Value: text},
		{Key: "To-Realm", Value: req.account.Realm}, {Key: "Simplify-Loopback", Value: true},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{
			{Key: "Account-ID", Value: req.account.ID}, {Key: "Authorizing-Type", Value: "conference"},
			{Key: "Authorizing-ID", Value: conferenceID}, {Key: "Loopback-Request-URI", Value: dialled}, {Key: "Request-URI", Value: dialled},
		}},
	}}, nil
}

// documentEndpoint is a device, or the devices of a user. What is not there is passed
// over.
func (h *handler) documentEndpoint(ctx context.Context, req *request, id string, ring func(...store.Document) []any, refuse func(string, string, ...jobj.Member)) ([]any, error) {
	doc, err := h.Store.Get(ctx, kapi.AccountDB(req.account.ID), id)
	if err != nil || doc.Deleted || doc.AccountID != req.account.ID {
		return nil, unlessAbsent(err)
	}
	if doc.Type != store.TypeUser {
		found := ring(doc)
		if doc.Type != typeDevice || len(found) == 0 {
			refuse("not_found", "ID "+id+" not found")
			return nil, nil
		}
		return found, nil
	}
	devices, err := h.devicesOf(ctx, req.account.ID, id)
	if err != nil {
		return nil, err
	}
	found := ring(devices...)
	if len(found) == 0 {
		refuse("minItems", "user "+id+" failed to resolve to route-able destinations", jobj.Member{Key: "target", Value: 1})
	}
	return found, nil
}

package crossbar

import (
	"context"
	"errors"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// searchConferences asks the switches what goes on. What cannot be asked is not told:
// nothing goes on, as the reference has it.
func (h *handler) searchConferences(ctx context.Context, req *request, by jobj.Member) []jobj.Object {
	replies, err := h.ask(ctx, Question{
		Kind: kapi.ConferenceSearch(), Switches: true, Fields: jobj.Object{by, {Key: "Msg-ID", Value: req.messageID()}},
	})
	if err != nil && !errors.Is(err, ErrUnheard) {
		h.Log.WarnContext(ctx, "conferences not searched for", "request_id", req.id, "error", err)
	}
	var found []jobj.Object
	for _, reply := range replies {
		if reply.String("Event-Name") == "search_resp" {
			found = append(found, reply)
		}
	}
	return found
}

// runningConferences shows in a list what goes on in each conference.
func (h *handler) runningConferences(ctx context.Context, req *request) (rowMaker, error) {
	running := map[string]jobj.Object{}
	for _, reply := range h.searchConferences(ctx, req, jobj.Member{Key: "Account-ID", Value: req.account.ID}) {
		for _, m := range reply.Object("Conferences") {
			if one, ok := m.Value.(jobj.Object); ok && running[m.Key] == nil {
				running[m.Key] = normalised(one)
			}
		}
	}
	return func(doc store.Document, row jobj.Object) jobj.Object {
		if one, ok := running[doc.ID]; ok {
			return row.Set(readOnly, one)
		}
		return row.Set(readOnly, quiet())
	}, nil
}

const readOnly = "_read_only"

// runningConference is what is known of one conference: the word of the switch on which
// it has run for longest; nil when it does not run.
func (h *handler) runningConference(ctx context.Context, req *request, id string) jobj.Object {
	var longest jobj.Object
	for _, reply := range h.searchConferences(ctx, req, jobj.Member{Key: "Conference-ID", Value: id}) {
		if longest == nil || reply.Int("Run-Time") > longest.Int("Run-Time") {
			longest = reply
		}
	}
	return longest
}

// participants are who takes part, with the seconds for which each has.
func (h *handler) participants(running jobj.Object) []jobj.Object {
	var all []jobj.Object
	value, _ := running.Get("Participants")
	list, _ := value.([]any)
	for _, element := range list {
		one, ok := element.(jobj.Object)
		if !ok {
			continue
		}
		if one.Has("Join-Time") {
			one = one.Set("Duration", kapi.Gregorian(h.Clock.Now())-one.Int("Join-Time"))
		}
		all = append(all, one)
	}
	return all
}

// says tells whether a participant's variable is true; they are text as often as not.
func says(participant jobj.Object, variable string) bool {
	value, _ := participant.Get("Conference-Channel-Vars", variable)
	return value == any(true) || value == any("true")
}

// explainedConference shows a conference with what goes on in it.
func (h *handler) explainedConference(ctx context.Context, req *request, doc store.Document) (jobj.Object, error) {
	running := h.runningConference(ctx, req, doc.ID)
	members, moderators, shown := 0, 0, []any{}
	for _, one := range h.participants(running) {
		if says(one, "Is-Moderator") {
			moderators++
		} else {
			members++
		}
		shown = append(shown, normalised(one))
	}
	return public(doc).Set(readOnly, jobj.Object{
		{Key: "members", Value: members}, {Key: "moderators", Value: moderators}, {Key: "duration", Value: running.Int("Run-Time")},
		{Key: "is_locked", Value: running.Bool(false, "Locked")}, {Key: "participants", Value: shown},
	}), nil
}

func (h *handler) listParticipants(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, conferences())
	if err != nil {
		return outcome{}, err
	}
	shown := []any{}
	for _, one := range h.participants(h.runningConference(ctx, req, doc.ID)) {
		shown = append(shown, normalised(one))
	}
	return outcome{data: shown}, nil
}

// readParticipant shows one of them, or an empty object.
func (h *handler) readParticipant(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.loadObject(ctx, req, conferences())
	if err != nil {
		return outcome{}, err
	}
	for _, one := range h.participants(h.runningConference(ctx, req, doc.ID)) {
		if participantID(one) == req.arg(2) {
			return outcome{data: normalised(one)}, nil
		}
	}
	return outcome{data: jobj.Object{}}, nil
}

// participantID is the number of a participant, as text.
func participantID(participant jobj.Object) string {
	value, _ := participant.Get("Participant-ID")
	switch value := value.(type) {
	case string:
		return value
	case interface{ String() string }: // a number
		return value.String()
	}
	return ""
}

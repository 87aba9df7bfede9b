package crossbar

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// conferences are cb_conferences. What goes on in one, switches know. One that does not
// exist is not made up, as the reference does with any id, another account's included
// (quirk conference-absent).
func conferences() kind {
	return kind{
		name: "conferences", typ: store.TypeConference, form: "conferences",
		fields: append(plain("name", "owner_id", "member", "moderator", "ui_flags", "conference_numbers"), flags()),
		row:    (*handler).runningConferences,
		unique: (*handler).uniqueConference,
		read:   (*handler).explainedConference,
		more: func(h *handler) []operation {
			return []operation{{method: http.MethodPut, within: h.nested(h.actOnConference)}}
		},
		others: func(h *handler) []clause {
			return []clause{
				{args: []string{"*", "participants"}, operations: []operation{
					{method: http.MethodGet, within: h.nested(h.listParticipants)},
					{method: http.MethodPut, within: h.nested(h.actOnParticipants)},
				}},
				{args: []string{"*", "participants", "*"}, operations: []operation{
					{method: http.MethodGet, within: h.nested(h.readParticipant)},
					{method: http.MethodPut, within: h.nested(h.actOnParticipant)},
				}},
			}
		},
	}
}

// quiet is what goes on in a conference while nobody takes part.
func quiet() jobj.Object {
	return jobj.Object{
		{Key: "members", Value: 0}, {Key: "moderators", Value: 0}, {Key: "duration", Value: 0}, {Key: "is_locked", Value: false},
	}
}

// ownConference refuses the id of another account's conference: commands to it say
// nothing else of whose it is.
func (h *handler) ownConference(ctx context.Context, d *draft) error {
	if !d.isNew() || d.old.ID == "" {
		return nil
	}
	docs, err := h.Store.Find(ctx, store.ConferencesByID, d.old.ID)
	if slices.ContainsFunc(docs, func(doc store.Document) bool { return doc.AccountID != d.old.AccountID }) {
		d.wrong.add("id", "unique", "The id is that of another conference; leave it out, or choose another")
	}
	return err
}

func (h *handler) uniqueConference(ctx context.Context, d *draft) error {
	if d.body == nil {
		return nil
	}
	if err := h.ownConference(ctx, d); err != nil {
		return err
	}
	var used []string
	for _, number := range slices.Concat(texts(d.body, "conference_numbers"), texts(d.body, "member", "numbers"), texts(d.body, "moderator", "numbers")) {
		taken, err := h.taken(ctx, d, store.ConferencesByNumber, store.ValueKey(d.old.AccountID, number))
		if err != nil {
			return err
		}
		if taken && !slices.Contains(used, number) {
			used = append(used, number)
		}
	}
	if len(used) > 0 {
		d.wrong.add("numbers", "unique", "Numbers already in use", jobj.Member{Key: "cause", Value: strings.Join(used, ", ")})
	}
	return nil
}

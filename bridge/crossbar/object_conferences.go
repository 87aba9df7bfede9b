package crossbar

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// conferences are cb_conferences without what a switch would have to do. One that
// does not exist is not made up, as the reference does with any id, another
// account's included (quirk conference-absent).
func conferences() kind {
	return kind{
		name: "conferences", typ: store.TypeConference, form: "conferences",
		fields: append(plain("name", "owner_id", "member", "moderator", "ui_flags", "conference_numbers"), flags(),
			computed("_read_only", func(jobj.Object) any { return quiet() })),
		unique: (*handler).uniqueConference,
		read: func(_ *handler, _ context.Context, doc store.Document) (jobj.Object, error) {
			return public(doc).Set("_read_only", append(quiet(), jobj.Member{Key: "participants", Value: []any{}})), nil
		},
		more: func(h *handler) []operation {
			return []operation{{method: http.MethodPut, within: h.nested(h.actOnConference)}}
		},
		others: func(h *handler) []clause {
			return []clause{{args: []string{"*", "participants"}, operations: []operation{
				{method: http.MethodGet, within: h.nested(func(ctx context.Context, req *request) (outcome, error) {
					_, err := h.loadObject(ctx, req, conferences())
					return outcome{data: []any{}}, err
				})},
			}}}
		},
	}
}

// quiet is what goes on in a conference while nobody takes part.
func quiet() jobj.Object {
	return jobj.Object{
		{Key: "members", Value: 0}, {Key: "moderators", Value: 0}, {Key: "duration", Value: 0}, {Key: "is_locked", Value: false},
	}
}

func (h *handler) uniqueConference(ctx context.Context, d *draft) error {
	if d.body == nil {
		return nil
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

// actOnConference is told to do something, which takes a switch.
func (h *handler) actOnConference(ctx context.Context, req *request) (outcome, error) {
	if !slices.Contains([]string{"lock", "unlock", "play", "dial", "record"}, req.text("action")) {
		return outcome{}, faultyRequest("faulty request")
	}
	if _, err := h.loadObject(ctx, req, conferences()); err != nil {
		return outcome{}, err
	}
	req.hint("action: conferences are told nothing here")
	return outcome{}, faultyRequest("faulty request")
}

package bindings

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Listing is what GET /websockets has in data: the bindings of each family. In the
// talk they are objects, in later dialects texts with places to fill in.
func Listing(dialect fidelity.Dialect, extensions bool) jobj.Object {
	if dialect == fidelity.Talk {
		return talkListing(extensions)
	}
	listing := jobj.Object{
		{Key: "call", Value: each(callEvents(), func(event string) any { return "call." + event + ".{CALL_ID}" })},
		{Key: "conference", Value: conferenceTemplates(dialect)},
		{Key: "fax", Value: []any{"fax.status.{FAX_ID}", "fax.object.{ACTION}"}},
		{Key: "object", Value: eachChange(func(action, typ string) any { return "object." + action + "." + typ })},
	}
	if dialect != fidelity.V43 {
		// The reference leaves out the family, without which none can be subscribed to.
		listing = append(listing, jobj.Member{Key: familyPresence, Value: []any{"dialog.{CALL_ID}", "mwi_updates.{USER}", "update.{CALL_ID}"}})
	}
	if extensions {
		listing = append(listing, jobj.Member{Key: familyNotifications, Value: each(offered(), func(n kapi.Notification) any { return notificationBinding(n) })})
	}
	return listing
}

// conferenceTemplates are listed in the order in which the reference happens to
// make them: in 4.3 events stand backwards.
func conferenceTemplates(dialect fidelity.Dialect) []any {
	if dialect != fidelity.V43 {
		return []any{"conference.event.{CONFERENCE_ID}.{CALL_ID}", "conference.command.{CONFERENCE_ID}"}
	}
	events := append([]string{"*"}, kapi.ConferenceEvents()...)
	slices.Reverse(events)
	return append([]any{"conference.command.{CONFERENCE_ID}"}, each(events, func(event string) any {
		return "conference.event.{CONFERENCE_ID}.{CALL_ID}." + event
	})...)
}

// talkListing has the channel events that the talk prints, in its order; the others
// can be subscribed to all the same.
func talkListing(extensions bool) jobj.Object {
	printed := []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelDestroy, kapi.ChannelBridge}
	listing := jobj.Object{
		{Key: "call", Value: each(printed, func(event string) any { return offer("call."+event+".*", event) })},
		{Key: "fax", Value: []any{offer("fax.status.*", "fax")}},
		{Key: "object", Value: eachChange(func(action, typ string) any { return offer("object."+action+"."+typ, action+"_"+typ) })},
	}
	if extensions {
		listing = append(
			listing,
			jobj.Member{Key: "conference", Value: []any{
				offer("conference.event.{CONFERENCE_ID}.*", "event"),
				offer("conference.command.{CONFERENCE_ID}", "command"),
			}},
			jobj.Member{Key: familyNotifications, Value: each(offered(), func(n kapi.Notification) any {
				return offer(notificationBinding(n), n.Name)
			})},
		)
	}
	return listing
}

func offer(binding, event string) jobj.Object {
	return jobj.Object{{Key: "binding", Value: binding}, {Key: "event", Value: event}}
}

func notificationBinding(n kapi.Notification) string {
	return familyNotifications + "." + n.Group + "." + n.Name
}

func eachChange(entry func(action, typ string) any) []any {
	var list []any
	for _, action := range docActions() {
		for _, typ := range docTypes() {
			list = append(list, entry(action, typ))
		}
	}
	return list
}

func each[T any](values []T, entry func(T) any) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = entry(value)
	}
	return list
}

package bindings

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

const errNoConference = RefusedError("ConferenceId required")

// conference is conference.command.CONFERENCE_ID, or conference.event and words in
// the order of the dialect.
func (a Asker) conference(words []string) ([]Entry, error) {
	switch {
	case len(words) == 2 && words[0] == "command":
		return commands(words[1])
	case len(words) > 0 && words[0] == "event" && a.Dialect == fidelity.V43:
		return a.conferenceEvent43(words)
	case len(words) == 3 && words[0] == "event":
		if words[1] == "*" {
			return nil, errNoConference
		}
		return a.conferenceEvent("*", words[1], words[2])
	case len(words) == 4 && words[0] == "event" && a.Dialect == fidelity.Talk && a.Extensions:
		return a.conferenceEvent5(words)
	}
	return nil, badFormat("conference", words)
}

// commands are those given to a conference. Their key names no account, and any
// number of words would be everybody's (quirk tenant-hole).
func commands(conference string) ([]Entry, error) {
	if conference == "*" || conference == "#" {
		return nil, errNoConference
	}
	key := "conference.command." + conference
	return []Entry{{Bind: on(kapi.ExchangeConference, key), Key: key, Conference: conference}}, nil
}

// conferenceEvent43 is event.CONFERENCE_ID.* of 4.3, with or without the event at
// its end.
func (a Asker) conferenceEvent43(words []string) ([]Entry, error) {
	switch {
	case len(words) > 1 && words[1] == "*":
		return nil, errNoConference
	case len(words) == 3 && words[2] == "*":
		return a.conferenceEvent("*", words[1], "*")
	case len(words) == 4 && words[2] == "*":
		if err := checkConferenceEvent(words[3]); err != nil {
			return nil, err
		}
		return a.conferenceEvent(words[3], words[1], "*")
	}
	return nil, badFormat("conference", words)
}

// conferenceEvent5 is event.EVENT.CONFERENCE_ID.CALL_ID of Kazoo 5, which Monster
// UI's conference viewer sends. All conferences are for those who may have all
// accounts.
func (a Asker) conferenceEvent5(words []string) ([]Entry, error) {
	if err := checkConferenceEvent(words[1]); err != nil {
		return nil, err
	}
	if words[2] == "*" && a.AccountID != "*" {
		return nil, refuse("unauthorized wildcard for conference id")
	}
	return a.conferenceEvent(words[1], words[2], words[3])
}

func checkConferenceEvent(event string) error {
	if event == "*" || slices.Contains(kapi.ConferenceEvents(), event) {
		return nil
	}
	return refuse("Unsupported conference event %s", event)
}

func (a Asker) conferenceEvent(event, conference, call string) ([]Entry, error) {
	key := strings.Join([]string{"conference.event", event, a.AccountID, conference, word(call)}, ".")
	return []Entry{{Bind: on(kapi.ExchangeConference, key), Key: key}}, nil
}

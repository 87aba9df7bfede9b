package kapi

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

// CategoryConference is the Event-Category of everything on ExchangeConference.
const CategoryConference = "conference"

// ConferenceEvents are the happenings that are published (the default of
// ecallmgr.publish_conference_event); they stand in the field Event.
func ConferenceEvents() []string {
	return strings.Fields(`conference-create conference-destroy lock unlock add-member del-member stop-talking
		start-talking mute-member unmute-member deaf-member undeaf-member`)
}

// ConferenceID is the id of a conference that has no document, but a name. It is the account's own: in Kazoo
// two tenants meet in "sales" (quirk conference-tenants).
func ConferenceID(accountID, name string) string {
	sum := md5.Sum([]byte(accountID + "_" + name))
	return hex.EncodeToString(sum[:])
}

// conferencePublications are what happens in conferences, the commands to them and
// the search for them (kapi_conference). The id of a conference stands in keys as
// it is, so that one with a dot makes a key of another length.
func conferencePublications() []Publication {
	on := onConference
	participant := strings.Fields(`Event Call-ID Focus Conference-ID Instance-ID Participant-ID Floor Hear Speak Talking
		Current-Energy Energy-Level Video Mute-Detect Caller-ID-Name Caller-ID-Number Channel-Presence-ID
		Custom-Channel-Vars`)
	return []Publication{
		on(
			Definition{
				Name: "event",
				Optional: strings.Fields(`Call-ID Participant-ID Caller-ID-Name Caller-ID-Number Channel-Presence-ID
					Custom-Channel-Vars Conference-Channel-Vars`),
				Required: []string{"Event", "Conference-ID", "Instance-ID"},
			},
			literal("conference.event"), raw("Event"), raw("Account-ID", "Custom-Channel-Vars/Account-ID"),
			raw("Conference-ID"), encoded("Call-ID", "Conference-ID"),
		),
		// Nothing in the reference publishes this one, and its key, encoded twice, has a
		// word less than any binding.
		on(
			Definition{Name: "participant_event", Required: participant},
			literal("conference.event"), raw("Conference-ID"), encoded("Call-ID").of(EncodeKey),
		),
		ConferenceCommand(),
		ConferenceSearch(),
		on(
			Definition{
				Name:     "discovery_req",
				Optional: strings.Fields("Conference-Doc Conference-ID Conference-Name Moderator Play-Exit-Tone Play-Entry-Tone Play-Welcome"),
				Required: []string{"Call"},
				Rules:    []Rule{{Field: "Call", Kind: KindObject}},
			},
			literal("conference.discovery"),
		),
		on(
			Definition{
				Name:     "config_req",
				Optional: []string{"Call-ID", "Conference-ID", "Controls"},
				Required: []string{"Request", "Profile"},
			},
			literal("conference.config"), raw("Profile"),
		),
	}
}

func onConference(def Definition, address ...Segment) Publication {
	def.Category = CategoryConference
	return Publication{Definition: def, Exchange: ExchangeConference, Address: address}
}

// ConferenceCommand tells a conference to do something (kapi_conference:publish_command/2).
func ConferenceCommand() Publication {
	return onConference(conferenceCommand(), literal("conference.command"), raw("Conference-ID"))
}

// ConferenceDial has a conference call somebody. It need not have begun, so that the zone
// is told, which is local where nobody has set another (kapi_conference:publish_dial/2).
func ConferenceDial() Publication {
	return onConference(conferenceCommand(), literal("conference.command.local"))
}

// ConferenceSearch asks for one conference, or those of an account
// (kapi_conference:search_req/1).
func ConferenceSearch() Publication {
	return onConference(Definition{Name: "search_req", Either: []string{"Conference-ID", "Account-ID"}}, literal("conference.discovery"))
}

func conferenceCommand() Definition {
	return Definition{Name: "command", Optional: conferenceArguments(), Required: []string{"Application-Name", "Conference-ID"}}
}

// conferenceArguments are the fields that one command or another takes.
func conferenceArguments() []string {
	return strings.Fields(`Account-ID Affects Call-ID Caller-ID-Name Caller-ID-Number Custom-Application-Vars
		Custom-Channel-Vars Endpoints Energy-Level Media-Macro Media-Name Other-Participant Outbound-Call-ID Parameter
		Participant-Flags Participant-ID Profile-Name Relationship Target-Call-ID Timeout Value Volume-In-Level
		Volume-Out-Level`)
}

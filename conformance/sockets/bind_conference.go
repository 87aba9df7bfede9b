package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// bindConference is about conference.event and conference.command, whose words differ by
// version.
func bindConference() suite.Group {
	newer := []string{suite.Talk, suite.Kazoo5}
	return suite.Group{
		Name: "sockets/bind-conference", Title: "Bindings for conferences", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doBindConference,
		Requirements: []suite.Requirement{
			{
				ID: "WS-BIND-040", Text: "The binding conference.event.<CONF>.* MUST bring all events of that conference, with conference.event.*.<A>.<CONF>.* as its subscription_key.",
				Source: "websockets.md 5.4; amqp.md 9.2; bh_conference:bindings/2",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"add", "lock"} {
						member(j, own, name, "subscription_key", fill(j, "conference.event.*.{own}.cf1.*"))
					}
				},
			},
			{
				ID: "WS-BIND-041", Text: "An event of a conference MUST have event for its name, and what happened in data.event.", Source: "websockets.md 5.4; amqp.md 14.1",
				Judge: func(j *suite.Judging) {
					member(j, own, "add", "name", "event")
					member(j, own, "add", "data.event", "add-member")
				},
			},
			{
				ID: "WS-BIND-042", Text: "Events of another conference MUST NOT come.", Source: "websockets.md 5.4",
				Judge: func(j *suite.Judging) { none(j, own, "other", "last") },
			},
			{
				ID: "WS-BIND-043", Text: "The binding conference.event.<CONF>.<CALL> MUST bring the events of that call in the conference and of no other.", Source: "websockets.md 5.4; bh_conference:bindings/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					member(j, "narrow", "add", "subscription_key", fill(j, "conference.event.*.{own}.cf1.c1"))
					none(j, "narrow", "lock", "add last")
				},
			},
			{
				ID: "WS-BIND-044", Text: "A call in conference.event.<CONF>.<CALL> that is not * MUST be refused with \"invalid format for conference subscription : \" and the words.", Source: "websockets.md 5.4", Dialects: []string{suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "conference.event.cf1.c1", "invalid format for conference subscription : event, cf1, c1")
				},
			},
			{
				ID: "WS-BIND-045", Text: "The binding conference.event.<CONF>.*.<EVENT> MUST bring that event of the conference and no other.", Source: "websockets.md 5.4; bh_conference:bindings/2", Dialects: []string{suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					member(j, "narrow", "add", "subscription_key", fill(j, "conference.event.add-member.{own}.cf1.*"))
					none(j, "narrow", "lock", "add last")
				},
			},
			{
				ID: "WS-BIND-046", Text: "An event that no switch publishes MUST be refused with \"Unsupported conference event <E>\", and each of the twelve and * be accepted.", Source: "websockets.md 5.4; amqp.md 14.1", Dialects: []string{suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "conference.event.cf1.*.floor-change", "Unsupported conference event floor-change")
					for _, name := range append(conferenceEvents(), "*") {
						status(j, "grammar", "conference.event.cf1.*."+name, "success")
					}
				},
			},
			{
				ID: "WS-BIND-047", Text: "A wildcard for the conference MUST be refused with \"ConferenceId required\", for events and commands.", Source: "websockets.md 5.4; bh_conference:validate/2",
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "conference.event.*.*", "ConferenceId required")
					refused(j, "refused", "conference.command.*", "ConferenceId required")
				},
			},
			{
				ID: "WS-BIND-048", Text: "A binding for conferences of another form MUST be refused with \"invalid format for conference subscription : \" and the words, joined with a comma and a space.", Source: "websockets.md 5.4; bh_conference:validate/2",
				Judge: func(j *suite.Judging) {
					for binding, words := range map[string]string{"conference": "", "conference.event": "event", "conference.event.cf1": "event, cf1", "conference.command": "command", "conference.foo.cf1": "foo, cf1"} {
						refused(j, "refused", binding, "invalid format for conference subscription : "+words)
					}
				},
			},
			{
				ID: "WS-BIND-049", Text: "The form of Kazoo 5, conference.event.*.<CONF>.*, MUST be refused as the form of the dialect demands.", Source: "websockets.md 5.4; websockets.md 15", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					if j.Is(suite.Kazoo4) {
						refused(j, "refused", "conference.event.*.cf1.*", "ConferenceId required")
						return
					}
					refused(j, "refused", "conference.event.*.cf1.*", "invalid format for conference subscription : event, *, cf1, *")
				},
			},
			{
				ID: "WS-BIND-050", Text: "The binding conference.command.<CONF> MUST bring the commands to that conference, with itself as the subscription_key and command for the name.", Source: "websockets.md 5.4; amqp.md 14.2; bh_conference:bindings/2",
				Judge: func(j *suite.Judging) {
					id := j.Fact("conference")
					member(j, "command", "command", "subscription_key", "conference.command."+id)
					member(j, "command", "command", "name", "command")
					member(j, "command", "command", "data.application_name", "lock")
				},
			},
			{
				ID: "WS-BIND-051", Text: "The form of Kazoo 5, conference.event.<EVENT>.<CONF>.<CALL>, which Monster UI sends, MUST be accepted and bring that event.", Source: "websockets.md 5.4; dialects.md 1", Dialects: []string{suite.Talk},
				Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					for _, e := range []string{"conference.event.*.cf1.*", "conference.event.add-member.cf1.*"} {
						status(j, "monster", e, "success")
					}
					j.Count("frames of add-member", 2, probe.EventsOf(j.View, "monster", "add"))
					j.Count("frames of lock", 1, probe.EventsOf(j.View, "monster", "lock"))
				},
			},
			{
				ID: "WS-BIND-052", Text: "The commands to a conference that is not the account's MUST NOT come.", Source: "websockets.md 5.4; websockets.md 14; design.md 3", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					status(j, "command", "conference.command.not-ours", "success")
					none(j, "command", "foreign command", "command")
				},
			},
		},
	}
}

func conferenceEvents() []string {
	return []string{
		"conference-create", "conference-destroy", "lock", "unlock", "add-member", "del-member", "stop-talking", "start-talking", "mute-member", "unmute-member", "deaf-member", "undeaf-member",
	}
}

func doBindConference(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	warm := conferenceEvent("add-member", account.ID, "cf1", "c1")
	if err := tuned(ctx, p, s, account, "conference.event.cf1.*", warm); err != nil {
		return err
	}
	narrow := "conference.event.cf1.c1"
	if p.Target.Dialect == suite.Kazoo4 {
		narrow = "conference.event.cf1.*.add-member"
	}
	if _, err := listening(ctx, p, "narrow", account, narrow, warm); err != nil {
		return err
	}
	bad, err := p.MustDial(ctx, "refused")
	if err != nil {
		return err
	}
	ask(ctx, bad, account, "conference", "conference.event", "conference.event.cf1", "conference.command", "conference.foo.cf1", "conference.event.*.*", "conference.command.*",
		"conference.event.*.cf1.*", "conference.event.cf1.c1", "conference.event.cf1.*.floor-change")
	switch p.Target.Dialect {
	case suite.Kazoo4:
		grammar, err := p.MustDial(ctx, "grammar")
		if err != nil {
			return err
		}
		for _, name := range append(conferenceEvents(), "*") {
			ask(ctx, grammar, account, "conference.event.cf1.*."+name)
		}
	case suite.Talk:
		monster, err := p.MustDial(ctx, "monster")
		if err != nil {
			return err
		}
		ask(ctx, monster, account, "conference.event.*.cf1.*", "conference.event.add-member.cf1.*")
		if err := p.Tune(ctx, monster, warm.exchange, warm.key, warm.body); err != nil {
			return err
		}
	}
	conference, err := create(ctx, p, account, "conference", "/v2/accounts/"+account.ID+"/conferences", map[string]any{"name": "board"})
	if err != nil {
		return err
	}
	p.Note("conference", conference)
	commander, err := listening(ctx, p, "command", account, "conference.command."+conference, conferenceCommand(conference))
	if err != nil {
		return err
	}
	ask(ctx, commander, account, "conference.command.not-ours")
	if err := publishAll(
		ctx, p, named{"add", conferenceEvent("add-member", account.ID, "cf1", "c1")}, named{"lock", conferenceEvent("lock", account.ID, "cf1", "cf1")},
		named{"other", conferenceEvent("add-member", account.ID, "cf2", "c1")}, named{"foreign command", conferenceCommand("not-ours")}, named{"command", conferenceCommand(conference)},
		named{"add last", conferenceEvent("add-member", account.ID, "cf1", "c1")}, named{"last", conferenceEvent("unlock", account.ID, "cf1", "cf1")},
	); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "add", "lock", "last")
	awaitAll(ctx, p, "narrow", "add", "add last")
	awaitAll(ctx, p, "command", "command")
	p.Settle(ctx)
	return nil
}

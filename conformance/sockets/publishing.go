package sockets

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
)

// message is one on the bus. Its Msg-ID is the name by which its events are found.
type message struct {
	exchange, key string
	body          func(id string) []byte
}

// call is a call event of an account; more are further members.
func call(event, callID, accountID string, more ...string) message {
	return message{"callevt", messages.CallKey(event, callID), func(id string) []byte {
		return messages.Call(event, callID, accountID, append([]string{`"Msg-ID":` + quoted(id)}, more...)...)
	}}
}

// change is one of a document, in a database named as on the bus.
func change(action, database, typ, docID, accountID string) message {
	return message{"configuration", strings.Join([]string{action, database, typ, docID}, "."), func(id string) []byte {
		return fmt.Appendf(nil, `{"ID":%q,"Origin-Cache":"kazoo_data_cache","Type":%q,"Database":%q,"Rev":"2-0a1b","Account-ID":%q,"Date-Modified":63870000000,`+
			`"Date-Created":63877472700,"Is-Soft-Deleted":false,"Event-Category":"configuration","Event-Name":%q,"App-Name":"datamgr","App-Version":"4.0.0",`+
			`"Node":"kazoo_apps@apps001.example.com","Msg-ID":%q}`, docID, typ, database, accountID, action, id)
	}}
}

// fax is a fax's status, whose key ends with the given words.
func fax(accountID, words string) message {
	return message{"faxes", "fax.status." + accountID + "." + words, func(id string) []byte {
		return fmt.Appendf(nil, `{"Job-ID":%q,"Account-ID":%q,"Status":"job acquired","Fax-State":"start","Direction":"outgoing","Page":0,`+
			`"Event-Category":"fax","Event-Name":"status","App-Name":"fax","App-Version":"4.0.0","Node":"kazoo_apps@apps001.example.com","Msg-ID":%q}`, words, accountID, id)
	}}
}

// conferenceEvent is an event of a conference.
func conferenceEvent(event, accountID, conference, callID string) message {
	return message{"conference", strings.Join([]string{"conference.event", event, accountID, conference, callID}, "."), func(id string) []byte {
		return fmt.Appendf(nil, `{"Event":%q,"Account-ID":%q,"Conference-ID":%q,"Instance-ID":"0d9f3f2e-e07d-11ee-9d55-2f6f0a5b7c11","Call-ID":%q,"Participant-ID":1,`+
			`"Conference-Channel-Vars":{"Is-Moderator":true,"Energy-Level":20},"Custom-Channel-Vars":{"Account-ID":%q},`+
			`"Event-Category":"conference","Event-Name":"event","App-Name":"freeswitch","App-Version":"1.0","Msg-ID":%q}`, event, accountID, conference, callID, accountID, id)
	}}
}

// conferenceCommand is a command to a conference, which says nothing of its account.
func conferenceCommand(conference string) message {
	return message{"conference", "conference.command." + conference, func(id string) []byte {
		return fmt.Appendf(nil, `{"Application-Name":"lock","Conference-ID":%q,"Event-Category":"conference","Event-Name":"command","App-Name":"crossbar","App-Version":"4.0.0","Msg-ID":%q}`,
			conference, id)
	}}
}

// presence is a state on the exchange presence, whose key is kind, realm and a last word.
func presence(kind, eventName, realm, word string) message {
	return message{"presence", kind + "." + realmWord(realm) + "." + word, func(id string) []byte {
		return fmt.Appendf(nil, `{"Presence-ID":"1001@%s","From":"sip:1001@%s","To":"sip:1002@%s","State":"confirmed","Call-ID":%q,"Messages-New":1,"Messages-Saved":0,`+
			`"Event-Category":"presence","Event-Name":%q,"App-Name":"ecallmgr","App-Version":"5.0.0","Msg-ID":%q}`, realm, realm, realm, word, eventName, id)
	}}
}

// publish puts a message on the bus under its name.
func publish(ctx context.Context, p *probe.Probe, name string, m message) error {
	return p.Publish(ctx, name, m.exchange, m.key, m.body(name))
}

// named is a message and the name under which it is published.
type named struct {
	name string
	message
}

// publishAll publishes one after the other.
func publishAll(ctx context.Context, p *probe.Probe, all ...named) error {
	for _, n := range all {
		if err := publish(ctx, p, n.name, n.message); err != nil {
			return err
		}
	}
	return nil
}

// tuned subscribes a socket of an account to a binding, and waits until it gets a message.
func tuned(ctx context.Context, p *probe.Probe, s *probe.Socket, account probe.Account, binding string, m message) error {
	if err := s.Subscribe(ctx, account, binding); err != nil {
		return err
	}
	return p.Tune(ctx, s, m.exchange, m.key, m.body)
}

// listening opens a socket that is tuned.
func listening(ctx context.Context, p *probe.Probe, name string, account probe.Account, binding string, m message) (*probe.Socket, error) {
	s, err := p.MustDial(ctx, name)
	if err != nil {
		return nil, err
	}
	return s, tuned(ctx, p, s, account, binding, m)
}

// opened makes the group's account and opens its socket.
func opened(ctx context.Context, p *probe.Probe) (probe.Account, *probe.Socket, error) {
	account, err := p.Account(ctx)
	if err != nil {
		return account, nil, err
	}
	s, err := p.MustDial(ctx, own)
	return account, s, err
}

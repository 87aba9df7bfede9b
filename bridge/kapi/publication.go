package kapi

import (
	"bytes"
	"compress/gzip"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Publication is a kind of message and how it travels.
type Publication struct {
	Definition
	Exchange string
	// Address makes the routing key.
	Address Address
	// Prepare changes the fields before they are validated; nil leaves them.
	Prepare func(fields jobj.Object) jobj.Object
	// Labelled says that the id of the call stands in the AMQP header call-id.
	Labelled bool
	// Gzip says that the body travels compressed.
	Gzip bool
	// Mandatory says that a message which no queue takes comes back.
	Mandatory bool

	layout *layout // nil until it is Ready
}

// Ready returns the same kind, prepared for many messages: without, each of them prepares it
// anew.
func (p Publication) Ready() Publication {
	p.layout = newLayout(p.Definition)
	return p
}

// Message is a message as it is handed to the broker.
type Message struct {
	Exchange string
	Key      string // routing key
	// CallID is the AMQP header call-id (a byte array): the id in a call event's key,
	// which may differ from its Call-ID. It is "" for other messages.
	CallID    string
	Gzip      bool
	Mandatory bool
	Body      []byte // JSON
}

// Payload is what travels: the body, compressed where the kind asks for it.
func (m Message) Payload() []byte {
	if !m.Gzip {
		return m.Body
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(m.Body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// ContentEncoding is the AMQP property of that name.
func (m Message) ContentEncoding() string {
	if m.Gzip {
		return "gzip"
	}
	return ""
}

// Publications lists every kind of message that is published to a topic: what hooks
// listen to and what others do. Requests are in a list of their own, and
// answers, which go to the queue of who asked, in none.
func Publications() []Publication {
	return slices.Concat(callPublications(), configurationPublications(), notificationPublications(), textPublications(),
		faxPublications(), conferencePublications(), presencePublications(), registrarPublications())
}

// Requests lists the questions and commands that REST puts to switches and to other
// nodes.
func Requests() []Publication {
	return slices.Concat(channelQueries(), metaflowPublications(), []Publication{SocketsRequest(), OriginateRequest()})
}

// FindPublication looks a kind up by what names a message of it.
func FindPublication(category, name string) (Publication, bool) {
	var open Publication
	found := false
	for _, p := range slices.Concat(Publications(), Requests()) {
		switch {
		case p.Category != category:
		case p.Name == name && name != "":
			return p, true
		case p.Name == "" && (p.Names == nil || slices.Contains(p.Names, name)):
			open, found = p, true
		}
	}
	return open, found
}

// Message makes the bytes and the address of a message. The error is an
// *InvalidMessageError.
func (p Publication) Message(from Sender, fields jobj.Object) (Message, error) {
	given := p.begin(from, fields)
	prepared := given
	if p.Prepare != nil {
		prepared = p.Prepare(given)
	}
	if p.layout == nil {
		p = p.Ready()
	}
	body, err := p.layout.text(prepared)
	if err != nil {
		return Message{}, err
	}
	// The publisher reads the address from what it was given, fields that never reach the wire included.
	key, err := p.Address.Key(given)
	if err != nil {
		return Message{}, err
	}
	m := Message{Exchange: p.Exchange, Key: key, Gzip: p.Gzip, Mandatory: p.Mandatory, Body: body}
	if p.Labelled {
		m.CallID = CallEventID(given)
	}
	return m, nil
}

package blackhole

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// address tells topics apart.
type address struct {
	client  string // the binding as the client is shown it
	key     string // that events are matched with
	account string // whose events were asked for; "*" for all
	scope
}

// scope is what an event must be, beside its key, for who asked to see it.
type scope struct {
	// conference is set where the key names no account: then an event must name it, or
	// the conference be its own, which owned says.
	conference string
	owned      bool
}

// topic is one frame of an event that one or many sockets get: they have the same
// binding and the same key. Guarded by the hub.
type topic struct {
	address
	members []*membership
}

// membership is a socket's place in a topic.
type membership struct {
	session *session
	topic   *topic
	at      int  // among the topic's members
	resume  bool // frames have an id
}

func (t *topic) join(s *session, resume bool) *membership {
	m := &membership{session: s, topic: t, at: len(t.members), resume: resume}
	t.members = append(t.members, m)
	return m
}

// leave has the last member take the place of one that goes.
func (t *topic) leave(m *membership) {
	last := len(t.members) - 1
	moved := t.members[last]
	t.members[m.at], moved.at = moved, m.at
	t.members[last] = nil
	t.members = t.members[:last]
	if cap(t.members) > 4*len(t.members)+16 {
		t.members = append([]*membership(nil), t.members...)
	}
}

// covers says whether an event that matches the key may be seen by who asked for an
// account's. Nearly every key has the account in it; but an event's may have a wildcard
// in that place, as fax.status of the reference does.
func (s scope) covers(account string, d *delivery) bool {
	switch {
	case account == everyAccount, account == d.event.AccountID:
		return true
	case d.wild:
		return false
	}
	return s.conference == "" || d.event.AccountID == "" && s.owned
}

// wild says whether a word of a key stands for any.
func wild(key string) bool {
	if !strings.ContainsAny(key, "*#") {
		return false
	}
	return slices.ContainsFunc(strings.Split(key, "."), func(word string) bool { return word == "*" || word == "#" })
}

// deliver gives each member its frame, of which there are two at most.
func (t *topic) deliver(d *delivery) {
	if !t.covers(t.account, d) {
		return
	}
	var plain, named frame
	for _, m := range t.members {
		f, id := &plain, ""
		if m.resume {
			f, id = &named, d.identity()
		}
		if f.message == nil {
			var err error
			if *f, err = newFrame(d.event.Frame(t.client, t.key, id)); err != nil {
				d.hub.dep.Log.Error("frame not made", "error", err)
				return
			}
		}
		if !m.session.out.event(*f) {
			d.slow = append(d.slow, m.session)
			continue
		}
		d.sent++
		if d.hub.receipts != nil && len(d.first) < maxReceipts {
			d.first = append(d.first, Receipt{ID: m.session.id, AccountID: m.session.account, Binding: t.client})
		}
	}
}

// idDigits are enough for a day's events of any cluster.
const idDigits = 32

// EventID is a name for a message that every node gives it, made of what it is and where
// it was sent.
func EventID(m Message) string {
	hash := sha256.New()
	for _, part := range []string{m.RoutingKey, gjson.GetBytes(m.Body, "Msg-ID").Str} {
		_, _ = hash.Write([]byte(part)) // never fails
		_, _ = hash.Write([]byte{0})
	}
	_, _ = hash.Write(m.Body)
	return hex.EncodeToString(hash.Sum(nil))[:idDigits]
}

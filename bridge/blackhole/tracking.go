package blackhole

import (
	"cmp"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Tracked are the sockets whose token is one of the accounts', by the time they came.
// A socket counts once a command has succeeded (blackhole_tracking).
func (h *Hub) Tracked(accountIDs []string) []jobj.Object {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []*session
	for _, s := range h.sockets {
		if s.listed && slices.Contains(accountIDs, s.account) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b *session) int {
		return cmp.Or(a.connected.Compare(b.connected), cmp.Compare(a.id, b.id))
	})
	list := make([]jobj.Object, len(found))
	for i, s := range found {
		list[i] = s.tracked()
	}
	return list
}

// TrackedByID is a socket, whoever's it is and whatever it has done.
func (h *Hub) TrackedByID(id string) (jobj.Object, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s, ok := h.sockets[id]
	if !ok {
		return nil, false
	}
	return s.tracked(), true
}

// tracked is what others may know of a socket (bh_context:to_json/1). The hub is locked.
func (s *session) tracked() jobj.Object {
	socket := jobj.Object{
		{Key: "bindings", Value: s.list()},
		{Key: "websocket_session_id", Value: s.id},
		{Key: "timestamp", Value: kapi.Gregorian(s.connected)},
	}
	for _, m := range []jobj.Member{{Key: "name", Value: s.name}, {Key: "metadata", Value: s.metadata}} {
		if m.Value != nil {
			socket = append(socket, m)
		}
	}
	socket = append(socket, jobj.Member{Key: "destination", Value: s.hub.dep.Host}, jobj.Member{Key: "source", Value: s.source})
	if s.account != "" {
		socket = append(socket,
			jobj.Member{Key: kapi.SocketAccount, Value: s.account},
			jobj.Member{Key: kapi.SocketTokenDigest, Value: kapi.TokenDigest(s.token)},
		)
	}
	return socket
}

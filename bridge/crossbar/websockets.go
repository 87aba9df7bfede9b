package crossbar

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const (
	// nodeAlive is how long ago a node that is counted on has shown that it lives;
	// nodes do so every 5 s.
	nodeAlive = 10 * time.Second
	// maskedToken stands for a token that the caller has not shown.
	maskedToken = "***"
)

// websocketsFamily is cb_websockets.
func (h *handler) websocketsFamily() family {
	return family{name: "websockets", clauses: []clause{
		{operations: []operation{
			{method: http.MethodGet, within: h.listSockets, bare: h.listBindings, open: true},
		}},
		{args: []string{"*"}, operations: []operation{
			{method: http.MethodGet, within: h.getSocket, bare: h.getAnySocket, superduper: true},
		}},
	}}
}

// listBindings shows what can be subscribed to.
func (h *handler) listBindings(context.Context, *request) (outcome, error) {
	return outcome{data: h.Bindings}, nil
}

// listSockets shows the sockets of an account. Nodes answer with those of the caller's
// own account as well, which the reference shows among them (quirk tenant-hole).
func (h *handler) listSockets(ctx context.Context, req *request) (outcome, error) {
	sockets, err := h.sockets(ctx, req, jobj.Object{
		{Key: "Account-ID", Value: req.account.ID}, {Key: "Auth-Account-ID", Value: req.caller.ID},
	}, nil)
	if err != nil {
		return outcome{}, err
	}
	rows := []any{}
	seen := map[string]bool{}
	for _, socket := range sockets {
		id := socket.String("websocket_session_id")
		owner := socket.String(kapi.SocketAccount)
		if seen[id] || owner != "" && owner != req.account.ID {
			continue
		}
		seen[id] = true
		if h.Dialect == fidelity.Talk {
			rows = append(rows, id)
			continue
		}
		rows = append(rows, shownSocket(socket))
	}
	return outcome{data: rows}, nil
}

// getSocket shows one socket of the path's account. Under another it does not exist.
func (h *handler) getSocket(ctx context.Context, req *request) (outcome, error) {
	return h.oneSocket(ctx, req, req.account.ID, func(owner string) bool { return owner == req.account.ID })
}

// getAnySocket shows a superduper caller one socket, whosever it is. The reference
// cannot, since its question needs the account of the path (quirk socket-no-account).
func (h *handler) getAnySocket(ctx context.Context, req *request) (outcome, error) {
	if h.Compat == fidelity.Kazoo {
		return outcome{}, h.noTracking()
	}
	return h.oneSocket(ctx, req, req.caller.ID, func(string) bool { return true })
}

func (h *handler) oneSocket(ctx context.Context, req *request, accountID string, may func(owner string) bool) (outcome, error) {
	id := req.arg(0)
	is := func(socket jobj.Object) bool {
		owner := socket.String(kapi.SocketAccount)
		return socket.String("websocket_session_id") == id && owner != "" && may(owner)
	}
	sockets, err := h.sockets(ctx, req, jobj.Object{{Key: "Account-ID", Value: accountID}, {Key: "Socket-ID", Value: id}}, is)
	if err != nil {
		return outcome{}, err
	}
	socket := firstOf(sockets, is)
	switch {
	case socket == nil:
		return outcome{}, unknownName(id)
	case h.Dialect == fidelity.Talk:
		return outcome{data: []any{req.talkSocket(socket)}}, nil
	}
	return outcome{data: shownSocket(socket)}, nil
}

// sockets asks every node. All answers are there when the nodes of this store that have
// sockets have answered and, since others may be on the bus, no more come; or when one
// has the socket that is wanted.
func (h *handler) sockets(ctx context.Context, req *request, asked jobj.Object, wanted func(jobj.Object) bool) ([]jobj.Object, error) {
	nodes, err := h.Store.WithSockets(ctx, nodeAlive)
	if err != nil {
		return nil, err
	}
	replies, err := h.ask(ctx, Question{
		Kind: kapi.SocketsRequest(), Fields: asked.Set("Msg-ID", req.messageID()), AtLeast: nodes,
		Enough: func(replies []jobj.Object) bool { return wanted != nil && firstOf(socketsIn(replies), wanted) != nil },
	})
	switch {
	case errors.Is(err, ErrUnheard):
		return nil, nil
	case err != nil:
		f := h.noTracking()
		return nil, h.unreachable(ctx, req, f.message, err)
	}
	return socketsIn(replies), nil
}

func (h *handler) noTracking() *fault {
	return &fault{status: http.StatusInternalServerError, message: "could not reach websockets tracking", data: jobj.Object{}}
}

// socketsIn takes the sockets out of replies, each of which has a list or one.
func socketsIn(replies []jobj.Object) []jobj.Object {
	var all []jobj.Object
	for _, reply := range replies {
		data, _ := reply.Get("Data")
		list, isList := data.([]any)
		if !isList {
			list = []any{data}
		}
		for _, element := range list {
			if socket, ok := element.(jobj.Object); ok {
				all = append(all, socket)
			}
		}
	}
	return all
}

// shownSocket is a socket as clients see it.
func shownSocket(socket jobj.Object) jobj.Object {
	return socket.Delete("auth_token", "auth_account_id", "req_id", kapi.SocketAccount, kapi.SocketTokenDigest)
}

// talkSocket is a socket as Kazoo 3.22 showed it. Its token is shown to whoever
// presents that same one.
func (r *request) talkSocket(socket jobj.Object) jobj.Object {
	token := maskedToken
	if shown := socket.String(kapi.SocketTokenDigest); shown != "" && shown == kapi.TokenDigest(r.token) {
		token = r.token
	}
	bindings, _ := socket.Get("bindings")
	return jobj.Object{
		{Key: "account_id", Value: socket.String(kapi.SocketAccount)},
		{Key: "auth_token", Value: token},
		{Key: "bindings", Value: bindings},
		{Key: "websocket_session_id", Value: socket.String("websocket_session_id")},
	}
}

// firstOf returns the first object that is wanted, or nil.
func firstOf(objects []jobj.Object, wanted func(jobj.Object) bool) jobj.Object {
	for _, object := range objects {
		if wanted(object) {
			return object
		}
	}
	return nil
}

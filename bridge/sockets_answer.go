package bridge

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// The application that answers is called as Kazoo's is.
const socketsApp, socketsVersion = "blackhole", "4.0.0"

// answer tells somebody which sockets this node has (blackhole_tracking).
func (s *sockets) answer(body []byte) {
	request := gjson.ParseBytes(body)
	asker := request.Get("Server-ID").Str
	if request.Get("Event-Name").Str != "get_req" || asker == "" || request.Get("Account-ID").Str == "" {
		return
	}
	var data any = []any{}
	if id := request.Get("Socket-ID").Str; id != "" {
		if socket, ok := s.hub.TrackedByID(id); ok {
			data = socket
		}
	} else {
		accounts := []string{request.Get("Account-ID").Str}
		for _, id := range request.Get("Auth-Account-ID").Array() { // one, or a list
			accounts = append(accounts, id.Str)
		}
		list := []any{}
		for _, socket := range s.hub.Tracked(accounts) {
			list = append(list, socket)
		}
		data = list
	}
	reply := jobj.Append(nil, jobj.Object{
		{Key: "App-Name", Value: socketsApp},
		{Key: "App-Version", Value: socketsVersion},
		{Key: "Data", Value: data},
		{Key: "Event-Category", Value: kapi.CategoryWebsockets},
		{Key: "Event-Name", Value: "get_resp"},
		{Key: "Msg-ID", Value: request.Get("Msg-ID").Str},
		{Key: "Node", Value: s.cfg.NodeName},
	})
	key, headers := kapi.ReplyAddress(asker)
	go s.changes.send(bus.Message{Exchange: kapi.ExchangeTargeted, Key: key, Headers: headers, Body: reply})
}

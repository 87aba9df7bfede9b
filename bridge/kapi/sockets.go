package kapi

// CategoryWebsockets is the Event-Category of messages about websockets.
const CategoryWebsockets = "websockets"

// SocketsRequestKey binds SocketsRequest on ExchangeSystemConfig.
const SocketsRequestKey = "websockets.get"

// SocketsRequest asks every bridge for its websockets: those of Account-ID and of
// Auth-Account-ID, or the one named by Socket-ID (kapi_websockets:get_req/1).
func SocketsRequest() Publication {
	return Publication{
		Definition: Definition{
			Category: CategoryWebsockets,
			Name:     "get_req",
			Optional: []string{"Auth-Account-ID", "Socket-ID"},
			Required: []string{"Account-ID"},
		},
		Exchange: ExchangeSystemConfig,
		Address:  Address{literal(SocketsRequestKey)},
	}
}

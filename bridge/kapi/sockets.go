package kapi

import (
	"crypto/sha256"
	"encoding/hex"
)

// CategoryWebsockets is the Event-Category of messages about websockets.
const CategoryWebsockets = "websockets"

// SocketsRequestKey binds SocketsRequest on ExchangeSystemConfig.
const SocketsRequestKey = "websockets.get"

// Members of a socket in an answer that are for who asks, and not for clients: its
// account, and TokenDigest of its token.
const (
	SocketAccount     = "account_id"
	SocketTokenDigest = "Auth-Token-Digest"
)

// TokenDigest is the hexadecimal SHA-256 of a token: who presents the same token can be
// told from others, and nobody can use it.
func TokenDigest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:])
}

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

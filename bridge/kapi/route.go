package kapi

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// CategoryDialplan is the Event-Category of questions what is to become of a call.
const CategoryDialplan = "dialplan"

// RouteRequest asks the applications which of them takes a call (kapi_route:req/1). Its
// Msg-ID is the call's Fetch-ID from then on.
func RouteRequest() Publication {
	return Publication{
		Definition: Definition{
			Category: CategoryDialplan,
			Name:     "route_req",
			Optional: strings.Fields(`
				Body Call-Direction Caller-ID-Name Caller-ID-Number Codecs Cost-Parameters
				Custom-Application-Vars Custom-Channel-Vars Custom-Routing-Headers
				Custom-SIP-Headers From-Network-Addr From-Network-Port From-Tag Geo-Location
				Max-Call-Length Media Message-ID Orig-IP Orig-Port Prepend-CID-Name Resource-Type
				Ringback-Media SIP-Request-Host Switch-Hostname Switch-Nodename Switch-URI
				Switch-URL To-Tag Transcode Transfer-Media User-Agent`),
			Required: []string{"From", "Request", "To", "Call-ID"},
			Rules: []Rule{
				{Field: "Resource-Type", OneOf: []string{"mms", "sms", "audio", "video", "chat", "metaflow"}},
				{Field: "Custom-Channel-Vars", Kind: KindObject},
				{Field: "Custom-SIP-Headers", Kind: KindObject},
			},
		},
		Exchange: ExchangeCallManager,
		Address:  Address{literal("route.req"), encoded("Resource-Type"), {From: routeOwner}, {From: routeUser, Optional: true}},
	}
}

// routeOwner is whose the call is: the account's id or, while no account is known, the realm
// that it comes from, behind which the user stands.
func routeOwner(fields jobj.Object) string {
	if account := routeAccount(fields); account != "" {
		return account
	}
	_, realm, _ := strings.Cut(fields.String("From"), "@")
	return realm
}

func routeUser(fields jobj.Object) string {
	if routeAccount(fields) != "" {
		return ""
	}
	user, _, _ := strings.Cut(fields.String("From"), "@")
	return user
}

func routeAccount(fields jobj.Object) string {
	if account := fields.String("Account-ID"); account != "" {
		return account
	}
	return fields.String("Custom-Channel-Vars", "Account-ID")
}

package kapi

import "strings"

// CategoryResource is the Event-Category of requests for calls.
const CategoryResource = "resource"

// OriginateKey binds OriginateRequest on ExchangeCallManager.
const OriginateKey = "originate.resource.req"

// OriginateRequest asks a switch to call endpoints (kapi_resource:originate_req/1).
// It is mandatory: one that reaches no switch comes back.
func OriginateRequest() Publication {
	return Publication{
		Definition: Definition{
			Category: CategoryResource,
			Name:     "originate_req",
			Optional: strings.Fields(`
				Application-Data Custom-Application-Vars Custom-Channel-Vars Eavesdrop-Call-ID
				Eavesdrop-Group-ID Eavesdrop-Mode Existing-Call-ID Export-Custom-Channel-Vars
				Fax-Identity-Name Fax-Identity-Number Fax-Timezone Intercept-Unbridged-Only
				Loopback-Bowout Origination-Call-ID Originate-Immediate Outbound-Call-ID
				Simplify-Loopback Start-Control-Process Asserted-Identity-Name
				Asserted-Identity-Number Asserted-Identity-Realm B-Leg-Events Bridge-Actions
				Call-Context Callee-ID-Name Callee-ID-Number Caller-ID-Name Caller-ID-Number
				Confirm-Cancel-Timeout Confirm-File Confirm-Key Continue-After Continue-On-Fail
				Custom-SIP-Headers Dial-Endpoint-Method Enable-T38-Fax Enable-T38-Fax-Request
				Enable-T38-Gateway Enable-T38-Passthrough Export-Bridge-Variables
				Export-Variables Fail-On-Single-Reject Force-Fax Hold-Media
				Ignore-Completed-Elsewhere Ignore-Early-Media Ignore-Forward Insert-At Media
				Outbound-Callee-ID-Name Outbound-Callee-ID-Number Outbound-Caller-ID-Name
				Outbound-Caller-ID-Number Privacy-Hide-Name Privacy-Hide-Number Privacy-Method
				Ringback Secure-RTP SIP-Invite-Parameters SIP-Transport Timeout`),
			Required: []string{"Application-Name", "Endpoints"},
			Rules: []Rule{
				{Field: "Application-Name", OneOf: []string{"bridge", "eavesdrop", "fax", "park", "transfer"}},
				{Field: "Dial-Endpoint-Method", OneOf: []string{"single", "simultaneous"}},
				{Field: "Eavesdrop-Mode", OneOf: []string{"listen", "whisper", "full"}},
				{Field: "Media", OneOf: []string{"process", "bypass", "auto"}},
				{Field: "Continue-On-Fail", Kind: KindBoolean},
				{Field: "Custom-Application-Vars", Kind: KindObject},
				{Field: "Custom-Channel-Vars", Kind: KindObject},
				{Field: "Custom-SIP-Headers", Kind: KindObject},
				{Field: "Endpoints", Kind: KindList},
			},
		},
		Exchange:  ExchangeCallManager,
		Address:   Address{literal(OriginateKey)},
		Mandatory: true,
	}
}

package payload

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// channel is a channel event.
type channel struct {
	*message
	// loopback is the event's own Channel-Is-Loopback.
	loopback bool
	// vars are the Custom-Channel-Vars; nil when the event has none.
	vars Payload
}

// ccv is one of the Custom-Channel-Vars.
func (c *channel) ccv(key string) gjson.Result {
	raw, _ := c.vars.Get(key)
	return gjson.Parse(raw)
}

// channelEvent reads a channel event.
func (r *Reader) channelEvent(m *message) (*Event, error) {
	c := &channel{
		message: m, loopback: isTrue(m.get("Channel-Is-Loopback")), vars: Parse(m.get("Custom-Channel-Vars").Raw),
	}
	accountID := r.textOf(c.ccv("Account-ID"))
	return &Event{
		Hook:      strings.ToLower(c.text("Event-Name")),
		Name:      c.text("Event-Name"),
		ID:        m.get("Call-ID").String(),
		IDKind:    IDCall,
		AccountID: accountID,
		Dialled:   c.dialledUser(),
		Internal:  c.loopback || strings.HasPrefix(c.text("Channel-Name"), "loopback/"),
		Payload:   func(owner Owner) Payload { return c.payload(owner, r.Rules) },
	}, nil
}

// withAccountID is the event with the account that owns the dialled number among
// its Custom-Channel-Vars (webhooks_channel_util:handle_event/2).
func (c *channel) withAccountID(id string) *channel {
	given := *c
	given.vars = c.vars.with("Account-ID", quote(id))
	return &given
}

// dialledUser is the user part of Request, else of To: what the owner of an
// event without an account is found by (stepswitch.inbound_user_field).
func (c *channel) dialledUser() string {
	for _, key := range []string{"Request", "To"} {
		if user, _, _ := strings.Cut(c.text(key), "@"); user != "" {
			return user
		}
	}
	return ""
}

// ReservedVars are the Custom-Channel-Vars that never reach a receiver. The zero
// value is an unset setting, with which custom_channel_vars is left out whole
// (quirk ccv-vanish).
type ReservedVars struct {
	names map[string]struct{}
}

// NewReservedVars makes the set of names.
func NewReservedVars(names []string) ReservedVars {
	set := make(map[string]struct{}, len(names))
	for _, name := range names {
		set[name] = struct{}{}
	}
	return ReservedVars{names: set}
}

// DefaultReservedVars is the default of call_command.reserved_ccv_keys.
func DefaultReservedVars() ReservedVars {
	return NewReservedVars(strings.Fields(`
		Account-ID Account-Name Account-Realm Authorizing-ID Authorizing-Type Auto-Answer
		Call-Forward Call-Waiting-Disabled Confirm-Cancel-Timeout Confirm-File Confirm-Key
		Fax-Enabled Loopback-Bowout Media-Encryption-Enforce-Security Media-Webrtc Owner-ID
		Presence-ID RTCP-MUX Realm Require-Ignore-Early-Media Retain-CID SIP-Invite-Domain
		Simplify-Loopback Username`))
}

// payload picks what channel hooks send (webhooks_channel_util:base_hook_event/3,
// format_event/3).
func (c *channel) payload(owner Owner, r Rules) Payload {
	accountID := r.textOf(c.ccv("Account-ID"))
	if accountID == "" {
		accountID = owner.AccountID
		c = c.withAccountID(accountID)
	}
	global := isTrue(c.ccv("Global-Resource"))
	p := make(Payload, 0, 32)
	p = p.add("account_id", quote(accountID))
	p = p.add("authorizing_id", r.text(c.ccv("Authorizing-ID")))
	p = p.add("authorizing_type", r.text(c.ccv("Authorizing-Type")))
	p = p.add("call_direction", r.told(c.get("Call-Direction")))
	if forward := c.ccv("Call-Forward"); forward.Raw != "" {
		p = p.add("call_forwarded", strconv.FormatBool(isTrue(forward)))
	}
	p = p.add("call_id", r.text(c.get("Call-ID")))
	p = p.add("callee_id_name", r.told(c.get("Callee-ID-Name")))
	p = p.add("callee_id_number", r.told(c.get("Callee-ID-Number")))
	p = p.add("caller_id_name", r.told(c.get("Caller-ID-Name")))
	p = p.add("caller_id_number", r.told(c.get("Caller-ID-Number")))
	p = p.add("custom_channel_vars", c.remainingVars(r.Reserved))
	if vars := c.get("Custom-Application-Vars"); vars.IsObject() {
		p = p.add("custom_application_vars", vars.Raw)
	}
	p = p.add("emergency_resource_used", strconv.FormatBool(isTrue(c.ccv("Emergency-Resource"))))
	p = p.add("from", c.get("From").Raw)
	p = p.add("inception", c.inception(r))
	resource := r.text(c.ccv("Resource-ID"))
	if !global {
		p = p.add("local_resource_id", resource)
	}
	// Without any resource, too (quirk resource-used-default).
	p = p.add("local_resource_used", strconv.FormatBool(!global && (resource != "" || !r.corrected())))
	p = p.add("is_internal_leg", strconv.FormatBool(c.loopback))
	p = p.add("other_leg_call_id", r.text(c.get("Other-Leg-Call-ID")))
	p = p.add("owner_id", r.text(c.ccv("Owner-ID")))
	p = p.add("request", c.request(r))
	if owner.ResellerID != "" {
		p = p.add("reseller_id", quote(owner.ResellerID))
	}
	p = p.add("timestamp", whole(c.get("Timestamp")))
	p = p.add("to", c.get("To").Raw)
	return c.addOwnFields(p, r)
}

// addOwnFields adds what only one kind of event has.
func (c *channel) addOwnFields(p Payload, r Rules) Payload {
	p = p.add("hook_event", quote(strings.ToLower(c.text("Event-Name"))))
	switch c.text("Event-Name") {
	case kapi.ChannelBridge:
		p = p.add("original_number", r.text(c.ccv("Original-Number")))
		p = p.add("other_leg_destination_number", r.text(c.get("Other-Leg-Destination-Number")))
	case kapi.ChannelDestroy:
		p = p.add("hangup_cause", r.text(c.get("Hangup-Cause")))
		p = p.add("hangup_code", r.text(c.get("Hangup-Code")))
		p = p.add("duration_seconds", whole(c.get("Duration-Seconds")))
		p = p.add("ringing_seconds", whole(c.get("Ringing-Seconds")))
		p = p.add("billing_seconds", whole(c.get("Billing-Seconds")))
	}
	return p
}

// request is what was dialled. The reference looks for an object where every switch
// has text, and so never has it (quirk request-missing); 4.3 takes it as it is.
func (c *channel) request(r Rules) string {
	request := c.get("Request")
	switch {
	case r.Dialect == fidelity.V43, request.IsObject():
		return request.Raw
	case r.corrected():
		return r.text(request)
	}
	return ""
}

// inception is where the call began. The switch has it among the
// Custom-Channel-Vars, the reference looks beside them (quirk request-missing).
func (c *channel) inception(r Rules) string {
	if inception := c.get("Inception").Raw; inception != "" || !r.corrected() {
		return inception
	}
	return r.text(c.ccv("Inception"))
}

// told is a header that 4.3 tells as it is, where others have its text.
func (r Rules) told(v gjson.Result) string {
	if r.Dialect == fidelity.V43 {
		return v.Raw
	}
	return r.text(v)
}

// remainingVars is the text of the Custom-Channel-Vars that are not reserved.
func (c *channel) remainingVars(reserved ReservedVars) string {
	if reserved.names == nil || c.vars == nil {
		return ""
	}
	buf := make([]byte, 0, 512)
	buf = append(buf, '{')
	for _, m := range c.vars {
		if _, skip := reserved.names[m.Key]; skip {
			continue
		}
		if len(buf) > 1 {
			buf = append(buf, ',')
		}
		buf = jobj.AppendString(buf, m.Key)
		buf = append(buf, ':')
		buf = append(buf, m.Value...)
	}
	return string(append(buf, '}'))
}

// text is the JSON text of a value read as a string, or "" when it is absent or
// empty (kz_json:get_ne_binary_value/3).
func (r Rules) text(v gjson.Result) string {
	if v.Type == gjson.String {
		if v.Str == "" {
			return ""
		}
		return v.Raw
	}
	if s := r.textOf(v); s != "" {
		return quote(s)
	}
	return ""
}

// textOf reads a value as a string. JSON null is the text "null" (quirk
// null-as-text).
func (r Rules) textOf(v gjson.Result) string {
	switch {
	case v.Type == gjson.String:
		return v.Str
	case v.Type == gjson.Number:
		if r.corrected() {
			return form.IntegerText(v.Raw)
		}
		return string(form.AppendNumber(nil, v.Raw))
	case v.IsArray():
		return string(form.AppendJoined(nil, v))
	case v.Raw == "", v.Type == gjson.Null && r.corrected():
		return ""
	}
	return string(form.AppendCompact(nil, v, r.corrected()))
}

func isTrue(v gjson.Result) bool {
	return v.Type == gjson.True || v.Type == gjson.String && v.Str == "true"
}

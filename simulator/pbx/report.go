package pbx

import (
	"maps"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Up lists the channels that are up, the oldest first.
func (c *Core) Up() []*Channel {
	return slices.SortedFunc(maps.Values(c.channels), func(a, b *Channel) int { return a.number - b.number })
}

// report is what is told of a channel to those who ask, under the two names that
// each fact has: in lists of channels, and of a channel asked for by its id. "" is in
// neither.
type report struct {
	listed, named string
	value         any
}

// Listed is the channel in a list of channels (ecallmgr_fs_channel:to_props/1).
func (ch *Channel) Listed() jobj.Object {
	return ch.told(func(r report) string { return r.listed })
}

// Named is the channel as one that is asked for by its Call-ID
// (ecallmgr_fs_channel:to_api_props/1).
func (ch *Channel) Named() jobj.Object {
	return ch.told(func(r report) string { return r.named })
}

func (ch *Channel) told(name func(report) string) jobj.Object {
	var told jobj.Object
	for _, r := range ch.reports() {
		if key := name(r); key != "" && r.value != "" {
			told = append(told, jobj.Member{Key: key, Value: r.value})
		}
	}
	return told
}

func (ch *Channel) reports() []report {
	c := ch.core
	v := func(name string) string { return ch.vars.String(name) }
	bridge := v("Bridge-ID")
	if bridge == "" {
		bridge = ch.callID
	}
	var appVars any = ""
	if len(ch.appVars) > 0 {
		appVars = ch.appVars
	}
	return []report{
		{"account_billing", "Account-Billing", v("Account-Billing")},
		{"account_id", "Account-ID", ch.account.ID},
		{"answered", "Answered", ch.Answered()},
		{"authorizing_id", "Authorizing-ID", v("Authorizing-ID")},
		{"authorizing_type", "Authorizing-Type", v("Authorizing-Type")},
		{"bridge_id", "Bridge-ID", bridge},
		{"", "Call-Direction", ch.direction},
		{"", "Call-ID", ch.callID},
		{"callflow_id", "CallFlow-ID", v("CallFlow-ID")},
		{"channel_authorized", "Channel-Authorized", v("Channel-Authorized") == "true"},
		{"context", "Context", "context_2"},
		{"custom_application_vars", "Custom-Application-Vars", appVars},
		{"custom_channel_vars", "Custom-Channel-Vars", ch.customChannelVars()},
		{"destination", "Destination", ch.destination},
		{"dialplan", "Dialplan", "XML"},
		{"direction", "", ch.direction},
		{"elapsed_s", "Elapsed-Seconds", int64(c.now().Sub(ch.created) / time.Second)},
		{"fetch_id", "Fetch-ID", ch.fetchID},
		{"", "From", ch.from},
		{"from_tag", "From-Tag", ch.fromTag},
		{"handling_locally", "", true},
		{"interaction_id", "", ch.interactionID},
		{"is_loopback", "Is-Loopback", ch.loopback.end != ""},
		{"is_onhold", "Is-On-Hold", ch.Held()},
		{"loopback_leg_name", "Loopback-Leg-Name", ch.loopback.end},
		{"loopback_other_leg", "Loopback-Other-Leg", ch.loopback.other},
		{"node", "Media-Node", c.node()},
		{"other_leg", "Other-Leg-Call-ID", ch.otherLeg()},
		{"owner_id", "Owner-ID", v("Owner-ID")},
		{"precedence", "Precedence", 5},
		{"presence_id", "Presence-ID", ch.presenceID},
		{"profile", "Profile", "sipinterface_1"},
		{"realm", "Realm", v("Realm")},
		{"reseller_billing", "Reseller-Billing", v("Reseller-Billing")},
		{"reseller_id", "Reseller-ID", ch.account.ResellerID},
		{"resource_id", "Resource-ID", v("Resource-ID")},
		{"switch_nodename", "", c.node()},
		{"switch_url", "Switch-URL", c.url()},
		{"timestamp", "Timestamp", kapi.Gregorian(ch.created)},
		{"", "To", ch.to},
		{"to_tag", "To-Tag", ch.toTag},
		{"username", "Username", v("Username")},
		{"uuid", "", ch.callID},
		{"", "Call-Interaction-ID", ch.interactionID},
	}
}

// otherLeg is the leg that the channel is connected with or rings for. Events still name one that it
// has been parted from; who asks for channels is not told of that.
func (ch *Channel) otherLeg() string {
	if ch.partner.past {
		return ""
	}
	return ch.partner.callID
}

// Status is what is answered to whether the channel is up
// (ecallmgr_fs_channels:channel_status/1).
func (ch *Channel) Status() jobj.Object {
	c := ch.core
	status := jobj.Object{{Key: "Call-ID", Value: ch.callID}, {Key: "Status", Value: "active"}}
	for _, m := range []jobj.Member{
		{Key: "Switch-Hostname", Value: c.host.Switch},
		{Key: "Switch-Nodename", Value: c.node()},
		{Key: "Switch-URL", Value: c.url()},
		{Key: "Other-Leg-Call-ID", Value: ch.otherLeg()},
		{Key: "Realm", Value: ch.vars.String("Realm")},
		{Key: "Username", Value: ch.vars.String("Username")},
		{Key: "Custom-Channel-Vars", Value: ch.customChannelVars()},
	} {
		if m.Value != "" {
			status = append(status, m)
		}
	}
	return append(status, ch.applicationVars()...)
}

// States are the words of Channel-State and Channel-Call-State.
func (ch *Channel) States() (state, callState string) { return ch.state, ch.callState }

// Username is that of the telephone at the channel's end, "" for none.
func (ch *Channel) Username() string { return ch.vars.String("Username") }

// Destination is what was dialled.
func (ch *Channel) Destination() string { return ch.destination }

// Dialled lists the legs that were placed for this one and are up, in their order.
func (ch *Channel) Dialled() []*Channel {
	ch.placed = slices.DeleteFunc(ch.placed, (*Channel).Gone)
	return slices.Clone(ch.placed)
}

// Dialler is the channel that this leg was placed for; nil for one that came in.
func (ch *Channel) Dialler() *Channel { return ch.dialler }

// Far is who is at the channel's end.
func (ch *Channel) Far() Party { return Party{ch.farName(), ch.farNumber()} }

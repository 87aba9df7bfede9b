package sample

import (
	"cmp"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// The two ends of the sample call, and the hosts that it came from and went to.
const (
	callerName = "Sample Caller"
	caller     = "+12125550199"
	callee     = "+14155550100"
	far        = "203.0.113.20"
	near       = "203.0.113.5"
)

// values are what the fields of messages hold, whichever message they stand in. A
// field has the same meaning everywhere, but for those of other tables below.
func (w Wish) values() jobj.Object {
	id, now := "sample-"+w.IDs.Hex(20), kapi.Gregorian(w.At)
	micros := strconv.FormatInt(w.At.UnixMicro(), 10)
	realm := cmp.Or(w.Account.Realm, "sample.sip.example.com")
	return jobj.Object{
		{Key: "Account-ID", Value: w.Account.ID},
		{Key: "Account-DB", Value: kapi.AccountDB(w.Account.ID)},
		{Key: "Account-Name", Value: w.Account.Name},
		{Key: "Account-Realm", Value: realm},
		{Key: "Body", Value: "a sample message"},
		{Key: "Call-Bridged", Value: false},
		{Key: "Call-Direction", Value: "inbound"},
		{Key: "Call-ID", Value: id},
		{Key: "Callee-ID-Number", Value: callee},
		{Key: "Caller-Destination-Number", Value: callee},
		{Key: "Caller-ID-Name", Value: callerName},
		{Key: "Caller-ID-Number", Value: caller},
		{Key: "Channel-Answer-State", Value: "ringing"},
		{Key: "Channel-Call-State", Value: "DOWN"},
		{Key: "Channel-Created-Time", Value: micros},
		{Key: "Channel-Name", Value: "sofia/sipinterface_1/" + caller + "@" + far},
		{Key: "Channel-State", Value: "INIT"},
		{Key: "Custom-Channel-Vars", Value: jobj.Object{
			{Key: "Account-ID", Value: w.Account.ID},
			{Key: "Account-Realm", Value: realm},
			{Key: "Authorizing-Type", Value: "resource"},
			{Key: "Call-Interaction-ID", Value: strconv.FormatInt(now, 10) + "-5a3b7e1e"},
			{Key: "Inception", Value: callee + "@" + near},
			{Key: "Realm", Value: realm},
			{Key: "Reseller-ID", Value: w.Account.ResellerID},
			{Key: "Resource-Type", Value: "offnet-origination"},
		}},
		{Key: "Details", Value: jobj.Object{{Key: "Account-ID", Value: w.Account.ID}}},
		{Key: "Email", Value: "sample@example.com"},
		{Key: "Fax-Error", Value: "a sample error"},
		{Key: "Fax-Info", Value: jobj.Object{
			{Key: "Fax-Success", Value: true}, {Key: "Fax-Total-Pages", Value: 2}, {Key: "Fax-Transferred-Pages", Value: 2},
		}},
		{Key: "Fax-ID", Value: w.At.UTC().Format("200601-") + w.IDs.Hex(32)},
		{Key: "Fax-JobId", Value: w.IDs.Hex(32)},
		{Key: "Fax-Timestamp", Value: now},
		{Key: "FaxBox-ID", Value: w.IDs.Hex(32)},
		{Key: "From", Value: caller + "@" + far},
		{Key: "From-Realm", Value: far},
		{Key: "From-User", Value: caller},
		{Key: "Hook-ID", Value: w.IDs.Hex(32)},
		{Key: "Message-ID", Value: w.IDs.Hex(32)},
		{Key: "Message-Left", Value: false},
		{Key: "Owner-ID", Value: w.IDs.Hex(32)},
		{Key: "Presence-ID", Value: caller + "@" + far},
		{Key: "Realm", Value: realm},
		{Key: "Request", Value: callee + "@" + near},
		{Key: "Route-Type", Value: "offnet"},
		{Key: "Switch-Hostname", Value: "fs001.example.com"},
		{Key: "Timestamp", Value: now},
		{Key: "To", Value: callee + "@" + near},
		{Key: "To-Realm", Value: near},
		{Key: "To-User", Value: callee},
		{Key: "User-ID", Value: w.IDs.Hex(32)},
		{Key: "Username", Value: "user_sample"},
		{Key: "Voicemail-Box", Value: w.IDs.Hex(32)},
		{Key: "Voicemail-ID", Value: w.At.UTC().Format("200601-") + w.IDs.Hex(32)},
		{Key: "Voicemail-Length", Value: 14580},
		{Key: "Voicemail-Timestamp", Value: now},
	}
}

// talking are the values of a call whose two ends hear each other. Later values
// take the place of earlier ones.
func (w Wish) talking() jobj.Object {
	return jobj.Object{
		{Key: "Channel-Answer-State", Value: "answered"},
		{Key: "Channel-Call-State", Value: "ACTIVE"},
		{Key: "Channel-State", Value: "CONSUME_MEDIA"},
		{Key: "Other-Leg-Call-ID", Value: "sample-" + w.IDs.Hex(20)},
		{Key: "Other-Leg-Caller-ID-Name", Value: callerName},
		{Key: "Other-Leg-Caller-ID-Number", Value: caller},
		{Key: "Other-Leg-Destination-Number", Value: callee},
		{Key: "Other-Leg-Direction", Value: "outbound"},
	}
}

// ended are the values of a call that is over.
func (w Wish) ended() jobj.Object {
	return append(w.talking(), jobj.Object{
		{Key: "Channel-Answer-State", Value: "hangup"},
		{Key: "Channel-Call-State", Value: "HANGUP"},
		{Key: "Channel-State", Value: "CS_REPORTING"},
		{Key: "Billing-Seconds", Value: "58"},
		{Key: "Duration-Seconds", Value: "61"},
		{Key: "Ringing-Seconds", Value: "3"},
		{Key: "Hangup-Cause", Value: "NORMAL_CLEARING"},
		{Key: "Hangup-Code", Value: "sip:200"},
		{Key: "Disposition", Value: "ANSWER"},
	}...)
}

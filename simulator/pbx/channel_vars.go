package pbx

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// carrierVars are what the directory knows of a call from the telephone network
// (kz_directory_resource).
func carrierVars(a Account, public, number, from, resourceID string) jobj.Object {
	if !IsNumber(number) { // whoever reaches an extension from outside has dialled the account's number
		number = a.outside(number)
	}
	vars := a.vars()
	vars = append(vars, jobj.Object{
		{Key: "Inception", Value: number + "@" + public},
		{Key: "Resource-Type", Value: "offnet-origination"},
		{Key: "Resource-ID", Value: resourceID},
		{Key: "Global-Resource", Value: "true"},
		{Key: "Authorizing-Type", Value: "resource"},
		{Key: "E164-Destination", Value: e164(number)},
	}...)
	if from != "" { // a caller who withholds the number has no origination
		vars = append(vars,
			jobj.Member{Key: "E164-Origination", Value: e164(from)}, jobj.Member{Key: "DID-Classifier", Value: classify(e164(from))})
	}
	return append(vars, jobj.Member{Key: "Ignore-Display-Updates", Value: "true"})
}

// vars are an account's own.
func (a Account) vars() jobj.Object {
	var vars jobj.Object
	if a.ID != "" { // a number that nobody has belongs to no account
		vars = append(vars, jobj.Member{Key: "Account-ID", Value: a.ID})
	}
	vars = append(vars, jobj.Member{Key: "Account-Realm", Value: a.Realm}, jobj.Member{Key: "Realm", Value: a.Realm})
	if a.ResellerID != "" {
		vars = append(vars, jobj.Member{Key: "Reseller-ID", Value: a.ResellerID})
	}
	return vars
}

// deviceVars are what it knows of a telephone (kz_directory_endpoint).
func (c *Core) deviceVars(a Account, d Device) jobj.Object {
	vars := make(jobj.Object, 0, roomy)
	for _, m := range [...][2]string{
		{"Account-ID", a.ID},
		{"Reseller-ID", a.ResellerID},
		{"Realm", a.Realm},
		{"Username", d.Username},
		{"SIP-Invite-Domain", a.Realm},
		{"Authorizing-ID", d.ID},
		{"Authorizing-Type", "device"},
		{"Ignore-Completed-Elsewhere", "true"}, // by default_ignore_completed_elsewhere
		{"Owner-ID", d.OwnerID},
	} {
		if m[1] != "" { // who calls from elsewhere may lack any
			vars = append(vars, jobj.Member{Key: m[0], Value: m[1]})
		}
	}
	return vars
}

// roomy is how many variables a leg usually comes to have.
const roomy = 20

// termination are the variables of a leg to the telephone network, which was placed for a call
// that has dialled it so.
func (c *Core) termination(b, from *Channel, dialled string) jobj.Object {
	a := b.account
	var vars jobj.Object
	if a.ID != "" {
		vars = append(vars, jobj.Member{Key: "Account-ID", Value: a.ID})
	}
	if a.ResellerID != "" {
		vars = append(vars, jobj.Member{Key: "Reseller-ID", Value: a.ResellerID})
	}
	vars = append(vars, jobj.Object{
		{Key: "Realm", Value: a.Realm},
		{Key: "Global-Resource", Value: "true"},
		{Key: "Resource-ID", Value: c.ids.Hex(32)},
		{Key: "Resource-Type", Value: "offnet-termination"},
		{Key: "E164-Destination", Value: b.calleeNumber},
		{Key: "E164-Origination", Value: b.callerNumber},
		{Key: "DID-Classifier", Value: classify(b.calleeNumber)},
		{Key: "Original-Number", Value: dialled},
	}...)
	for _, name := range []string{"Authorizing-ID", "Authorizing-Type", "Owner-ID"} {
		if value := from.vars.String(name); value != "" {
			vars = append(vars, jobj.Member{Key: name, Value: value})
		}
	}
	return vars
}

// endVars come with the end of a leg that the account pays for.
func (ch *Channel) endVars() {
	if resource := ch.vars.String("Resource-Type"); resource == "" || ch.fetchID == "" && ch.direction == "inbound" {
		return
	}
	ch.set("Account-Billing", "limits_enforced")
	ch.set("Account-Trunk-Usage", "1/0/20/0/0/0")
	if ch.account.ResellerID != "" {
		ch.set("Reseller-Billing", "limits_enforced")
	}
}

// HangupCode is the SIP status that goes with a cause, "" where there is none
// (FreeSWITCH's usual pairs).
func HangupCode(cause string) string {
	switch cause {
	case "NORMAL_CLEARING":
		return "sip:200"
	case "ORIGINATOR_CANCEL", "LOSE_RACE":
		return "sip:487"
	case "USER_BUSY":
		return "sip:486"
	case "NO_ANSWER":
		return "sip:480"
	case "NO_USER_RESPONSE":
		return "sip:408"
	case "CALL_REJECTED":
		return "sip:603"
	case "UNALLOCATED_NUMBER", "NO_ROUTE_DESTINATION":
		return "sip:404"
	case "RECOVERY_ON_TIMER_EXPIRE":
		return "sip:504"
	case "INCOMPATIBLE_DESTINATION":
		return "sip:488"
	case "NORMAL_TEMPORARY_FAILURE":
		return "sip:503"
	}
	return ""
}

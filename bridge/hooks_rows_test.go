package bridge_test

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

const (
	formPost = "POST /hook application/x-www-form-urlencoded\n"
	jsonPost = "POST /hook application/json\n"
)

// call is a channel event as a switch sends it, shortened.
func call(event, more string) string {
	return `{"Call-Direction":"inbound","Caller-ID-Name":"Pat & Co","Caller-ID-Number":"+12125550199","Timestamp":63877472675,` + more +
		`"Custom-Channel-Vars":{"Account-ID":"{A}","Owner-ID":"9c0a","Global-Resource":"true","Bridge-ID":"c1@h"},` +
		`"Call-ID":"c1@h","Msg-ID":"1","Event-Name":"` + event + `","Event-Category":"call_event","App-Version":"1.0","App-Name":"freeswitch"}`
}

// callText is what every channel hook sends of it, before the members of its own.
func callText(more string) string {
	return "account_id={A}&call_direction=inbound&call_id=c1%40h&caller_id_name=Pat+%26+Co&caller_id_number=%2B12125550199" +
		"&custom_channel_vars[Global-Resource]=true&custom_channel_vars[Bridge-ID]=c1%40h&emergency_resource_used=false" + more +
		"&local_resource_used=false&is_internal_leg=false"
}

// talkRows are the lines of the talk about calls, parking, requests and resellers.
func talkRows() []hookRow {
	row := func(says, hook, event, message, want string) hookRow {
		return hookRow{
			says: says, hook: hook, exchange: kapi.ExchangeCallEvents, key: "call." + event + ".c1%40h",
			message: message, want: []string{want},
		}
	}
	parked := func(event string) hookRow {
		return row("parked calls: "+event, `"hook":"parking"`, event,
			`{"Parking-Slot":"101","Custom-Channel-Vars":{"Account-ID":"{A}"},"Callee-ID-Name":"Dana","Call-ID":"c1@h","Node":"n","Msg-ID":"1",`+
				`"Event-Name":"`+event+`","Event-Category":"call_event","App-Version":"4.0.0","App-Name":"callflow"}`,
			formPost+"parking_slot=101&callee_id_name=Dana&call_id=c1%40h&event_name="+event+"&account_id={A}&cluster_id={C}")
	}
	create := ringing("CHANNEL_CREATE")
	created := callText("&from=1%40r") + "&owner_id=9c0a&timestamp=63877472675&to=2%40r&hook_event=channel_create"
	return []hookRow{
		row("channel events: CREATE, by the talk's own command", `"http_verb":"post","hook":"channel_create","retries":3`, "CHANNEL_CREATE",
			create, formPost+created+"&cluster_id={C}"),
		row("channel events: ANSWER", `"hook":"channel_answer"`, "CHANNEL_ANSWER", ringing("CHANNEL_ANSWER"),
			formPost+strings.Replace(created, "create", "answer", 1)+"&cluster_id={C}"),
		row("channel events: BRIDGE", `"hook":"channel_bridge"`, "CHANNEL_BRIDGE", call("CHANNEL_BRIDGE", `"Other-Leg-Call-ID":"c2","Other-Leg-Destination-Number":"1001",`),
			formPost+callText("")+"&other_leg_call_id=c2&owner_id=9c0a&timestamp=63877472675&hook_event=channel_bridge&other_leg_destination_number=1001&cluster_id={C}"),
		row("channel events: DESTROY", `"hook":"channel_destroy"`, "CHANNEL_DESTROY",
			call("CHANNEL_DESTROY", `"Hangup-Cause":"NORMAL_CLEARING","Hangup-Code":"sip:200","Duration-Seconds":31,"Ringing-Seconds":"3","Billing-Seconds":28,`),
			formPost+callText("")+"&owner_id=9c0a&timestamp=63877472675&hook_event=channel_destroy&hangup_cause=NORMAL_CLEARING&hangup_code=sip%3A200"+
				"&duration_seconds=31&ringing_seconds=3&billing_seconds=28&cluster_id={C}"),
		parked("PARK_PARKED"), parked("PARK_RETRIEVED"), parked("PARK_ABANDONED"),
		row("GET: query string parameters", `"http_verb":"get","hook":"channel_create"`, "CHANNEL_CREATE", create,
			"GET /hook?"+created+"&cluster_id={C}"),
		row("PUT with a form", `"http_verb":"put","hook":"channel_create"`, "CHANNEL_CREATE", create,
			"PUT /hook application/x-www-form-urlencoded\n"+created+"&cluster_id={C}"),
		row("JSON in a POST", `"format":"json","hook":"parking","custom_data":{"crm":"7","tier":"gold"}`, "PARK_PARKED",
			`{"Call-ID":"c1","Custom-Channel-Vars":{"Account-ID":"{A}"},"Custom-Application-Vars":{"A-B":[1,{}]},"Event-Category":"call_event",`+
				`"Event-Name":"PARK_PARKED","App-Name":"a","App-Version":"1","Msg-ID":"m"}`,
			jsonPost+"{\n  \"call_id\" : \"c1\",\n  \"custom_application_vars\" : {\n    \"a_b\" : [\n      1,\n      {\n        \n      }\n    ]\n  },\n"+
				"  \"event_name\" : \"PARK_PARKED\",\n  \"account_id\" : \"{A}\",\n  \"tier\" : \"gold\",\n  \"crm\" : \"7\",\n  \"cluster_id\" : \"{C}\"\n}"),
		{
			says:  "reseller hooks: one hook, the events of all sub-accounts",
			owner: reseller, hook: `"hook":"channel_create","include_subaccounts":true`,
			exchange: kapi.ExchangeCallEvents, key: "call.CHANNEL_CREATE.c1%40h", message: create,
			want: []string{formPost + created + "&cluster_id={C}"},
		},
	}
}

func ringing(event string) string { return call(event, `"From":"1@r","To":"2@r",`) }

// objectRows are the talk's account objects, created, edited and deleted, and what
// else the documentation lists.
func objectRows() []hookRow {
	kinds := []struct{ says, kind, db string }{
		{"accounts", "account", "{DB}"},
		{"callflows", "callflow", "{DB}"},
		{"devices", "device", "{DB}"},
		{"fax boxes", "faxbox", "{DB}"},
		{"media (music on hold, IVR, voicemails)", "media", "{DB}"},
		{"users", "user", "{DB}"},
		{"voicemail boxes", "vmbox", "{DB}"},
		{"faxes", "fax", "{MODB}"},
		{"voicemail messages", "mailbox_message", "{MODB}"},
		{"recordings", "call_recording", "{MODB}"},
	}
	var rows []hookRow
	for _, kind := range kinds {
		for _, action := range []string{"created", "edited", "deleted"} {
			rows = append(rows, hookRow{
				says:     "account objects: " + kind.says + ", " + action,
				hook:     `"hook":"object","custom_data":{"type":"` + kind.kind + `","action":"doc_` + action + `"}`,
				exchange: kapi.ExchangeConfiguration, key: "doc_" + action + "." + kind.db + "." + kind.kind + ".d1",
				message: change("doc_"+action, kind.db, kind.kind, "d1"),
				want:    []string{formPost + "id=d1&account_id={A}&action=doc_" + action + "&type=" + kind.kind + "&cluster_id={C}"},
			})
		}
	}
	all := func(says, key, message, want string) hookRow {
		return hookRow{
			says: says, hook: `"hook":"object","custom_data":{"type":"all","action":"all"}`,
			exchange: kapi.ExchangeConfiguration, key: key, message: message, want: []string{formPost + want},
		}
	}
	return append(
		rows,
		all("objects of any type", "doc_created.{DB}.parked_call.p1", change("doc_created", "{DB}", "parked_call", "p1"),
			"id=p1&account_id={A}&action=doc_created&type=parked_call&cluster_id={C}"),
		all("a change in the database of accounts is the account's", "doc_edited.accounts.account.{A}", change("doc_edited", "accounts", "account", "{A}"),
			"id={A}&account_id={A}&action=doc_edited&type=account&cluster_id={C}"),
		all("a database that was made", "db_created.{DB}.database.x", change("db_created", "{DB}", "database", "{DB}"),
			"id="+strings.ReplaceAll(kapi.AccountDB(acme), "%", "%25")+"&account_id={A}&action=db_created&type=database&cluster_id={C}"),
	)
}

func change(name, db, kind, id string) string {
	return `{"ID":"` + id + `","Database":"` + db + `","Type":"` + kind + `","Rev":"1-a","Is-Soft-Deleted":false,"Msg-ID":"m",` +
		`"Event-Name":"` + name + `","Event-Category":"configuration","App-Version":"4.0.0","App-Name":"datamgr"}`
}

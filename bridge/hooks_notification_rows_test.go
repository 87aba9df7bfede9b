package bridge_test

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// fax is a fax notification; what it says of the transmission stands in Fax-Info.
func fax(name, more string) string {
	return `{"Account-ID":"{A}",` + more + `"Fax-Info":{"Fax-Success":true,"Fax-Total-Pages":2},` +
		`"Fax-Notifications":{"email":{"send_to":["dana@acme.example.com"]}},"Node":"n","Msg-ID":"m","Event-Name":"` + name +
		`","Event-Category":"notification","App-Version":"4.0.0","App-Name":"fax"}`
}

// faxRows are the talk's faxes and custom webhooks from callflows: by the names that
// it has for them, and by today's.
func faxRows() []hookRow {
	const inbound = `"Fax-ID":"f1","From-Realm":"r","From-User":"1","To-Realm":"r","To-User":"2",`
	const outbound = `"Fax-ID":"f1","Fax-JobId":"j1","Callee-ID-Number":"2","Caller-ID-Number":"1",`
	row := func(says, hook, suffix, message string, want ...string) hookRow {
		return hookRow{
			says: says, hook: hook, exchange: kapi.ExchangeNotifications, key: "notifications." + suffix, message: message, want: want,
		}
	}
	in := func(name, hookEvent string) string {
		return formPost + "account_id={A}&fax_id=f1&from_realm=r&from_user=1&to_realm=r&to_user=2&event_name=" + name +
			"&fax_total_pages=2&fax_success=true" + hookEvent + "&cluster_id={C}"
	}
	out := func(name, hookEvent string) string {
		return formPost + "account_id={A}&fax_id=f1&fax_jobid=j1&callee_id_number=2&caller_id_number=1&event_name=" + name +
			"&fax_total_pages=2&fax_success=true" + hookEvent + "&cluster_id={C}"
	}
	const flow = `{"Data":{"Call-ID":"c1","caller_id_name":"Pat"},"Hook":{"_id":"63877472675","uri":"{URL}/flow?a=1","hook":"notifications",` +
		`"http_verb":"VERB","retries":2,"pvt_account_id":"{A}","custom_data":{"step":"ivr-sales"}},"Msg-ID":"m","Event-Name":"webhook",` +
		`"Event-Category":"notification","App-Version":"4.0.0","App-Name":"callflow"}`
	flowBy := func(verb string) string { return strings.Replace(flow, "VERB", verb, 1) }
	const flowText = "call_id=c1&caller_id_name=Pat&step=ivr-sales&cluster_id={C}"
	const flowPost = "POST /flow?a=1 application/x-www-form-urlencoded\n" + flowText
	return []hookRow{
		row("inbound faxes", `"hook":"inbound_fax"`, "fax.inbound", fax("inbound_fax", inbound), in("inbound_fax", "&hook_event=inbound_fax")),
		row("inbound faxes: their errors, too", `"hook":"inbound_fax"`, "fax.inbound_error", fax("inbound_fax_error", inbound),
			in("inbound_fax_error", "&hook_event=inbound_fax")),
		row("outbound faxes", `"hook":"outbound_fax"`, "fax.outbound", fax("outbound_fax", outbound), out("outbound_fax", "&hook_event=outbound_fax")),
		row("outbound faxes: their errors, too", `"hook":"outbound_fax"`, "fax.outbound_error", fax("outbound_fax_error", outbound),
			out("outbound_fax_error", "&hook_event=outbound_fax")),
		row("faxes by today's name", `"hook":"notifications","custom_data":{"type":"inbound_fax"}`, "fax.inbound", fax("inbound_fax", inbound),
			formPost+"account_id={A}&fax_id=f1&from_realm=r&from_user=1&to_realm=r&to_user=2&fax_info[fax_success]=true&fax_info[fax_total_pages]=2"+
				"&fax_notifications[email][send_to][]=dana%40acme.example.com&node=n&msg_id=m&event_name=inbound_fax&event_category=notification"+
				"&app_version=4.0.0&app_name=fax&cluster_id={C}"),
		row("custom webhooks from callflows", "", "webhook.callflow", flowBy("post"), flowPost),
		row("custom webhooks from callflows, by GET", "", "webhook.callflow", flowBy("get"), "GET /flow?a=1?"+flowText),
		row("custom webhooks from callflows, seen by a hook for them", `"hook":"callflow","custom_data":{"seen":"1"}`, "webhook.callflow", flowBy("post"),
			flowPost, formPost+"call_id=c1&caller_id_name=Pat&hook_event=callflow&seen=1&cluster_id={C}"),
	}
}

// notificationRows have a message of each type that the notifications hook listens to,
// with the fields that the type requires.
func notificationRows() []hookRow {
	var rows []hookRow
	for _, n := range kapi.Notifications() {
		if !n.Hooked || n.Name == kapi.NotificationWebhook || n.Name == "cf_notification" { // the first brings its own hook, the second no hook can name
			continue
		}
		message, text := leastOf(n)
		rows = append(rows, hookRow{
			says: "notification " + n.Name, hook: `"hook":"notifications","custom_data":{"type":"` + n.Name + `","mine":"1"}`,
			exchange: kapi.ExchangeNotifications, key: n.Key(), message: message,
			want: []string{formPost + text + "&mine=1&cluster_id={C}"},
		})
	}
	at := slices.IndexFunc(kapi.Notifications(), func(n kapi.Notification) bool { return n.Name == "cf_notification" })
	n := kapi.Notifications()[at]
	message, text := leastOf(n)
	return append(rows, hookRow{
		says: "notifications of any type", hook: `"hook":"notifications","custom_data":{"type":"all"}`,
		exchange: kapi.ExchangeNotifications, key: n.Key(), message: message, want: []string{formPost + text + "&cluster_id={C}"},
	})
}

// leastOf is the least message of a type, and its form text.
func leastOf(n kapi.Notification) (message, text string) {
	var members, texts []string
	add := func(key, value, form string) {
		members = append(members, `"`+key+`":`+value)
		name := strings.ToLower(strings.ReplaceAll(key, "-", "_"))
		texts = append(texts, strings.ReplaceAll(form, "NAME", name))
	}
	add("Account-ID", `"{A}"`, "NAME={A}")
	for _, key := range n.Required {
		if key == "Account-ID" {
			continue
		}
		at := slices.IndexFunc(n.Rules, func(r kapi.Rule) bool { return r.Field == key })
		kind := kapi.KindAny
		if at >= 0 {
			kind = n.Rules[at].Kind
		}
		switch kind {
		case kapi.KindPositive:
			add(key, "63877472740", "NAME=63877472740")
		case kapi.KindObject:
			add(key, `{"Sub-Key":"v"}`, "NAME[sub_key]=v")
		case kapi.KindObjects:
			add(key, `[{"Item-ID":"i"}]`, "NAME[]=%7B%22item_id%22%3A%22i%22%7D")
		case kapi.KindItems:
			add(key, `["a b"]`, "NAME[]=a+b")
		default:
			add(key, `"a b"`, "NAME=a+b")
		}
	}
	for _, member := range [][2]string{
		{"Msg-ID", "m"}, {"Event-Name", n.Name}, {"Event-Category", "notification"}, {"App-Version", "4.0.0"}, {"App-Name", "x"},
	} {
		add(member[0], `"`+member[1]+`"`, "NAME="+member[1])
	}
	return "{" + strings.Join(members, ",") + "}", strings.Join(texts, "&")
}

// otherRows are text messages, and hooks for everything.
func otherRows() []hookRow {
	text := func(category string) string {
		return `{"Charges":"1.50","Route-Type":"offnet","Account-ID":"{A}","To":"+14155550100","From":"+12125550199","Body":"running late",` +
			`"Message-ID":"t1","Msg-ID":"m","Event-Name":"inbound","Event-Category":"` + category + `","App-Version":"1.0","App-Name":"im"}`
	}
	sent := func(category string) string {
		return formPost + "id=t1&account_id={A}&type=" + category + "&from=%2B12125550199&to=%2B14155550100&body=running+late&origin=offnet&charges=1.5&cluster_id={C}"
	}
	return []hookRow{
		{
			says: "a text message arrives", hook: `"hook":"sms"`,
			exchange: kapi.ExchangeMessages, key: "sms.inbound.offnet.t1", message: text("sms"), want: []string{sent("sms")},
		},
		{
			says: "a multimedia message arrives, packed as Kazoo packs it", hook: `"hook":"mms"`, gzip: true,
			exchange: kapi.ExchangeMessages, key: "mms.inbound.offnet.t1", message: text("mms"), want: []string{sent("mms")},
		},
		{
			says: "all: a text message", hook: `"hook":"all"`,
			exchange: kapi.ExchangeMessages, key: "sms.inbound.offnet.t1", message: text("sms"), want: []string{sent("sms")},
		},
		{
			says: "all: a change", hook: `"hook":"all"`,
			exchange: kapi.ExchangeConfiguration, key: "doc_edited.{DB}.user.u1", message: change("doc_edited", "{DB}", "user", "u1"),
			want: []string{formPost + "id=u1&account_id={A}&action=doc_edited&type=user&cluster_id={C}"},
		},
		{
			says: "all: a parked call", hook: `"hook":"all","http_verb":"get"`,
			exchange: kapi.ExchangeCallEvents, key: "call.PARK_PARKED.c1",
			message: `{"Call-ID":"c1","Custom-Channel-Vars":{"Account-ID":"{A}"},"Msg-ID":"m","Event-Name":"PARK_PARKED","Event-Category":"call_event","App-Version":"4","App-Name":"c"}`,
			want:    []string{"GET /hook?call_id=c1&event_name=PARK_PARKED&account_id={A}&cluster_id={C}"},
		},
		{
			says: "all: a notification, once, though old hooks take it as well", hook: `"hook":"all"`,
			exchange: kapi.ExchangeNotifications, key: "notifications.fax.inbound_error",
			message: `{"Account-ID":"{A}","From-Realm":"r","From-User":"1","To-Realm":"r","To-User":"2","Msg-ID":"m","Event-Name":"inbound_fax_error",` +
				`"Event-Category":"notification","App-Version":"4","App-Name":"fax"}`,
			want: []string{formPost + "account_id={A}&from_realm=r&from_user=1&to_realm=r&to_user=2&msg_id=m&event_name=inbound_fax_error" +
				"&event_category=notification&app_version=4&app_name=fax&cluster_id={C}"},
		},
	}
}

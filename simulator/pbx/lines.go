package pbx

import "github.com/kazoolab/kazoolab/bridge/kapi"

// presenceKinds are the states of lines and voicemail boxes, as phones' lamps show
// them, and the requests for them.
func presenceKinds() []Kind {
	kind := func(name, event, about string, by origin, fields string) Kind {
		return Kind{
			Name: name, About: about, at: phaseRinging,
			category: kapi.CategoryPresence, event: event, by: by, fields: fields,
		}
	}
	const line = `"Call-ID": "{call_id}", "Presence-ID": "{extension}@{realm}", "From": "sip:{extension}@{realm}",
		"From-User": "{extension}", "From-Realm": "{realm}", "From-Tag": "{from_tag}", "To": "sip:{caller_number}@{realm}",
		"To-User": "{caller_number}", "To-Realm": "{realm}", "Switch-URI": "{switch_uri}", "Event-Package": "dialog", "State": "early"`
	const who = `"Realm": "{realm}", "Username": "{extension}"`
	ecallmgr, proxy, asked := origin{"ecallmgr", direct}, origin{"kamailio", direct}, origin{"crossbar", cast}
	return []Kind{
		kind("dialog_update", "dialog_update", "a line rings", ecallmgr,
			"{"+line+`, "Direction": "recipient", "Expires": 0, "To-URI": "sip:{extension}@{realm}"}`),
		kind("presence_update", "update", "a line's state, of a call or none", ecallmgr, "{"+line+`, "Call-Direction": "inbound"}`),
		kind("mwi_update", "mwi_update", "a voicemail box has new messages", origin{"callflow", cast}, "").on((*scene).lamp),
		kind("mwi_unsolicited_update", "mwi_unsolicited_update", "the same, for phones that did not ask", origin{"callflow", cast}, "").on((*scene).lamp),
		kind("mwi_query", "mwi_query", "a phone asks for its voicemail box", proxy, "{"+who+`, "Call-ID": "{hex32}"}`),
		kind("probe", "probe", "a phone asks for a line's state", proxy, "{"+who+`, "Event-Package": "dialog", "From-User": "{device_user}",
			"From-Realm": "{realm}", "To-User": "{extension}", "To-Realm": "{realm}", "Expires": 3600, "Call-ID": "{hex32}"}`),
		kind("subscription", "subscription", "a phone wants to follow a line", proxy, `{"User": "sip:{extension}@{realm}",
			"From": "sip:{device_user}@{realm}", "Expires": 3600, "Event-Package": "dialog", "Call-ID": "{hex32}", "From-Tag": "{from_tag}",
			"Contact": "sip:{device_user}@{phone}:{phone_port}"}`),
		kind("presence_search_req", "search_req", "who follows a line?", asked, "{"+who+"}"),
		kind("presence_reset", "reset", "a line's state is to be forgotten", asked, "{"+who+"}"),
		kind("register_overwrite", "register_overwrite", "another phone registers in place of the first", ecallmgr,
			"{"+who+`, "Contact": "sip:{device_user}@{phone}:{phone_port}", "Previous-Contact": "sip:{device_user}@{phone}:5060"}`),
		kind("presence_sync", "sync", "all states are to be told anew", proxy, `{"Action": "Request", "Event-Package": "dialog"}`),
		kind("presence_flush", "flush", "all states are to be forgotten", asked, `{"Type": "all"}`),
	}
}

// registrarKinds come from the SIP proxy. The register and deregister
// notifications follow from them.
func registrarKinds() []Kind {
	kind := func(name, about, app, fields string) Kind {
		return Kind{
			Name: name, About: about,
			category: kapi.CategoryDirectory, event: name, by: origin{app, direct}, fields: fields,
		}
	}
	return []Kind{
		kind("reg_success", "a phone registered, or registered again", "kamailio",
			`{"Contact": "<sip:{device_user}@{phone}:{phone_port}>", "Source-IP": "{phone}", "Source-Port": "{phone_port}",
				"Proxy-IP": "{public}", "Proxy-Port": "5060", "Proxy-Protocol": "udp", "Proxy-Path": "sip:{public}:5060",
				"Original-Contact": "sip:{device_user}@{phone}:{phone_port}", "AOR": "{device_user}@{realm}", "RUID": "uloc-{hex8}",
				"Registrar-Node": "kamailio@{proxy}", "Status": "Registered(UDP)", "First-Registration": true,
				"Custom-Channel-Vars": {"Account-ID": "{account_id}", "Authorizing-ID": "{device_id}", "Authorizing-Type": "device",
					"Owner-ID": "{owner_id}", "Realm": "{realm}", "Username": "{device_user}"}}`).on((*scene).registration),
		kind("reg_query", "who is registered?", "crossbar", `{"Realm": "{realm}", "Username": "{device_user}"}`),
		kind("reg_flush", "a registration is to be forgotten", "crossbar", `{"Realm": "{realm}", "Username": "{device_user}"}`),
		kind("reg_sync", "all registrations are to be told anew", "ecallmgr", `{}`),
	}
}

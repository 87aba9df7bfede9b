package pbx

import "github.com/kazoolab/kazoolab/bridge/kapi"

// textKinds are text messages. Hooks hear what came from a carrier.
func textKinds() []Kind {
	const in = `{"Message-ID": "{hex32}", "Account-ID": "{account_id}", "From": "{caller_number}", "To": "{dialled}",
		"Route-Type": "offnet", "Route-ID": "{resource_id}", "Body": "running late"}`
	const out = `{"Message-ID": "{hex32}", "Account-ID": "{account_id}", "From": "{dialled}", "To": "{caller_number}",
		"Route-Type": "offnet", "Route-ID": "{resource_id}", "Application-ID": "crossbar", "Body": "see you at nine"}`
	kind := func(category, event, about, fields string) Kind {
		k := Kind{
			Name: category + "_" + event, About: about,
			category: category, event: event, by: origin{"im_" + event, cast}, fields: fields,
		}
		if event == "inbound" {
			k.Hook = category
		}
		return k
	}
	return []Kind{
		kind(kapi.CategorySMS, "inbound", "a text message came", in),
		kind(kapi.CategoryMMS, "inbound", "a multimedia message came", in),
		kind(kapi.CategorySMS, "outbound", "a text message is to be sent", out),
		kind(kapi.CategoryMMS, "outbound", "a multimedia message is to be sent", out),
	}
}

package judge

import "strings"

// textKinds are SMS and MMS (kapi_im).
func textKinds() []kind {
	const inbound = "Custom-Vars:o! Custom-SIP-Headers:o Request:s! Account-ID Route-Type:r! System-ID:s! Route-ID Transaction-ID Charges:*"
	var all []kind
	for category := range strings.FieldsSeq("sms mms") {
		in := kind{
			topic: "text", category: category, names: []string{"inbound"}, exchange: "im", source: "kapi_im:inbound_definition/0",
			required: "Message-ID:s! Body:s! From:s! To:s!", optional: inbound, deep: true, zipped: category == "mms",
			key: textKey("Route-Type"), keySource: "kapi_im:publish_inbound/1, kz_amqp_util:encode/1",
		}
		out := in
		out.names, out.source, out.keySource = []string{"outbound"}, "kapi_im:outbound_definition/0", "kapi_im:publish_outbound/1, kz_amqp_util:encode/1"
		out.key, out.loose = textKey("Route-ID"), true
		out.optional += " Application-ID Originator-Properties:* Target-Properties:* Originator-Flags:* Target-Flags:* Endpoints:l"
		all = append(all, in, out)
	}
	return all
}

// textKey has the route in lower case, where there is one.
func textKey(route string) func(fields) string {
	return func(f fields) string {
		key := f.text("Event-Category") + "." + f.text("Event-Name")
		if r := f.text(route); r != "" {
			key += "." + encode(strings.ToLower(r))
		}
		return key + "." + encode(f.text("Message-ID"))
	}
}

package judge

import "strings"

// registrarKinds are registrations as the SIP proxy tells them (kapi_registration).
func registrarKinds() []kind {
	const success = `Account-DB AOR Authorizing-ID Custom-Channel-Vars:o First-Registration:* FreeSWITCH-Hostname FreeSWITCH-Nodename
		From-Host From-User Account-ID Call-ID Network-IP Network-Port:* Original-Contact Presence-Hosts:* Profile-Name Proxy-IP
		Proxy-Path Proxy-Port:* Proxy-Protocol Register-Overwrite-Notify:* Registrar-Node RPid:* RUID Source-IP Source-Port:* Status:*
		Suppress-Unregister-Notify:* To-Host To-User User-Agent`
	kinds := []kind{{
		topic: "registration", category: "directory", names: []string{"reg_success"}, exchange: "registrar", source: "kapi_registration:success_definition/0",
		required: "Contact Event-Timestamp:* Expires:* Realm Username", optional: success, deep: true,
		key: func(f fields) string {
			return "registration.success." + encode(f.text("Realm")) + "." + encode(f.text("Username"))
		},
		keySource: "kapi_registration:publish_success/1, kz_amqp_util:encode/1",
		rules:     map[string]string{"value": "kapi_registration:success_definition/0"},
		check: func(l *look) {
			for _, field := range []string{"Expires", "Event-Timestamp"} {
				if l.body.has(field) {
					n, ok := l.body.int(field)
					l.must(ok && n >= 0, "value", field, "seconds")
				}
			}
		},
	}}
	for name := range strings.FieldsSeq("reg_query reg_flush reg_sync") {
		kinds = append(kinds, kind{
			topic: "registration-request", category: "directory", names: []string{name}, exchange: "registrar", source: "kapi_registration", open: true, deep: true,
		})
	}
	return kinds
}

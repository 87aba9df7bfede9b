package judge

// applicationKinds are what applications and REST ask of each other and of the switch:
// metaflows, websockets, Pivot, faxes to receive, commands to calls.
func applicationKinds() []kind {
	metaflow := func(name, required, optional string, key func(fields) string) kind {
		return kind{
			topic: "metaflow", category: "metaflow", names: []string{name}, exchange: "metaflow", source: "kapi_metaflow:" + name + "_definition/0",
			required: required, optional: optional, deep: name != "flow", key: key, keySource: "kapi_metaflow, kz_amqp_util:encode/1", msgID: always(formShort),
			rules: map[string]string{"value": "kapi_metaflow:" + name + "_definition/0"},
		}
	}
	flow := metaflow("flow", "Flow:o! Call-ID", "", func(f fields) string { return "metaflow.flow." + encode(f.text("Call-ID")) })
	action := metaflow("action", "Action Call-ID", "Data:*", func(f fields) string { return "metaflow.action." + encode(f.text("Call-ID")) + "." + f.text("Action") })
	action.check = func(l *look) {
		l.oneOf("value", "Action", "audio_level break callflow hangup hold intercept move park play record_call resume say transfer tts unpark")
	}
	ask := metaflow("bind_req", "Account-ID", "Authorizing-ID Authorizing-Type Binding-Leg Call-ID CallFlow-ID Resource-ID",
		func(f fields) string { return "metaflow.bind_req." + encode(f.text("Account-ID")) })
	bind := metaflow("bind", "", "Call Call-ID Endpoint-ID Binding-Digit Digit-Timeout Listen-On Numbers Patterns", nil)
	bind.open = true

	other := func(topic, category, name, exchange, source, required, optional string) kind {
		return kind{
			topic: topic, category: category, names: []string{name}, exchange: exchange, source: source, required: required, optional: optional,
			deep: true, keySource: source,
		}
	}
	pivot := other("pivot", "dialplan", "pivot_req", "callmgr", "kapi_pivot:req_definition/0", "Call:o! Voice-URI",
		"CDR-URI Request-Format Request-Body-Format Request-Timeout:* HTTP-Method Debug:*")
	pivot.loose = true
	pivot.key = func(f fields) string { return "pivot.req." + encode(f.get("Call").fields.text("From-Realm")) }
	fax := other("fax-request", "dialplan", "fax_req", "callmgr", "kapi_fax:req_definition/0", "Call:o Action", "Owner-ID FaxBox-ID Fax-T38-Option:*")
	fax.loose = true
	fax.key = func(fields) string { return "fax.req" }
	fax.rules = map[string]string{"value": "kapi_fax:req_definition/0"}
	fax.check = func(l *look) { l.oneOf("value", "Action", "receive transmit") }
	command := other("call-command", "call", "command", "callctl", "kapi_dialplan", "Application-Name Call-ID", "")
	command.open = true
	sockets := other("sockets", "websockets", "get_req", "sysconf", "kapi_websockets:get_req_definition/0", "Account-ID", "Auth-Account-ID Socket-ID")
	sockets.asked = true
	sockets.key = func(fields) string { return "websockets.get" }
	answer := other("sockets-answer", "websockets", "get_resp", "targeted", "kapi_websockets:get_resp_definition/0", "", "Data:*")
	answer.deep = false
	module := other("sockets-module", "websockets", "module_req", "kapps", "kapi_websockets:module_req_definition/0", "Module Action", "Persist:b")
	module.key = func(fields) string { return "ws.module_req" }
	module.rules = map[string]string{"value": "kapi_websockets:module_req_definition/0"}
	module.check = func(l *look) { l.oneOf("value", "Action", "start stop") }
	return []kind{flow, action, ask, bind, pivot, fax, routeKind(), command, sockets, answer, module}
}

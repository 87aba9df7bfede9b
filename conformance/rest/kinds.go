package rest

import "github.com/kazoolab/kazoolab/conformance/suite"

// particular is about what single kinds of document check besides their schema.
func particular() suite.Group {
	return suite.Group{
		Name: "rest/particular", Title: "What single kinds of document check", Needs: []string{suite.Accounts},
		Do: exchange(
			put("ann", users, `{"data":{"first_name":"A","last_name":"N","username":"Ann","password":"word 1"}}`).keep("ann"), get("ann again", users+"/{ann}"),
			put("second ann", users, `{"data":{"first_name":"A","last_name":"N","username":"ann","password":"word 2"}}`),
			put("name without password", users, `{"data":{"first_name":"A","last_name":"N","username":"bob"}}`),
			put("password without name", users, `{"data":{"first_name":"A","last_name":"N","password":"word 3"}}`),
			put("unnamed", users, `{"data":{"first_name":"A","last_name":"N"}}`).keep("unnamed"), patch("password for unnamed", users+"/{unnamed}", `{"data":{"password":"word 4"}}`),
			put("device", devices, `{"data":{"name":"d","mac_address":"00:11:22:aa:BB:cc","sip":{"username":"dev","password":"secret"}}}`).keep("device"),
			put("same mac", devices, `{"data":{"name":"d","mac_address":"001122AABBCC"}}`), put("same sip", devices, `{"data":{"name":"d","sip":{"username":"DEV","password":"secret"}}}`),
			put("sip method", devices, `{"data":{"name":"d","sip":{"method":"x"}}}`), put("sip ip", devices, `{"data":{"name":"d","sip":{"method":"ip","ip":"1.2.3"}}}`),
			patch("device type", devices+"/{device}", `{"data":{"device_type":"cellphone"}}`), put("action required", devices+"/{device}", `{"data":{}}`),
			put("flow", callflows, `{"data":{"name":"first","numbers":["300"],"flow":{"module":"hangup","data":{}}}}`).keep("flow"), put("pattern", callflows, `{"data":{"patterns":["^9(.*)$"]}}`).keep("pattern"),
			put("same number", callflows, `{"data":{"numbers":["300"]}}`), put("same pattern", callflows, `{"data":{"patterns":["^9(.*)$"]}}`), put("no numbers", callflows, `{"data":{"numbers":[]}}`),
			put("numbers no list", callflows, `{"data":{"numbers":"301"}}`), put("numbers with a 5", callflows, `{"data":{"numbers":[5]}}`), put("bad pattern", callflows, `{"data":{"patterns":["("]}}`),
			put("unknown module", callflows, `{"data":{"numbers":["302"],"flow":{"module":"nope","data":{}}}}`), put("no module", callflows, `{"data":{"numbers":["303"],"flow":{}}}`),
			put("unknown child", callflows, `{"data":{"numbers":["304"],"flow":{"module":"menu","data":{"id":"x"},"children":{"2":{"module":"nope","data":{}}}}}}`),
			put("module's schema", callflows, `{"data":{"numbers":["305"],"flow":{"module":"user","data":{"timeout":"x"}}}}`), put("flow not needed", callflows, `{"data":{"numbers":["306"]}}`),
			put("box", vmboxes, `{"data":{"name":"b","mailbox":"0500"}}`).keep("box"), put("same box", vmboxes, `{"data":{"name":"b","mailbox":"500"}}`),
			put("conference", conferences, `{"data":{"name":"c","conference_numbers":["700"]}}`), put("same conference", conferences, `{"data":{"name":"c","conference_numbers":["700"]}}`),
			put("faxbox", "/v2/accounts/{account}/faxboxes", `{"data":{"name":"f","custom_smtp_email_address":"{account}@fax.example.com"}}`),
			put("same faxbox", "/v2/accounts/{account}/faxboxes", `{"data":{"name":"f","custom_smtp_email_address":"{account}@fax.example.com"}}`),
			put("click", "/v2/accounts/{account}/clicktocall", `{"data":{"name":"c","extension":"300"}}`).keep("click"), put("no click", "/v2/accounts/{account}/clicktocall", `{"data":{}}`),
		),
		Requirements: append(peopleRequirements(), flowRequirements()...),
	}
}

const checks = "crossbar.md 9; "

func peopleRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-OBJ-015", Text: "A username MUST be unique within its account, whatever its capitals.",
			Source: checks + "kzd_users:validate/3", Judge: answers(
				answered("ann", "201").member("data.username", `"ann"`),
				answered("second ann", "400").json(invalid(`{"username":{"unique":{"message":"Username must be unique within account","cause":"ann"}}}`))),
		},
		{
			ID: "CB-OBJ-016", Text: "A username without a password MUST be 400, password, required, and a new password of a user without a name username, required.",
			Source: checks + "kzd_users:validate/3", Judge: answers(
				answered("name without password", "400").json(invalid(`{"password":{"required":{"message":"The password must be provided when creating / updating the user name","cause":"bob"}}}`)),
				answered("password for unnamed", "400").member("data.username.required.message", `"The username must be provided when updating the password"`)),
		},
		{
			ID: "CB-OBJ-017", Text: "A password MUST NOT be stored or shown, and one without a username makes a username.",
			Source: checks + "kzd_users:validate/3", Judge: func(j *suite.Judging) {
				answered("ann", "201").member("data.password", "").judge(j)
				answered("ann again", "200").member("data.password", "").member("data.pvt_md5_auth", "").member("data.username", `"ann"`).judge(j)
				if answer, ok := j.Status("password without name", "201"); ok {
					j.Contains("made username", `"username":"user_`, string(answer.Body), answer)
				}
			},
		},
		{
			ID: "CB-OBJ-018", Text: "The hardware address and the SIP username of a device MUST be unique within the account.",
			Source: checks + "kzd_devices:validate/3", Judge: answers(
				answered("device", "201").member("data.mac_address", `"001122aabbcc"`),
				answered("same mac", "400").member("data.mac_address.unique.message", `"MAC address already in use"`),
				answered("same sip", "400").member("data.sip\\.username.unique.message", `"SIP credentials already in use"`)),
		},
		{
			ID: "CB-OBJ-019", Text: "The SIP method MUST be password or ip, with an IPv4 address for ip.",
			Source: checks + "kzd_devices:validate/3", Judge: answers(
				answered("sip method", "400").member("data.sip\\.method.enum.message", `"SIP authentication method is invalid"`),
				answered("sip ip", "400").member("data.sip\\.ip.type.message", `"Must be a valid IPv4 RFC 791"`)),
		},
		{
			ID: "CB-OBJ-020", Text: "The type of a device MUST NOT be changed by who is no superduper admin.",
			Source: checks + "kzd_devices:validate/3", Judge: answers(
				answered("device type", "400").member("data.device_type.invalid.message", `"Not authorized to change type of device"`)),
		},
		{
			ID: "CB-OBJ-021", Text: "A mailbox MUST be unique within the account, compared as a number.",
			Source: checks + "cb_vmboxes", Judge: answers(
				answered("box", "201"), answered("same box", "400").member("data.mailbox.unique.message", `"Invalid mailbox number or already exists"`)),
		},
		{
			ID: "CB-OBJ-022", Text: "The numbers of a conference MUST be unique within the account, and the mail address of a faxbox everywhere.",
			Source: checks + "cb_conferences; cb_faxboxes", Judge: func(j *suite.Judging) {
				answered("conference", "201").judge(j)
				if answer, ok := j.Status("same conference", "400"); ok {
					j.Contains("what is wrong", `"unique"`, string(answer.Body), answer)
				}
				answered("faxbox", "201").judge(j)
				answered("same faxbox", "400").member("data.custom_smtp_email_address.unique.message", `"email address must be unique"`).judge(j)
			},
		},
	}
}

func flowRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-OBJ-023", Text: "A callflow MUST have a number or a pattern, and needs no flow.",
			Source: checks + "cb_callflows; crossbar vectors callflows numbers", Judge: answers(
				answered("no numbers", "400").json(invalid(`{"numbers":{"required":{"message":"Callflows must be assigned at least one number or pattern"}}}`)),
				answered("numbers no list", "400").json(invalid(`{"numbers":{"type":{"message":"Value did not match type: array","target":"array","value":"301"}}}`)),
				answered("flow not needed", "201").member("data.numbers", `["306"]`).member("data.patterns", "[]").member("data.flow", "")),
		},
		{
			ID: "CB-OBJ-024", Text: "A number and a pattern MUST belong to one callflow of an account, and the error name that callflow.",
			Source: checks + "cb_callflows; crossbar vectors callflows numbers", Judge: answers(
				answered("same number", "400").json(invalid(`{"numbers":{"unique":{"message":"Number 300 exists in callflow {flow} first","cause":"300"}}}`)),
				answered("same pattern", "400").json(invalid(`{"patterns":{"unique":{"message":"Pattern ^9(.*)$ exists in callflow {pattern} {pattern}","cause":"^9(.*)$"}}}`))),
		},
		{
			ID: "CB-OBJ-025", Text: "A module of a flow that has no schema MUST be 400, with schema not found and the path of the module.",
			Source: checks + "kz_json_schema_extensions; crossbar vectors callflows numbers", Judge: answers(
				answered("unknown module", "400").json(invalid(`{"schema":{"schema":{"message":"schema not found","schema":"callflows.nope"}},`+
					`"flow.module":{"error":{"message":"unable to find callflow schema for module nope","value":"nope"}}}`)),
				answered("unknown child", "400").json(invalid(`{"schema":{"schema":{"message":"schema not found","schema":"callflows.nope"}},`+
					`"flow.children.2.module":{"error":{"message":"unable to find callflow schema for module nope","value":"nope"}}}`)),
				answered("no module", "400").json(invalid("{"+required("flow.module")+"}"))),
		},
		{
			ID: "CB-OBJ-026", Text: "The data of a flow MUST be checked by the schema of its module.",
			Source: checks + "kz_json_schema_extensions; crossbar vectors callflows numbers", Judge: answers(
				answered("module's schema", "400").json(invalid(`{"flow.data.timeout":{"type":{"message":"Value did not match type(s): integer","target":"integer","value":"x"}}}`))),
		},
		{
			ID: "CB-OBJ-027", Text: "A pattern that is no regular expression MUST pass, and a number that is no string be refused with 400 or 500.",
			Source: checks + "cb_callflows; crossbar vectors callflows numbers", Judge: func(j *suite.Judging) {
				answered("bad pattern", "201").judge(j)
				if answer, found := j.Answer("numbers with a 5"); !found || answer.Head != "400" && answer.Head != "500" {
					j.Fail("a number that is no string was not refused", answer)
				}
			},
		},
		{
			ID: "CB-OBJ-028", Text: "A click to call MUST have name and extension, and auth_required true by default.",
			Source: "crossbar.md 8.2; cb_clicktocall", Judge: answers(
				answered("click", "201").member("data.auth_required", "true").member("data.custom_application_vars", "{}"),
				answered("no click", "400").json(invalid("{"+required("extension")+","+required("name")+"}"))),
		},
	}
}

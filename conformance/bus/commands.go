package bus

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// commands is about what REST makes of commands to a call.
func commands() suite.Group {
	return suite.Group{
		Name: "bus/commands", Title: "Commands to calls", Needs: []string{suite.Accounts, suite.Bus},
		Do: doCommands,
		Requirements: []suite.Requirement{
			{
				ID: "AM-CMD-001", Text: "POST hangup and break MUST publish an action of that name with empty Data and answer 200 with \"<action> initiated\".",
				Source: "crossbar.md 6.3; crossbar.md 6.5; cb_channels:maybe_hangup/2",
				Judge: func(j *suite.Judging) {
					for _, action := range []string{"hangup", "break"} {
						judgeAction(j, action, action, `{}`)
					}
				},
			},
			{
				ID: "AM-CMD-002", Text: "POST transfer MUST publish Data with target, transfer-type, which is blind unless it is given, and moh where it is given.",
				Source: "crossbar.md 6.3; crossbar.md 10; cb_channels:maybe_transfer/2",
				Judge: func(j *suite.Judging) {
					judgeAction(j, "transfer", "transfer", `{"target":"1002","transfer-type":"blind"}`)
					judgeAction(j, "transfer-more", "transfer", `{"target":"1002","transfer-type":"attended","moh":"silence"}`)
				},
			},
			{
				ID: "AM-CMD-003", Text: "POST callflow MUST publish Data with id, captures and collected as they are given, and no other parameter.",
				Source: "crossbar.md 6.3; cb_channels:maybe_callflow/2",
				Judge: func(j *suite.Judging) {
					judgeAction(j, "callflow", "callflow", `{"id":"c1","captures":["1002"],"collected":"7"}`)
				},
			},
			{
				ID: "AM-CMD-004", Text: "POST intercept MUST publish Data with target_type, target_id and unbridged_only as they are given.",
				Source: "crossbar.md 6.3; cb_channels:maybe_intercept/2",
				Judge: func(j *suite.Judging) {
					judgeAction(j, "intercept", "intercept", `{"target_type":"user","target_id":"u1","unbridged_only":true}`)
				},
			},
			{
				ID: "AM-CMD-005", Text: "An action MUST be published on the exchange metaflow with the key metaflow.action.<Call-ID>.<action> and the members Action, Call-ID and Data.",
				Source: "crossbar.md 6.5; amqp.md 18.2; kapi_metaflow:publish_action/2",
				Judge: func(j *suite.Judging) {
					if c, one := j.One("commands of hangup", commandsTo(j, "action", "hangup")); one {
						j.Equal("exchange and key", "metaflow metaflow.action."+j.Fact("hangup")+".hangup", c.Head, c)
						j.Equal("members", "Data Call-ID Action Node Msg-ID Event-Name Event-Category App-Version App-Name", lastMembers(c, 20), c)
						j.Equal("kind", "metaflow action", text(c, "Event-Category")+" "+text(c, "Event-Name"), c)
					}
				},
			},
			{
				ID: "AM-CMD-006", Text: "PUT metaflow MUST publish the flow on the exchange metaflow with the key metaflow.flow.<Call-ID> and the members Flow and Call-ID, and answer 201 with \"metaflow sent\".",
				Source: "crossbar.md 6.4; crossbar.md 6.5; kapi_metaflow:publish_flow/2",
				Judge: func(j *suite.Judging) {
					judgeSaid(j, "flow", "201", "metaflow sent")
					if c, one := j.One("flows", commandsTo(j, "flow", "flow")); one {
						j.Equal("exchange and key", "metaflow metaflow.flow."+j.Fact("flow"), c.Head, c)
						j.Equal("members", "Call-ID Flow Node Msg-ID Event-Name Event-Category App-Version App-Name", lastMembers(c, 20), c)
						j.EqualJSON("Flow", `{"module":"hangup","data":{}}`, []byte(gjson.GetBytes(c.Body, "Flow").Raw), c)
					}
				},
			},
			{
				ID: "AM-CMD-007", Text: "A flow without data MUST be published with data as an empty object, which is the default.",
				Source: "crossbar.md 6.4; kz_json_schema:add_defaults/2",
				Judge: func(j *suite.Judging) {
					if c, one := j.One("flows", commandsTo(j, "flow", "flow-bare")); one {
						j.EqualJSON("Flow", `{"module":"break","data":{}}`, []byte(gjson.GetBytes(c.Body, "Flow").Raw), c)
					}
				},
			},
			{
				ID: "AM-CMD-008", Text: "The action of a PUT MUST also be taken from data, where module stands beside it.",
				Source: "crossbar.md 6.4; cb_modules_util:get_request_action/1",
				Judge: func(j *suite.Judging) {
					judgeSaid(j, "flow-inside", "201", "metaflow sent")
					if c, one := j.One("flows", commandsTo(j, "flow", "flow-inside")); one {
						j.Equal("module", "hangup", gjson.GetBytes(c.Body, "Flow.module").Str, c)
					}
				},
			},
			{
				ID: "AM-CMD-009", Text: "A POST of another action, hold and park among them, MUST be answered with 400 and the message invalid data, and publish nothing.",
				Source: "crossbar.md 6.3; cb_channels:validate_channel/3",
				Judge: func(j *suite.Judging) {
					for _, step := range []string{"hold", "park", "no-action"} {
						judgeRefused(j, step, "400", "message", "invalid data")
						if a, ok := j.Answer(step); ok {
							j.Equal("data of "+step, "", gjson.GetBytes(a.Body, "data").Raw, a)
						}
					}
				},
			},
			{
				ID: "AM-CMD-010", Text: "A transfer of a channel without another leg MUST be refused with other_leg_call_id.required, one without a target with target.required.",
				Source: "crossbar.md 6.3; cb_channels:maybe_transfer/2",
				Judge: func(j *suite.Judging) {
					judgeRefused(j, "unbridged", "400", "data.other_leg_call_id.required.message", "Channel is not bridged")
					judgeRefused(j, "aimless", "400", "data.target.required.message", "No target destination specified")
				},
			},
			{
				ID: "AM-CMD-011", Text: "An intercept without target_type MUST be refused with target_type.required, one without target_id with target_id.required.",
				Source: "crossbar.md 6.3; cb_channels:maybe_intercept/2",
				Judge: func(j *suite.Judging) {
					judgeRefused(j, "typeless", "400", "data.target_type.required.message", "No target type specified")
					judgeRefused(j, "idless", "400", "data.target_id.required.message", "No target id specified")
				},
			},
			{
				ID: "AM-CMD-012", Text: "A metaflow with an unknown module MUST be refused with 400, and publish nothing.",
				Source: "crossbar.md 6.4; kzd_metaflows:validate/2",
				Judge: func(j *suite.Judging) {
					judgeRefused(j, "unknown-module", "400", `data.module.error.message`, "unable to find metaflow schema for module no_such")
				},
			},
			{
				ID: "AM-CMD-013", Text: "A command to a channel of another account MUST be answered with 404, the message bad identifier and the Call-ID in data, and publish nothing.",
				Source: "crossbar.md 6.2; crossbar.md 6.3; cb_channels:read/2",
				Judge: func(j *suite.Judging) {
					judgeRefused(j, "foreign", "404", "data.0", j.Fact("foreign"))
					judgeRefused(j, "foreign", "404", "message", "bad identifier")
				},
			},
			{
				ID: "AM-CMD-014", Text: "Every command MUST be preceded by the question for the channel, with its Call-ID, Fields all and Active-Only true.",
				Source: "crossbar.md 6.2; amqp.md 18.5; cb_channels:read/2",
				Judge: func(j *suite.Judging) {
					for _, c := range callCommands() {
						if q, one := j.One("questions before "+c.name, questions(j.View, asked, "query_channels_req", "Call-ID", j.Fact(c.name))); one {
							j.EqualJSON("the question", `{"Fields":"all","Active-Only":true}`, members(q, "Fields", "Active-Only"), q)
							for _, e := range questions(j.View, told, "", "Call-ID", j.Fact(c.name)) {
								if e.Seq < q.Seq {
									j.Fail("the command came before the question", e, q)
								}
							}
						}
					}
				},
			},
		},
	}
}

// callCommand is a request for a channel that the harness has, and what it has of it.
type callCommand struct{ name, method, body, has string }

func callCommands() []callCommand {
	return []callCommand{
		{"hangup", http.MethodPost, `{"data":{"action":"hangup"}}`, ""},
		{"break", http.MethodPost, `{"data":{"action":"break","target":"left out"}}`, ""},
		{"transfer", http.MethodPost, `{"data":{"action":"transfer","target":"1002","takeback_dtmf":"*1"}}`, bridged},
		{"transfer-more", http.MethodPost, `{"data":{"action":"transfer","target":"1002","transfer-type":"attended","moh":"silence"}}`, bridged},
		{"callflow", http.MethodPost, `{"data":{"action":"callflow","id":"c1","captures":["1002"],"collected":"7","flow":{}}}`, ""},
		{"intercept", http.MethodPost, `{"data":{"action":"intercept","target_type":"user","target_id":"u1","unbridged_only":true,"auto_answer":true}}`, ""},
		{"flow", http.MethodPut, `{"action":"metaflow","data":{"module":"hangup","data":{}}}`, ""},
		{"flow-bare", http.MethodPut, `{"action":"metaflow","data":{"module":"break"}}`, ""},
		{"flow-inside", http.MethodPut, `{"data":{"action":"metaflow","module":"hangup","data":{}}}`, ""},
		{"hold", http.MethodPost, `{"data":{"action":"hold"}}`, ""},
		{"park", http.MethodPost, `{"data":{"action":"park"}}`, ""},
		{"no-action", http.MethodPost, `{"data":{}}`, ""},
		{"unbridged", http.MethodPost, `{"data":{"action":"transfer","target":"1002"}}`, ""},
		{"aimless", http.MethodPost, `{"data":{"action":"transfer"}}`, bridged},
		{"typeless", http.MethodPost, `{"data":{"action":"intercept","target_id":"u1"}}`, ""},
		{"idless", http.MethodPost, `{"data":{"action":"intercept","target_type":"user"}}`, ""},
		{"unknown-module", http.MethodPut, `{"action":"metaflow","data":{"module":"no_such"}}`, ""},
		{"foreign", http.MethodPost, `{"data":{"action":"hangup"}}`, `"Account-ID":"00000000000000000000000000000000"`},
	}
}

// commandsTo are those that reached the call of a step, of one name.
func commandsTo(j *suite.Judging, name, step string) []capture.Entry {
	return questions(j.View, told, name, "Call-ID", j.Fact(step))
}

func judgeSaid(j *suite.Judging, step, code, data string) {
	if a, ok := j.Status(step, code); ok {
		j.Equal("data of "+step, data, gjson.GetBytes(a.Body, "data").Str, a)
	}
}

func judgeAction(j *suite.Judging, step, action, data string) {
	judgeSaid(j, step, "200", action+" initiated")
	if c, one := j.One("commands of "+step, commandsTo(j, "action", step)); one {
		j.Equal("Action", action, text(c, "Action"), c)
		j.EqualJSON("Data of "+step, data, []byte(gjson.GetBytes(c.Body, "Data").Raw), c)
	}
}

// judgeRefused wants an answer with an error, no command, and that others were published.
func judgeRefused(j *suite.Judging, step, code, path, value string) {
	if a, ok := j.Status(step, code); ok {
		j.Equal(path+" of "+step, value, gjson.GetBytes(a.Body, path).Str, a)
	}
	id := j.Fact(step)
	j.Count("commands of "+step, 0, j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == told && text(e, "Call-ID") == id
	}))
	if len(commandsTo(j, "action", "hangup")) == 0 {
		j.Fail("commands are not seen at all")
	}
}

func doCommands(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	for _, c := range callCommands() {
		var more []string
		owner := account.ID
		if other, is := strings.CutPrefix(c.has, `"Account-ID":`); is {
			owner = strings.Trim(other, `"`)
		} else if c.has != "" {
			more = append(more, c.has)
		}
		if err := commandTo(p, c.name, func(id string) error {
			return command(ctx, p, account, channelRequest{c.name, c.method, id, c.body}, channel(id, owner, more...))
		}); err != nil {
			return err
		}
	}
	p.Settle(ctx)
	return nil
}

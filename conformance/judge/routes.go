package judge

import (
	"cmp"
	"strings"
)

// routeKind is the question of ecallmgr who takes a call.
func routeKind() kind {
	return kind{
		topic: "route-request", category: "dialplan", names: []string{"route_req"}, exchange: "callmgr", source: "kapi_route:req_definition/0",
		required: "From Request To Call-ID", optional: `Call-Direction Caller-ID-Name Caller-ID-Number Custom-Channel-Vars:o
			Custom-SIP-Headers:o From-Network-Addr From-Network-Port Resource-Type Switch-Hostname Switch-Nodename Switch-URI Switch-URL User-Agent`,
		open: true, deep: true, app: "ecallmgr 5.0.0",
		key: func(f fields) string {
			key := "route.req." + encode(f.text("Resource-Type")) + "."
			if account := cmp.Or(f.text("Account-ID"), f.get("Custom-Channel-Vars").fields.text("Account-ID")); account != "" {
				return key + encode(account)
			}
			user, realm, _ := strings.Cut(f.text("From"), "@")
			return key + encode(realm) + "." + encode(user)
		},
		keySource: "kapi_route:publish_req/1, kz_amqp_util:encode/1",
		rules: map[string]string{
			"value":    "kapi_route:req_definition/0",
			"fetch-id": "ecallmgr_fs_router_util",
		},
		check: func(l *look) {
			f := l.body
			l.oneOf("value", "Resource-Type", "mms sms audio video chat metaflow")
			l.oneOf("value", "Call-Direction", "inbound outbound")
			for field := range strings.FieldsSeq(addresses) {
				l.form("value", field, isAddress, "user@host[:port], without sip:")
			}
			l.form("value", "Server-ID", func(s string) bool { return strings.HasPrefix(s, "pid://<") }, "pid://<process>/<queue>")
			if fetch := f.get("Custom-Channel-Vars").fields.text("Fetch-ID"); fetch != "" {
				l.must(f.text("Msg-ID") == fetch, "fetch-id", "Msg-ID", "Fetch-ID "+quote(fetch))
			}
		},
	}
}

// asked notes by which id somebody is looked for who takes a call.
func (j *Judge) asked(l *look) {
	if g := j.legs.live[l.body.text("Call-ID")]; g != nil {
		g.fetch = strings.Clone(l.body.text("Msg-ID"))
	}
}

// usurped: whoever controls a call now has been asked by that id. One of several ecallmgrs may
// have asked unseen.
func (j *Judge) usurped(l *look) {
	g := j.legs.live[l.body.text("Call-ID")]
	if g == nil || g.fetch == "" || l.body.text("Reason") != "Route-Win" || j.cfg.Ecallmgrs > 1 {
		return
	}
	if saw := l.body.text("Fetch-ID"); saw != g.fetch {
		j.finding("leg.fetch-id", j.count, "Fetch-ID", quote(saw), quote(g.fetch)+", the Msg-ID of the route_req")
	}
}

package control

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// query answers questions about channels (ecallmgr_fs_channels).
func (c *Control) query(request jobj.Object) {
	switch request.String("Event-Name") {
	case "channel_status_req":
		c.status(request)
	case "query_auth_id_req":
		auth := request.String("Auth-ID")
		c.list(request, "query_auth_id_resp", true, func(ch *pbx.Channel) bool { return ch.Named().String("Authorizing-ID") == auth })
	case "query_user_channels_req":
		realm, users := strings.ToLower(request.String("Realm")), usernames(request)
		c.list(request, "query_user_channels_resp", request.Bool(true, "Active-Only"), func(ch *pbx.Channel) bool {
			return (realm == "" || strings.ToLower(ch.Account().Realm) == realm) && slices.Contains(users, strings.ToLower(ch.Username()))
		})
	case "query_account_channels_req":
		account, users := request.String("Account-ID"), usernames(request)
		c.list(request, "query_account_channels_resp", false, func(ch *pbx.Channel) bool {
			return (account == "all" || ch.Account().ID == account) &&
				(len(users) == 0 || slices.Contains(users, strings.ToLower(ch.Username())))
		})
	case "query_channels_req":
		c.named(request)
	}
}

// usernames are those asked for; one wins over several.
func usernames(request jobj.Object) []string {
	if one := request.String("Username"); one != "" {
		return []string{strings.ToLower(one)}
	}
	value, _ := request.Get("Usernames")
	several, _ := value.([]any)
	var names []string
	for _, name := range several {
		if text, ok := name.(string); ok {
			names = append(names, strings.ToLower(text))
		}
	}
	return names
}

func (c *Control) status(request jobj.Object) {
	def := kapi.Definition{
		Category: kapi.CategoryCallEvent, Name: "channel_status_resp",
		Optional: strings.Fields(`Custom-Channel-Vars Custom-Application-Vars Error-Msg From-Tag Other-Leg-Call-ID Realm
			Switch-Hostname Switch-Nodename Switch-URL To-Tag Username`),
		Required: []string{"Call-ID", "Status"},
	}
	ch, ok := c.channel(request)
	switch {
	case ok:
		c.reply(request, def, ch.Status())
	case !request.Bool(false, "Active-Only"):
		c.reply(request, def, jobj.Object{
			{Key: "Call-ID", Value: request.String("Call-ID")},
			{Key: "Status", Value: "terminated"},
			{Key: "Error-Msg", Value: "no node found with channel"},
		})
	}
}

// list answers with the channels of a kind; activeOnly keeps silent where there are none.
func (c *Control) list(request jobj.Object, name string, activeOnly bool, which func(*pbx.Channel) bool) {
	found := []any{}
	for _, ch := range c.Core.Up() {
		if which(ch) {
			found = append(found, ch.Listed())
		}
	}
	if len(found) == 0 && activeOnly {
		return
	}
	c.reply(request, kapi.Definition{
		Category: kapi.CategoryCallEvent, Name: name, Required: []string{"Channels"},
	}, jobj.Object{{Key: "Channels", Value: found}})
}

// named answers with channels by their id: one, or all. Which fields are told is the
// asker's choice; without any each channel is empty.
func (c *Control) named(request jobj.Object) {
	channels := jobj.Object{}
	asked := request.String("Call-ID")
	for _, ch := range c.Core.Up() {
		if asked == "" || ch.CallID() == asked {
			channels = append(channels, jobj.Member{Key: ch.CallID(), Value: chosen(ch.Named(), request)})
		}
	}
	if len(channels) == 0 && request.Bool(false, "Active-Only") {
		return
	}
	c.reply(request, kapi.Definition{
		Category: kapi.CategoryCallEvent, Name: "query_channels_resp", Required: []string{"Channels"},
	}, jobj.Object{{Key: "Channels", Value: channels}})
}

func chosen(fields jobj.Object, request jobj.Object) jobj.Object {
	value, _ := request.Get("Fields")
	if value == "all" {
		return fields
	}
	some := jobj.Object{}
	names, _ := value.([]any)
	for _, m := range fields {
		if slices.Contains(names, any(m.Key)) {
			some = append(some, m)
		}
	}
	return some
}

package kapi

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// AccountChannelsQuery asks for the channels of an account, or of all with the
// Account-ID "all" (kapi_call:query_account_channels_req/1). Every switch answers,
// also that it has none.
func AccountChannelsQuery() Publication {
	return channelsQuery(Definition{
		Name:     "query_account_channels_req",
		Optional: []string{"Active-Only", "Username", "Usernames"},
		Required: []string{"Account-ID"},
		Rules: []Rule{
			{Field: "Active-Only", Kind: KindBoolean}, {Field: "Username", Kind: KindText}, {Field: "Usernames", Kind: KindList},
		},
	}, encoded("Account-ID"))
}

// UserChannelsQuery asks for the channels of devices, named by their user names in a
// realm (kapi_call:query_user_channels_req/1). A switch that has none answers only
// when Active-Only is false.
func UserChannelsQuery() Publication {
	return channelsQuery(Definition{
		Name:     "query_user_channels_req",
		Optional: []string{"Active-Only", "Authorizing-IDs", "Realm", "Username", "Usernames"},
		Rules: []Rule{
			{Field: "Active-Only", Kind: KindBoolean}, {Field: "Authorizing-IDs", Kind: KindList},
			{Field: "Username", Kind: KindText}, {Field: "Usernames", Kind: KindList},
		},
	}, Segment{Fields: []string{"Usernames"}, From: firstUser})
}

// ChannelQuery asks for one channel, or all, by its Call-ID
// (kapi_call:query_channels_req/1). With Active-Only only the switch that has it
// answers.
func ChannelQuery() Publication {
	return channelsQuery(Definition{
		Name:     "query_channels_req",
		Optional: []string{"Active-Only", "Call-ID", "Fields"},
		Rules:    []Rule{{Field: "Active-Only", Kind: KindBoolean}},
	}, literal("channels"))
}

func channelsQuery(d Definition, asked Segment) Publication {
	d.Category = CategoryCallEvent
	return Publication{
		Definition: d,
		Exchange:   ExchangeCallEvents,
		Address:    Address{literal("call.status_req"), asked},
	}
}

// firstUser is the word by which a query of users is routed: the first of them, in
// the realm.
func firstUser(fields jobj.Object) string {
	name := fields.String("Username")
	if list, _ := fields.Get("Usernames"); name == "" {
		if names, _ := list.([]any); len(names) > 0 {
			name, _ = names[0].(string)
		}
	}
	if name == "" {
		return ""
	}
	return name + ":" + fields.String("Realm")
}

// channelQueries are questions about channels.
func channelQueries() []Publication {
	return []Publication{AccountChannelsQuery(), UserChannelsQuery(), ChannelQuery()}
}

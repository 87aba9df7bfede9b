package crossbar

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// Types of the documents that channels belong to, besides users.
const (
	typeDevice = "device"
	typeGroup  = "group"
)

// everyAccount is the Account-ID of a question about all channels there are.
const everyAccount = "all"

// channelsFamily is cb_channels.
func (h *handler) channelsFamily() family {
	return family{name: "channels", clauses: []clause{
		{operations: []operation{
			{method: http.MethodGet, within: h.listChannels, bare: h.listAllChannels, superduper: true},
		}},
		{args: []string{"*"}, operations: []operation{
			{method: http.MethodGet, within: h.getChannel, bare: h.getChannel, superduper: true},
			{method: http.MethodPost, within: h.commandChannel, bare: h.commandChannel, superduper: true},
			{method: http.MethodPut, within: h.runMetaflow, bare: h.runMetaflow, superduper: true},
		}},
	}}
}

// listChannels shows the channels of an account, or of a user, a device or a group
// of it.
func (h *handler) listChannels(ctx context.Context, req *request) (outcome, error) {
	owner := req.route.nouns[1]
	if len(owner.args) != 1 {
		return outcome{}, faultyPath()
	}
	switch owner.name {
	case "accounts":
		return h.channelsOf(ctx, req, kapi.AccountChannelsQuery(), req.account.ID, nil)
	case "users":
		if _, err := h.load(ctx, kapi.AccountDB(req.account.ID), owner.args[0], store.TypeUser, req.account.ID); err != nil {
			return outcome{}, err
		}
		devices, err := h.devicesOf(ctx, req.account.ID, owner.args[0])
		if err != nil {
			return outcome{}, err
		}
		o, err := h.channelsOfDevices(ctx, req, devices)
		found := len(devices)
		o.found = &found
		return o, err
	case "devices":
		device, err := h.load(ctx, kapi.AccountDB(req.account.ID), owner.args[0], typeDevice, req.account.ID)
		if err != nil {
			return outcome{}, err
		}
		return h.channelsOfDevices(ctx, req, []store.Document{device})
	case "groups":
		devices, err := h.devicesOfGroup(ctx, req.account.ID, owner.args[0])
		if err != nil {
			return outcome{}, err
		}
		return h.channelsOfDevices(ctx, req, devices)
	}
	return outcome{}, faultyPath()
}

// faultyPath is crossbar_util:response_faulty_request/1.
func faultyPath() *fault {
	return &fault{status: http.StatusNotFound, message: "faulty request", data: jobj.Object{}}
}

// listAllChannels shows those of everybody (crossbar.channels.system_wide_channels_list).
func (h *handler) listAllChannels(ctx context.Context, req *request) (outcome, error) {
	return h.channelsOf(ctx, req, kapi.AccountChannelsQuery(), everyAccount, nil)
}

func (h *handler) channelsOfDevices(ctx context.Context, req *request, devices []store.Document) (outcome, error) {
	var names []string
	for _, device := range devices {
		if name := device.Body.String("sip", "username"); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return outcome{data: []any{}}, nil
	}
	slices.Sort(names)
	return h.channelsOf(ctx, req, kapi.UserChannelsQuery(), req.account.ID, slices.Compact(names))
}

// channelsOf asks the switches and merges what they answer. Without a switch there
// are no channels.
func (h *handler) channelsOf(ctx context.Context, req *request, kind kapi.Publication, accountID string, names []string) (outcome, error) {
	fields := jobj.Object{
		{Key: "Usernames", Value: list(names)},
		{Key: "Account-ID", Value: accountID},
		{Key: "Active-Only", Value: "false"},
		{Key: "Msg-ID", Value: req.messageID()},
	}
	if realm := req.account.Realm; realm != "" {
		fields = fields.Set("Realm", realm)
	}
	replies, err := h.ask(ctx, Question{Kind: kind, Fields: fields, Switches: true})
	if err != nil && !errors.Is(err, ErrUnheard) {
		return outcome{}, h.unreachable(ctx, req, "could not reach ecallmgr channels", err)
	}
	return outcome{data: mergedChannels(replies, accountID)}, nil
}

// mergedChannels are the channels that switches know, each once. One that is said to
// be of another account than was asked for is left out.
func mergedChannels(replies []jobj.Object, accountID string) []any {
	merged := []any{}
	place := map[string]int{}
	for _, reply := range replies {
		value, _ := reply.Get("Channels")
		channels, _ := value.([]any)
		for _, element := range channels {
			channel, ok := element.(jobj.Object)
			owner := channel.String("account_id")
			if !ok || owner != "" && owner != accountID && accountID != everyAccount {
				continue
			}
			uuid := channel.String("uuid")
			if i, known := place[uuid]; known {
				merged[i] = shownChannel(channel)
				continue
			}
			place[uuid] = len(merged)
			merged = append(merged, shownChannel(channel))
		}
	}
	return merged
}

// shownChannel is a channel without what only switches need (cb_channels:delete_keys/1).
func shownChannel(channel jobj.Object) jobj.Object {
	return channel.Delete("account_id", "bridge_id", "context", "dialplan", "handling_locally", "node", "precedence",
		"profile", "realm", "app_name", "app_version", "event_category", "event_name", "msg_id", "server_id",
		"switch_hostname", "switch_nodename", "switch_url", "media_node", "fetch_id")
}

// devicesOf are the devices that a user owns.
func (h *handler) devicesOf(ctx context.Context, accountID, userID string) ([]store.Document, error) {
	all, err := h.Store.List(ctx, store.Query{DB: kapi.AccountDB(accountID), Type: typeDevice, AccountID: accountID})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(device store.Document) bool { return device.Body.String("owner_id") != userID }), nil
}

// devicesOfGroup are the devices among a group's endpoints, and those of the users
// among them.
func (h *handler) devicesOfGroup(ctx context.Context, accountID, groupID string) ([]store.Document, error) {
	group, err := h.load(ctx, kapi.AccountDB(accountID), groupID, typeGroup, accountID)
	if err != nil {
		return nil, err
	}
	var devices []store.Document
	for _, m := range group.Body.Object("endpoints") {
		endpoint, _ := m.Value.(jobj.Object)
		switch endpoint.String("type") {
		case "user":
			theirs, err := h.devicesOf(ctx, accountID, m.Key)
			if err != nil {
				return nil, err
			}
			devices = append(devices, theirs...)
		case typeDevice:
			device, err := h.load(ctx, kapi.AccountDB(accountID), m.Key, typeDevice, accountID)
			if _, gone := errors.AsType[*fault](err); gone {
				continue
			}
			if err != nil {
				return nil, err
			}
			devices = append(devices, device)
		}
	}
	return devices, nil
}

func (h *handler) getChannel(ctx context.Context, req *request) (outcome, error) {
	channel, err := h.channel(ctx, req)
	return outcome{data: shownChannel(channel)}, err
}

// channel asks for the channel of the path, which must be of the path's account.
func (h *handler) channel(ctx context.Context, req *request) (jobj.Object, error) {
	id := req.arg(0)
	found := func(replies []jobj.Object) jobj.Object {
		for _, reply := range replies {
			if channel := reply.Object("Channels", id); channel != nil && req.account.ID != "" && channel.String("Account-ID") == req.account.ID {
				return channel
			}
		}
		return nil
	}
	replies, err := h.ask(ctx, Question{
		Kind:   kapi.ChannelQuery(),
		Fields: jobj.Object{{Key: "Call-ID", Value: id}, {Key: "Fields", Value: "all"}, {Key: "Active-Only", Value: true}},
		Enough: func(replies []jobj.Object) bool { return found(replies) != nil }, Switches: true,
	})
	if err != nil && !errors.Is(err, ErrUnheard) {
		h.Log.WarnContext(ctx, "channel not asked for", "request_id", req.id, "error", err)
	}
	if len(replies) == 0 {
		return nil, &fault{status: http.StatusServiceUnavailable, message: "datastore timeout", data: jobj.Object{}}
	}
	channel := found(replies)
	if channel == nil {
		return nil, unknownName(id)
	}
	return normalised(channel), nil
}

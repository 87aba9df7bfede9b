package bindings

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// callEvents are those that sockets can have (bh_call), in the order of the
// reference's list.
func callEvents() []string {
	return []string{
		kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelDestroy, "CHANNEL_HOLD", "CHANNEL_UNHOLD", kapi.ChannelBridge,
		kapi.ParkParked, kapi.ParkRetrieved, kapi.ParkAbandoned,
	}
}

// call is call.EVENT.CALL_ID. The bus names no account in the key of a call: every
// account's come, and are matched with a key that has it.
func (a Asker) call(words []string) ([]Entry, error) {
	if len(words) != 2 {
		return nil, badFormat("call", words)
	}
	events := words[:1]
	switch {
	case words[0] == "*":
		events = callEvents()
	case !slices.Contains(callEvents(), words[0]):
		return nil, refuse("event %s not supported", words[0])
	}
	entries := make([]Entry, len(events))
	for i, event := range events {
		entries[i] = Entry{
			Bind: kapi.CallEventBindings("*", event),
			Key:  strings.Join([]string{"call", a.AccountID, event, callWord(words[1])}, "."),
		}
	}
	return entries, nil
}

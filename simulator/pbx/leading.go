package pbx

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Lead has an application lead the channel, which stays up when the bridge that it is told to
// make next is over, or did not come about; over is told then. Whoever the call is routed to
// anew leads it from there.
func (ch *Channel) Lead(over func()) { ch.over = over }

// Led tells whether an application waits for the end of the channel's bridge.
func (ch *Channel) Led() bool { return ch.over != nil }

// Cause is why the channel has ended, "" before that.
func (ch *Channel) Cause() string { return ch.ending.cause }

// Runs notes which application the channel is in, of whose end is told if the channel ends before;
// "" is none.
func (ch *Channel) Runs(application string) { ch.running = application }

// Running is what Runs has noted.
func (ch *Channel) Running() string { return ch.running }

// Outcome is what came of the channel's last bridge: NORMAL_CLEARING, or why it failed; "" before
// the first.
func (ch *Channel) Outcome() string { return ch.outcome }

// Shows has the legs that are placed for the channel show a caller who is another than its own;
// what is empty stays the channel's.
func (ch *Channel) Shows(caller Party) { ch.shown = caller }

// SetVars sets variables as an application asks for: of the channel, of the call, which legs
// that are placed for it have too, and the application's own (ecallmgr's set). What the switch
// itself writes stays as it is, and so does what says whose the call is.
func (ch *Channel) SetVars(channel, call, application jobj.Object) {
	own := []string{
		"Fetch-ID", "Referred-To", "Referred-By", "Call-Interaction-ID", "Call-Interaction-Is-Root", "Presence-ID",
		"Privacy-Hide-Number", "Privacy-Hide-Name", "Account-ID", "Account-Realm", "Account-Name", "Realm", "Reseller-ID",
	}
	for _, set := range []struct {
		vars jobj.Object
		onto *jobj.Object
	}{{channel, &ch.vars}, {call, &ch.vars}, {call, &ch.exported}, {application, &ch.appVars}} {
		for _, m := range set.vars {
			if value := text(m.Value); value != "" && (set.onto == &ch.appVars || !slices.Contains(own, m.Key)) {
				*set.onto = set.onto.Set(m.Key, value)
			}
		}
	}
}

// text is a value as a variable of the switch holds it: all of them are text.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return string(jobj.Append(nil, value))
}
